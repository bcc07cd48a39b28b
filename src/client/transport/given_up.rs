//! What attempts went over that were given up before their answer began, so that a shared connection that swallows everything
//! can be told from one that has been replaced since.
//!
//! ```text
//! attempt(connection 3) -> dropped at its deadline -> take() = connection 3 -> no further request goes over connection 3
//! ```

use std::sync::{Mutex, PoisonError};

/// What the attempt went over that was given up last.
#[derive(Debug)]
pub(super) struct GivenUp<T>(Mutex<Option<T>>);

/// An attempt whose answer is awaited. Dropping it before [`Awaited::begun`] gives it up.
#[derive(Debug)]
pub(super) struct Awaited<'a, T> {
    went_over: Option<T>,
    given_up: &'a GivenUp<T>,
}

impl<T> Default for GivenUp<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> GivenUp<T> {
    /// An attempt begins that goes over this.
    pub(super) fn attempt(&self, went_over: T) -> Awaited<'_, T> {
        Awaited {
            went_over: Some(went_over),
            given_up: self,
        }
    }

    /// What the last attempt went over that was given up, unless that has been asked already.
    pub(super) fn take(&self) -> Option<T> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.take()
    }
}

impl<T> Awaited<'_, T> {
    /// Its answer has begun, or it has failed by itself.
    pub(super) fn begun(mut self) {
        self.went_over = None;
    }
}

impl<T> Drop for Awaited<'_, T> {
    fn drop(&mut self) {
        if let Some(went_over) = self.went_over.take() {
            let mut last = self
                .given_up
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *last = Some(went_over);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_dropped_before_its_answer_is_told_and_once() {
        let given_up = GivenUp::default();

        given_up.attempt(1).begun();
        assert_eq!(given_up.take(), None);
        drop(given_up.attempt(2));
        drop(given_up.attempt(3));

        assert_eq!([given_up.take(), given_up.take()], [Some(3), None]);
    }
}
