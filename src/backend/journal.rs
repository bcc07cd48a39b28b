//! Lets the mocks of a target begin again before a stage, and hears after it what they wrote down.

use super::Backend;
use inferometer_mock::Entry;

/// How much of the journals there was to hear.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hearing {
    /// Requests that had been forgotten, for want of room.
    pub forgotten: u64,
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
    /// after the other. `None` where there is no mock to tell anything.
    pub async fn hear(&mut self, note: &mut dyn FnMut(&Entry)) -> Option<Hearing> {
        if self.mocks.is_empty() {
            return None;
        }
        let mut hearing = Hearing::default();
        for mock in &mut self.mocks {
            let mut from = 0;
            loop {
                let Some(page) = mock.journal(from).await else {
                    hearing.silent.push(mock.called().to_owned());
                    break;
                };
                hearing.forgotten += page.forgotten;
                page.entries.iter().for_each(&mut *note);
                from = page.next;
                if page.entries.is_empty() {
                    break;
                }
            }
        }
        Some(hearing)
    }
}
