//! Goose, which lets users of several kinds go through their steps: those that come once, and then the others in their order, again
//! and again. A step asks for requests of ours, and ends when they have.
//!
//! Its own client, metrics, reports, listeners and pauses are not used. It is stopped by dropping it: its users belong to the runtime
//! of their lane and end with that, so that no switch of the whole process is needed.

use super::untouched::untouched;
use crate::drive::Error;
use crate::workload::Stretch;
use futures_util::FutureExt;
use goose::client::GooseClientBuilder;
use goose::config::GooseConfiguration;
use goose::goose::{GooseUser, Scenario, Transaction, TransactionFunction};
use goose::metrics::GooseMetrics;
use goose::{GooseAttack, GooseError};
use std::collections::{BTreeMap, VecDeque};
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// Goose wants a host, which nobody asks.
const NOWHERE: &str = "http://nowhere.invalid/";

/// Users begin when their first step is due; until then they wait for it, so goose may start them all at once.
const AT_ONCE: &str = "1000000000";

/// A running attack: goose's word for a population of users.
pub(super) struct Attack(Execution);

type Execution = Pin<Box<dyn Future<Output = Result<GooseMetrics, GooseError>>>>;

/// Hears what one user of goose's asks for: for how many requests, or for all of the round.
pub(super) struct Asker {
    asks: mpsc::Receiver<Step>,
    /// What was heard and not yet taken.
    heard: Option<Step>,
}

/// For how many requests a user asks, or for all of the round.
#[derive(Debug, Clone, Copy)]
struct Step(Option<u32>);

/// The other end, which is the user's.
type Line = mpsc::Sender<Step>;

/// Users of one kind who have not yet made their first step.
type Waiting = Arc<Mutex<VecDeque<Line>>>;

impl Attack {
    /// Starts these users, each with the part that it is of and what it does in a round. Must be called in the runtime of a lane.
    ///
    /// # Errors
    /// [`Error::Users`] when goose refuses them.
    pub(super) fn of(
        users: impl Iterator<Item = (u32, (Option<usize>, Vec<Stretch>))>,
    ) -> Result<(Self, Vec<(u32, Asker)>), Error> {
        let mut kinds = BTreeMap::new();
        let mut askers = Vec::new();
        for (user, (part, round)) in users {
            let (line, asks) = mpsc::channel(1);
            askers.push((user, Asker { asks, heard: None }));
            let (_, lines) = kinds.entry(part).or_insert((round, VecDeque::new()));
            lines.push_back(line);
        }
        let refused = |error: GooseError| Error::Users(error.to_string());
        let attack = attack(askers.len(), kinds.into_values()).map_err(refused)?;
        let mut execution: Execution = Box::pin(attack.execute());
        // What goose does to the process it does before it waits for anything.
        match untouched(|| (&mut execution).now_or_never()) {
            Some(ended) => Err(Error::Users(why(ended))),
            None => Ok((Self(execution), askers)),
        }
    }

    /// Lets it go on. Says why it ended, which it does not by itself.
    pub(super) async fn goes_on(&mut self) -> Error {
        Error::Users(why((&mut self.0).await))
    }
}

impl Asker {
    /// Waits until the next step is known.
    ///
    /// # Errors
    /// [`Error::Users`] when the user is no more.
    pub(super) async fn ready(&mut self) -> Result<(), Error> {
        if self.heard.is_none() {
            self.heard = self.asks.recv().await;
        }
        match self.heard {
            Some(_) => Ok(()),
            None => Err(Error::Users("a user ended before its time".to_owned())),
        }
    }

    /// The next step: how many requests it is, or all of the round.
    ///
    /// # Errors
    /// Those of [`Self::ready`].
    pub(super) async fn next(&mut self) -> Result<Option<u32>, Error> {
        self.ready().await?;
        Ok(self.heard.take().and_then(|Step(requests)| requests))
    }
}

fn why(ended: Result<GooseMetrics, GooseError>) -> String {
    match ended {
        Ok(_) => "goose ended them before their time".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// So many users of these kinds: what each does in a round, and who they are.
fn attack(
    users: usize,
    kinds: impl Iterator<Item = (Vec<Stretch>, VecDeque<Line>)>,
) -> Result<GooseAttack, GooseError> {
    // One for all, as nobody uses it; without roots of trust, which take long to read.
    let client = GooseClientBuilder::new()
        .without_cookies()
        .accept_invalid_certs(true);
    let mut attack = GooseAttack::initialize_with_config(configuration(users))?
        .set_client_builder_without_cookies(client)?;
    for (index, (round, lines)) in kinds.enumerate() {
        attack = attack.register_scenario(scenario(index, round, lines)?);
    }
    Ok(attack)
}

/// Nothing of it comes from the command line, which is not goose's.
fn configuration(users: usize) -> GooseConfiguration {
    let mut configuration = GooseConfiguration::default();
    configuration.host = Some(NOWHERE.to_owned());
    configuration.users = Some(users);
    configuration.increase_rate = Some(AT_ONCE.to_owned());
    configuration.quiet = 2;
    configuration.no_metrics = true;
    configuration.no_print_metrics = true;
    configuration.no_telnet = true;
    configuration
}

/// The users of one kind: as many as there are lines, since goose shares its users out by weight.
fn scenario(
    index: usize,
    round: Vec<Stretch>,
    lines: VecDeque<Line>,
) -> Result<Scenario, GooseError> {
    let mut scenario = Scenario::new(&format!("kind {index}")).set_weight(lines.len())?;
    let waiting: Waiting = Arc::new(Mutex::new(lines));
    for (place, stretch) in round.into_iter().enumerate() {
        let step = Transaction::new(step(stretch.requests, &waiting))
            .set_name(stretch.name)
            .set_sequence(place + 1);
        scenario = scenario.register_transaction(if stretch.once {
            step.set_on_start()
        } else {
            step
        });
    }
    Ok(scenario)
}

fn step(requests: Option<u32>, waiting: &Waiting) -> TransactionFunction {
    let waiting = Arc::clone(waiting);
    Arc::new(move |user| {
        let line = line_of(user, &waiting);
        Box::pin(async move {
            match line {
                Some(line) if line.send(Step(requests)).await.is_ok() => Ok(()),
                // Nobody makes requests any more.
                Some(_) | None => pending().await,
            }
        })
    })
}

/// The line of a user, which takes one with its first step.
fn line_of(user: &mut GooseUser, waiting: &Waiting) -> Option<Line> {
    if let Some(line) = user.get_session_data::<Line>() {
        return Some(line.clone());
    }
    let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
    let line = waiting.pop_front()?;
    user.set_session_data(line.clone());
    Some(line)
}
