//! Answers without a server's figure, whose words are counted when the lane is done.

use super::*;
use crate::sample::{Chunk, TokenSource, Tokens};
use crate::tokenizer::Tokenizer;

const TOKENIZER: &str = include_str!("../../../scenarios/load/tokenizer.json");
const CHAT: &str = r#"{"chat":{"model":"m","prompt":{"tokens":1},"output":{"tokens":4}}}"#;

/// Answers with these pieces, 10 ms apart, and with the server's figure where there is one.
struct Speaking(&'static [&'static str], Option<u64>);

impl Exchange for Speaking {
    async fn exchange(&self, _asked: &Asked, clock: Clock, heard: &mut Heard) -> Exchanged {
        for piece in self.0 {
            sleep(Duration::from_millis(10)).await;
            heard.arrived(clock.now(), 1, piece);
        }
        let usage = self.1.map(|count| Tokens {
            count,
            source: TokenSource::Usage,
        });
        Exchanged {
            output_tokens: usage.or_else(|| Tokens::of_chunks(&heard.chunks)),
            ..Exchanged::ended(Outcome::Answered)
        }
    }
}

/// The pieces and the tokens of each sample, when it ended, and whether the measure phase was over when it came.
#[derive(Default)]
struct Counted(Vec<(Vec<Chunk>, Option<Tokens>, Offset, bool)>, bool);

impl Sink for Counted {
    fn take(&mut self, sample: &Sample<'_>) {
        let chunks = sample.chunks.to_vec();
        let known = (chunks, sample.output_tokens, sample.finished, self.1);
        self.0.push(known);
    }

    fn measure_ended(&mut self, _at: Offset) {
        self.1 = true;
    }
}

async fn counted(exchange: Speaking, tokenizer: Option<Tokenizer>) -> Counted {
    let phases = Phases {
        warmup: Period::default(),
        measure: Period::from_secs(10),
        drain: Period::from_secs(1),
        requests: NonZero::new(2),
    };
    let into = (Counted::default(), Uncounted::new(tokenizer));
    let (load, stop) = (closed(1, Period::default()), CancellationToken::new());
    let share = Share {
        index: 0,
        lanes: NonZero::<usize>::MIN,
    };
    let driven = drive_share_into(into, exchange, CHAT, phases, load, stop, share).await;
    driven.unwrap().sink
}

fn tokenizer() -> Option<Tokenizer> {
    Tokenizer::read("tokenizer.json", TOKENIZER).ok()
}

fn chunks(tokens: &[(u64, u32)]) -> Vec<Chunk> {
    let chunk = |(millis, tokens): &(u64, u32)| Chunk {
        at: Offset::from_millis(*millis),
        tokens: *tokens,
    };
    tokens.iter().map(chunk).collect()
}

fn tokens(count: u64, source: TokenSource) -> Option<Tokens> {
    let tokens = Tokens { count, source };
    tokens.into()
}

#[tokio::test(start_paused = true)]
async fn the_words_of_answers_are_counted_when_everything_has_been_sent() {
    let pieces = &[" alpha bra", "vo charlie", " delta"];

    let seen = counted(Speaking(pieces, None), tokenizer()).await;

    let by_tokenizer = tokens(4, TokenSource::Tokenizer);
    let millis = Offset::from_millis;
    assert_eq!(
        seen.0,
        [
            (
                chunks(&[(10, 1), (20, 2), (30, 1)]),
                by_tokenizer,
                millis(30),
                true
            ),
            (
                chunks(&[(40, 1), (50, 2), (60, 1)]),
                by_tokenizer,
                millis(60),
                true
            ),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn what_the_server_counts_goes_before_what_the_tokenizer_would() {
    let seen = counted(Speaking(&[" alpha bravo"], Some(7)), tokenizer()).await;

    let (pieces, counted, ended, is_after) = &seen.0[0];
    assert_eq!(*pieces, chunks(&[(10, 1)]));
    assert_eq!(*counted, tokens(7, TokenSource::Usage));
    assert_eq!((*ended, *is_after), (Offset::from_millis(10), false));
}

#[tokio::test(start_paused = true)]
async fn pieces_are_counted_without_a_tokenizer_and_where_some_came_without_words() {
    let without = counted(Speaking(&[" alpha bravo", " charlie"], None), None).await;
    let silent = counted(Speaking(&[" alpha bravo", ""], None), tokenizer()).await;

    let by_chunks = tokens(2, TokenSource::Chunks);
    assert_eq!((without.0[0].1, without.0[0].3), (by_chunks, false));
    assert_eq!((silent.0[0].1, silent.0[0].3), (by_chunks, false));
}

#[test]
fn answers_for_which_there_is_no_room_are_counted_by_their_pieces() {
    let mut heard = Heard::default();
    let ended = || Ended {
        slot: Slot {
            seq: 0,
            at: Offset::ZERO,
        },
        sent: None,
        finished: Offset::ZERO,
        exchanged: Exchanged {
            output_tokens: tokens(1, TokenSource::Chunks),
            ..Exchanged::ended(Outcome::Answered)
        },
    };
    heard.begin(true);
    heard.arrived(Offset::ZERO, 1, &" alpha".repeat(1 << 20));
    let mut uncounted = Uncounted::new(tokenizer());

    let kept = (0..100).take_while(|_| uncounted.keep(ended(), &heard).is_none());

    // 256 MiB hold 42 times 6 MiB, and what is known of each.
    assert_eq!(kept.count(), 42);
}
