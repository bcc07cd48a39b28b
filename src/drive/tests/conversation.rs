//! Conversations: each turn waits for the answer to the one before, and is sent with it.

use super::*;
use crate::client::{Input, Role};
use std::sync::Mutex;

/// When each request came, in milliseconds, and what was said in it.
type Came = Vec<(u128, Vec<String>)>;

/// Answers each request with as many `a` as there were messages, one each 20 ms; notes what it was asked, and when. Fails when the
/// request has more messages than it likes.
struct Partner {
    asked: Arc<Mutex<Came>>,
    most: usize,
}

impl Exchange for Partner {
    async fn exchange(&self, asked: &Asked, clock: Clock, heard: &mut Heard) -> Exchanged {
        let Asked::Infer(request) = asked else {
            unreachable!()
        };
        let Input::Chat(messages) = &request.input else {
            unreachable!()
        };
        let said = messages.iter().map(|message| match message.role {
            Role::User => format!("? {}", message.content),
            Role::Assistant => format!("! {}", message.content),
            Role::System => unreachable!(),
        });
        let now = clock.now().duration().as_millis();
        self.asked.lock().unwrap().push((now, said.collect()));
        if messages.len() > self.most {
            return Exchanged::ended(Outcome::Failed(Failure::Http(500)));
        }
        for _ in messages {
            sleep(Duration::from_millis(20)).await;
            heard.arrived(clock.now(), 1, "a");
        }
        Exchanged::ended(Outcome::Answered)
    }
}

const THREE: &str = r#"{ "conversation": { "model": "tiny", "turns": 3, "prompt": { "tokens": 1 }, "output": { "tokens": 1 },
    "think": "50ms", "tell_turns_apart": true } }"#;

/// Drives so many conversations, one after the other, and says what was asked and what became of it.
async fn conversations(workload: &str, count: u64, most: usize) -> (Came, Vec<Seen>) {
    let asked = Arc::default();
    let partner = Partner {
        asked: Arc::clone(&asked),
        most,
    };
    let phases = Phases {
        warmup: Period::default(),
        measure: Period::from_secs(10),
        drain: Period::from_secs(1),
        requests: NonZero::new(count),
    };
    let load = closed(1, Period::default());
    let record = drive_lane(partner, workload, phases, load, CancellationToken::new()).await;
    let asked = asked.lock().unwrap().clone();
    (asked, record.sink.0)
}

fn said(said: &[(u128, Vec<String>)]) -> Vec<(u128, String)> {
    let joined = said.iter().map(|(at, said)| (*at, said.join(", ")));
    joined.collect()
}

#[tokio::test(start_paused = true)]
async fn each_turn_waits_for_the_answer_before_and_is_sent_with_all_that_was_said() {
    let (asked, seen) = conversations(THREE, 2, 9).await;

    assert_eq!(
        said(&asked),
        [
            (0, "? both"),
            (70, "? both, ! a, ? journey"),
            (180, "? both, ! a, ? journey, ! aaa, ? body"),
            (280, "? glass"),
            (350, "? glass, ! a, ? chair"),
            (460, "? glass, ! a, ? chair, ! aaa, ? friend"),
        ]
        .map(|(at, said)| (at, said.to_owned()))
    );
    let due: Vec<(u64, u128, u128)> = seen
        .iter()
        .map(|seen| {
            let millis = |offset: Offset| offset.duration().as_millis();
            (seen.seq, millis(seen.scheduled), millis(seen.finished))
        })
        .collect();
    assert_eq!(
        due,
        [
            (0, 0, 20),
            (1, 70, 130),
            (2, 180, 280),
            (3, 280, 300),
            (4, 350, 410),
            (5, 460, 560)
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_fails_ends_its_conversation() {
    let (asked, seen) = conversations(THREE, 1, 2).await;

    let ended: Vec<Outcome> = seen.iter().map(|seen| seen.outcome).collect();
    assert_eq!(asked.len(), 2);
    assert_eq!(
        ended,
        [
            Outcome::Answered,
            Outcome::Failed(Failure::Http(500)),
            Outcome::NotSent
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn what_had_come_of_an_answer_that_was_given_up_is_part_of_what_was_said() {
    let impatient = THREE.replace("\"think\"", "\"cancel_after\": \"30ms\", \"think\"");

    let (asked, seen) = conversations(&impatient, 1, 9).await;

    let ended: Vec<Outcome> = seen.iter().map(|seen| seen.outcome).collect();
    assert_eq!(
        ended,
        [Outcome::Answered, Outcome::Cancelled, Outcome::Cancelled]
    );
    assert_eq!(
        said(&asked),
        [
            (0, "? both"),
            (70, "? both, ! a, ? journey"),
            (150, "? both, ! a, ? journey, ! a, ? body"),
        ]
        .map(|(at, said)| (at, said.to_owned()))
    );
}

#[tokio::test(start_paused = true)]
async fn conversations_side_by_side_do_not_hear_each_other() {
    let asked = Arc::default();
    let partner = Partner {
        asked: Arc::clone(&asked),
        most: 9,
    };
    let phases = Phases {
        warmup: Period::default(),
        measure: Period::from_secs(10),
        drain: Period::from_secs(1),
        requests: NonZero::new(40),
    };
    let load = closed(8, Period::default());
    drive_lane(partner, THREE, phases, load, CancellationToken::new()).await;

    let asked = asked.lock().unwrap().clone();
    let (mut firsts, mut lasts) = (Vec::new(), Vec::new());
    for (_, said) in asked {
        if said.len() == 1 {
            firsts.push(said[0].clone());
        } else if said.len() == 5 {
            assert_eq!((said[1].as_str(), said[3].as_str()), ("! a", "! aaa"));
            lasts.push(said[0].clone());
        }
    }
    firsts.sort();
    lasts.sort();
    assert_eq!(firsts.len(), 40);
    assert_eq!(firsts, lasts);
}
