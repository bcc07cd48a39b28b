//! The loads of one client: who asked for what, what is running, and who is told.

use super::frequency::Frequency;
use super::known::{Known, Use};
use super::queue::{Asked, Queue, Ticket};
use super::work::{Ended, Work};
use super::{Loading, LoadingStatistics, Priority};
use crate::client::{Client, LoadingConfig, Model, ModelState};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

/// Loads models.
#[derive(Debug)]
pub(in crate::client) struct Loader {
    deadline: Duration,
    preload: usize,
    pub(super) is_on_demand: bool,
    state: Mutex<State>,
    /// Whoever has it works on all loads that are running; the others wait for it.
    turn: tokio::sync::Mutex<()>,
    /// Other loads are running than were before.
    changed: Notify,
}

#[derive(Debug)]
struct State {
    queue: Queue,
    courses: BTreeMap<Ticket, Course>,
    known: Known,
    frequency: Frequency,
    /// What is to be loaded ahead, most likely first.
    likely: Vec<String>,
    /// Has a model been unloaded since that was chosen?
    is_outdated: bool,
    /// How many work on what nobody waits for.
    watchers: usize,
    statistics: LoadingStatistics,
}

/// A load that has not ended.
#[derive(Debug)]
struct Course {
    model: String,
    /// Once it is running.
    work: Option<Arc<Work>>,
    /// Was the model unloaded meanwhile?
    is_outdated: bool,
    told: watch::Sender<Option<Ended>>,
}

/// A place among those who wait for a load.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) ticket: Ticket,
    pub(super) told: watch::Receiver<Option<Ended>>,
}

impl Loader {
    pub(in crate::client) fn new(config: &LoadingConfig, model_list_ttl: Duration) -> Self {
        let size = |size: u32| usize::try_from(size).unwrap_or(usize::MAX);
        Self {
            deadline: config.deadline.duration(),
            preload: size(config.preload),
            is_on_demand: config.on_demand,
            state: Mutex::new(State {
                queue: Queue::new(size(config.concurrent)),
                courses: BTreeMap::new(),
                known: Known::new(model_list_ttl),
                frequency: Frequency::default(),
                likely: Vec::new(),
                is_outdated: false,
                watchers: 0,
                statistics: LoadingStatistics::default(),
            }),
            turn: tokio::sync::Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// Asks for a model; `None` when it is known to be loaded. Whoever takes the place has to [`leave`](Self::leave) it.
    fn ask(&self, client: &Client, model: &str, priority: Priority) -> Option<Place> {
        let mut state = self.lock();
        let now = Instant::now();
        let was = state.known.asked_for(model, now);
        state.note(model, was);
        let place = was.is_none().then(|| state.place(model, priority));
        if was != Some(Use::Asked) || state.is_outdated {
            state.look_ahead(self.preload, now);
            self.begin(client, state);
        }
        place
    }

    /// Likewise, as whoever asks holds it.
    pub(in crate::client) fn submit(
        self: &Arc<Self>,
        client: &Client,
        model: &str,
        priority: Priority,
    ) -> Loading {
        match self.ask(client, model, priority) {
            Some(place) => Loading::waiting(client, self, model, place),
            None => Loading::loaded(model),
        }
    }

    /// Somebody waits for a load no longer.
    pub(super) fn leave(&self, client: &Client, ticket: Ticket) {
        let mut state = self.lock();
        if state.queue.leave(ticket) {
            let given_up = state.courses.remove(&ticket);
            drop(state);
            given_up.iter().for_each(Course::give_up);
            self.begin(client, self.lock());
        }
    }

    /// How many loads come before this one; `None` when its turn has come.
    pub(super) fn position(&self, ticket: Ticket) -> Option<usize> {
        self.lock().queue.position(ticket)
    }

    /// Works on all loads that are running, for as long as it is polled. Dropping the future leaves them to another.
    pub(super) async fn work(&self, client: &Client) -> Infallible {
        let _turn = self.turn.lock().await;
        loop {
            let running = self.lock().running();
            let mut changed = pin!(self.changed.notified());
            let ended = poll_fn(|cx| {
                for (ticket, work) in &running {
                    if let Poll::Ready(ended) = work.poll(cx) {
                        return Poll::Ready(Some((*ticket, ended)));
                    }
                }
                changed.as_mut().poll(cx).map(|()| None)
            });
            if let Some((ticket, ended)) = ended.await {
                self.ended(client, ticket, ended);
            }
        }
    }

    /// Likewise, and on those ahead besides, which are given up when the last such future is dropped.
    pub(in crate::client) async fn watch(&self, client: &Client) -> Infallible {
        let _watching = Watching::begin(self, client);
        self.work(client).await
    }

    /// Nothing is known of a model any more, and it is not loaded ahead: it is being unloaded, or was.
    pub(in crate::client) fn forget(&self, client: &Client, model: &str) {
        let mut state = self.lock();
        state.known.forget(model);
        state.is_outdated = true;
        for course in state.courses.values_mut() {
            course.is_outdated |= course.work.is_some() && course.model == model;
        }
        state.likely.retain(|likely| likely != model);
        self.withdraw(client, state, Some(model));
    }

    /// A model may not be loaded any more, though nobody said so.
    pub(in crate::client) fn doubt(&self, model: &str) {
        self.lock().known.forget(model);
    }

    /// Gives up whatever is being loaded ahead, or was to be.
    pub(in crate::client) fn forget_ahead(&self, client: &Client) {
        let mut state = self.lock();
        state.likely.clear();
        self.withdraw(client, state, None);
    }

    /// A list says which models are loaded.
    pub(in crate::client) fn heard(&self, list: &[Model]) {
        let mut state = self.lock();
        let others = list
            .iter()
            .filter(|model| model.state != ModelState::Loaded);
        for model in others {
            state.known.forget(&model.name);
        }
    }

    pub(in crate::client) fn statistics(&self) -> LoadingStatistics {
        let state = self.lock();
        LoadingStatistics {
            waiting: state.queue.waiting(),
            running: state.queue.running(),
            ..state.statistics
        }
    }

    /// Lets whatever can begin do so: what is wanted, then what is likely. What is given up for it has ended before.
    fn begin(&self, client: &Client, mut state: MutexGuard<'_, State>) {
        let (begun, given_up) = state.begin(self.preload, Instant::now());
        drop(state);
        given_up.iter().for_each(Course::give_up);
        let mut state = self.lock();
        for ticket in begun {
            // Whoever wanted it may have left in between.
            if let Some(course) = state.courses.get_mut(&ticket) {
                let call = load(client.clone(), course.model.clone(), self.deadline);
                course.work = Some(Arc::new(Work::new(call)));
            }
        }
        drop(state);
        self.changed.notify_one();
    }

    fn withdraw(&self, client: &Client, mut state: MutexGuard<'_, State>, model: Option<&str>) {
        let mut given_up = Vec::new();
        for ticket in state.queue.withdraw(model) {
            given_up.extend(state.courses.remove(&ticket));
        }
        drop(state);
        given_up.iter().for_each(Course::give_up);
        self.begin(client, self.lock());
    }

    /// A load has ended: tells those who wait, and lets the next begin.
    fn ended(&self, client: &Client, ticket: Ticket, ended: Ended) {
        let mut state = self.lock();
        // One that was given up in the meantime is none any more.
        let Some(course) = state.courses.remove(&ticket) else {
            return;
        };
        let use_of = if state.queue.is_ahead(ticket) {
            Use::None
        } else {
            Use::Asked
        };
        state.queue.ended(ticket);
        if ended.is_err() {
            state.statistics.failed += 1;
            state.frequency.forget(&course.model);
        } else if !course.is_outdated {
            state.known.loaded(course.model, use_of, Instant::now());
        }
        self.begin(client, state);
        course.told.send_replace(Some(ended));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// A model is asked for, which has or has not been of use so far.
    fn note(&mut self, model: &str, was: Option<Use>) {
        self.frequency.note(model);
        self.statistics.asked += 1;
        self.statistics.hits += u64::from(was.is_some());
        self.statistics.preload_hits += u64::from(was == Some(Use::None));
    }

    fn place(&mut self, model: &str, priority: Priority) -> Place {
        let ticket = match self.queue.ask(model, priority) {
            Asked::New(ticket) => ticket,
            Asked::Joined { ticket, was_ahead } => {
                self.statistics.joined += 1;
                self.statistics.preload_hits += u64::from(was_ahead);
                ticket
            }
        };
        let course = self.courses.entry(ticket);
        let course = course.or_insert_with(|| Course::new(model.to_owned()));
        Place {
            ticket,
            told: course.told.subscribe(),
        }
    }

    /// Chooses what is to be loaded ahead, after a model was asked for.
    fn look_ahead(&mut self, preload: usize, now: Instant) {
        self.is_outdated = false;
        if preload == 0 || self.watchers == 0 {
            return;
        }
        let is_there = |model: &str| self.known.is_loaded(model, now) || self.queue.holds(model);
        let likely = self.frequency.likely(preload, |model| !is_there(model));
        self.likely = likely;
    }

    /// What begins now, its work not yet there, and what is given up for it.
    fn begin(&mut self, preload: usize, now: Instant) -> (Vec<Ticket>, Vec<Course>) {
        let (mut begun, mut given_up) = (Vec::new(), Vec::new());
        while let Some(turn) = self.queue.next() {
            self.statistics.loads += 1;
            begun.push(turn.ticket);
            let ahead = turn.instead_of;
            if let Some(displaced) = ahead.and_then(|ahead| self.courses.remove(&ahead)) {
                // It is as likely as before, and begins again when there is a place.
                self.likely.insert(0, displaced.model.clone());
                given_up.push(displaced);
            }
        }
        let waiting = self.queue.waiting();
        self.statistics.longest_queue = self.statistics.longest_queue.max(waiting);
        while let Some((ticket, model)) = self.next_ahead(preload, now) {
            self.statistics.preloads += 1;
            begun.push(ticket);
            self.courses.insert(ticket, Course::new(model));
        }
        (begun, given_up)
    }

    /// Begins the next load ahead, if there may be one.
    fn next_ahead(&mut self, preload: usize, now: Instant) -> Option<(Ticket, String)> {
        let unwanted = self.known.unused(now) + self.queue.running_ahead();
        if self.watchers == 0 || self.likely.is_empty() || unwanted >= preload {
            return None;
        }
        let model = self.likely.first()?;
        let ticket = self.queue.begin_ahead(model)?;
        Some((ticket, self.likely.remove(0)))
    }

    /// What is running.
    fn running(&self) -> Vec<(Ticket, Arc<Work>)> {
        let courses = self.courses.iter();
        courses
            .filter_map(|(ticket, course)| Some((*ticket, Arc::clone(course.work.as_ref()?))))
            .collect()
    }
}

impl Course {
    fn new(model: String) -> Self {
        Self {
            model,
            work: None,
            is_outdated: false,
            told: watch::Sender::new(None),
        }
    }

    /// Cancels its call, if it is running. Not to be called while the state is locked, which another's work may wait for.
    fn give_up(&self) {
        if let Some(work) = &self.work {
            work.give_up();
        }
    }
}

async fn load(client: Client, model: String, deadline: Duration) -> Ended {
    client.models().load_within(&model, deadline).await
}

/// Somebody who works on what nobody waits for.
struct Watching<'a> {
    loader: &'a Loader,
    client: &'a Client,
}

impl<'a> Watching<'a> {
    fn begin(loader: &'a Loader, client: &'a Client) -> Self {
        loader.lock().watchers += 1;
        Self { loader, client }
    }
}

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        let mut state = self.loader.lock();
        state.watchers -= 1;
        let is_last = state.watchers == 0;
        drop(state);
        if is_last {
            self.loader.forget_ahead(self.client);
        }
    }
}
