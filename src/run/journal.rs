//! What the target's mocks wrote down during a stage, as facts of it.

use crate::backend::Backend;
use crate::summary::{Journal, JournalReader, Visit, VisitEnd};
use inferometer_mock::{End, Entry};
use std::time::Duration;

/// The facts of the journals; `None` where the target keeps none that we could hear.
pub(super) async fn facts(backend: &mut Backend) -> Option<Journal> {
    let mut reader = JournalReader::default();
    let hearing = backend
        .hear(&mut |entry| {
            let late = entry.writes.iter().map(|write| write.late_ns);
            reader.note(
                visit(entry),
                late.map(|nanos| Duration::from_nanos(nanos.into())),
            );
        })
        .await?;
    Some(reader.finish(hearing.forgotten, hearing.silent))
}

fn visit(entry: &Entry) -> Visit<'_> {
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
        fault: entry.fault.as_deref(),
        output_tokens: entry.output_tokens,
    }
}
