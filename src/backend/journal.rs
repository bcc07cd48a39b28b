//! Lets the mocks of a target begin again before a stage, and hears after it what they wrote down.

use super::Backend;
use inferometer_mock::Entry;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The longest that a mock may take to notice that nobody waits for an answer any more.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long it is left alone until it is asked again whether it has.
const BETWEEN_LOOKS: Duration = Duration::from_millis(2);

/// How much of the journals there was to hear.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hearing {
    /// Requests that had been forgotten, for want of room.
    pub forgotten: u64,
    /// Requests that had not ended yet, long after nobody waited for them.
    pub left_behind: u64,
    /// The mocks that did not tell theirs, by what messages call them.
    pub silent: Vec<String>,
}

impl Backend {
    /// Lets every mock begin again: its counters and its journal are empty then, and its faults count time and requests
    /// anew. A mock that does not answer is found out when its journal is wanted. Does nothing to other targets.
    pub async fn reset(&mut self) {
        for mock in &mut self.mocks {
            mock.reset().await;
        }
    }

    /// Hands over every request that the mocks wrote down since they began, in the order in which they ended, one mock
    /// after the other. `None` where there is no mock to tell anything. To be called when nothing is sent any more: what
    /// was given up just before may take a mock a moment to notice, and is waited for.
    pub async fn hear(&mut self, note: &mut dyn FnMut(&Entry)) -> Option<Hearing> {
        if self.mocks.is_empty() {
            return None;
        }
        let mut hearing = Hearing::default();
        for mock in &mut self.mocks {
            let mut from = 0;
            let patience = Instant::now() + PATIENCE;
            loop {
                let Some(page) = mock.journal(from).await else {
                    hearing.silent.push(mock.called().to_owned());
                    break;
                };
                hearing.forgotten += page.forgotten;
                page.entries.iter().for_each(&mut *note);
                from = page.next;
                if !page.entries.is_empty() {
                    continue;
                }
                if page.under_way == 0 || Instant::now() >= patience {
                    hearing.left_behind += page.under_way;
                    break;
                }
                sleep(BETWEEN_LOOKS).await;
            }
        }
        Some(hearing)
    }
}
