//! What the target's mocks wrote down during a stage, as facts of it.

use crate::backend::Backend;
use crate::drive;
use crate::plan::Stage;
use crate::summary::{Journal, JournalReader, Recorders, Visit, VisitEnd};
use crate::units::{Offset, nanos};
use inferometer_mock::{Clock, End, Entry};
use std::time::Duration;
use tokio::time::Instant;

/// The facts of the journals, and when requests were executed that had been executed before, from `epoch` on; `None` where
/// the target keeps none that we could hear.
pub(super) async fn facts(
    backend: &mut Backend,
    epoch: Instant,
    stage: &Stage,
    recorders: &Recorders,
) -> Option<(Journal, Vec<Offset>)> {
    let now = Instant::now();
    let since_epoch = nanos(now.saturating_duration_since(epoch));
    let epoch_ns = Clock::new(now).nanos(now).saturating_sub(since_epoch);
    let offset = |at_ns: u64| Offset::from_nanos(at_ns.saturating_sub(epoch_ns));
    let mut reader = JournalReader::beside(recorders);
    let mut writes = Vec::new();
    let hearing = backend
        .hear(&mut |entry| {
            writes.clear();
            let late = |nanos: u32| Duration::from_nanos(nanos.into());
            let told = entry.writes.iter();
            writes.extend(told.map(|write| (offset(write.at_ns), late(write.late_ns))));
            reader.note(Visit {
                request: drive::number(stage, &entry.id),
                arrived: offset(entry.arrived_ns),
                executed: entry.admitted_ns.map(offset),
                writes: &writes,
                ..visit(entry)
            });
        })
        .await?;
    let duplicates = reader.duplicates().to_vec();
    let journal = Journal {
        left_behind: hearing.left_behind,
        ..reader.finish(hearing.forgotten, hearing.silent)
    };
    Some((journal, duplicates))
}

/// What is no time of it.
fn visit(entry: &Entry) -> Visit<'_> {
    Visit {
        id: &entry.id,
        request: None,
        attempt: entry.attempt,
        end: match entry.end {
            End::Answered => VisitEnd::Answered,
            End::Refused => VisitEnd::Refused,
            End::Rejected => VisitEnd::Rejected,
            End::Failed => VisitEnd::Failed,
            End::Abandoned => VisitEnd::Abandoned,
        },
        arrived: Offset::ZERO,
        executed: None,
        fault: entry.fault.as_deref(),
        output_tokens: entry.output_tokens,
        writes: &[],
    }
}
