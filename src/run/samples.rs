//! Every sample of a stage into the archive, where there is one.

use super::{Options, window};
use crate::archive::{self, StageIntake};
use crate::backend::Backend;
use crate::drive;
use crate::plan::Stage;

/// Tells the archive of a stage whose target is up.
pub(super) fn begin(options: &Options, stage: &Stage, backend: &Backend) -> Option<StageIntake> {
    let archive = options.samples.as_ref()?;
    let endpoints = backend.names().iter().zip(backend.endpoints());
    let known = archive::Stage {
        index: stage.index,
        name: stage.name(),
        kinds: stage.streams.iter().map(drive::kinds).collect(),
        endpoints: endpoints
            .map(|(name, endpoint)| archive::Target {
                name: name.clone(),
                protocol: endpoint.protocol.to_string(),
            })
            .collect(),
    };
    let window = window(stage);
    Some(archive.stage(known, window.start, window.end))
}

/// Waits until what the stage's lanes handed in is written, and says what is missing.
pub(super) async fn end(archive: Option<StageIntake>) -> Option<String> {
    archive?.ended().await
}
