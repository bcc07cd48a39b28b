//! What the target's mocks wrote down during a stage, as facts of it.

use crate::backend::Backend;
use crate::summary::{Journal, JournalReader, Visit, VisitEnd};
use crate::units::{Offset, nanos};
use inferometer_mock::{Clock, End, Entry};
use std::time::Duration;
use tokio::time::Instant;

/// The facts of the journals, and when requests were executed that had been executed before, from `epoch` on; `None` where
/// the target keeps none that we could hear.
pub(super) async fn facts(backend: &mut Backend, epoch: Instant) -> Option<(Journal, Vec<Offset>)> {
    let now = Instant::now();
    let since_epoch = nanos(now.saturating_duration_since(epoch));
    let epoch_ns = Clock::new(now).nanos(now).saturating_sub(since_epoch);
    let mut reader = JournalReader::default();
    let hearing = backend
        .hear(&mut |entry| {
            let late = entry.writes.iter().map(|write| write.late_ns);
            reader.note(
                visit(entry, epoch_ns),
                late.map(|nanos| Duration::from_nanos(nanos.into())),
            );
        })
        .await?;
    let duplicates = reader.duplicates().to_vec();
    let journal = reader.finish(hearing.forgotten, hearing.silent);
    Some((journal, duplicates))
}

fn visit(entry: &Entry, epoch_ns: u64) -> Visit<'_> {
    let offset = |at_ns: u64| Offset::from_nanos(at_ns.saturating_sub(epoch_ns));
    Visit {
        id: &entry.id,
        attempt: entry.attempt,
        end: match entry.end {
            End::Answered => VisitEnd::Answered,
            End::Refused => VisitEnd::Refused,
            End::Rejected => VisitEnd::Rejected,
            End::Failed => VisitEnd::Failed,
            End::Abandoned => VisitEnd::Abandoned,
        },
        executed: entry.admitted_ns.map(offset),
        fault: entry.fault.as_deref(),
        output_tokens: entry.output_tokens,
    }
}
