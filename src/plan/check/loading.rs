//! Whether a stage loads anything in the queue that `client.loading` describes: settings that never do anything are a mistake.

use super::super::Stage;
use super::workload::uses_a_repository;
use crate::scenario::{Document, Error, Part, Path};
use crate::workload::Ask;

pub(super) fn check(document: &Document, stage: &Stage) -> Result<(), Error> {
    let Some(loading) = &stage.client.loading else {
        return Ok(());
    };
    let place = Path::root().key("client").key("loading");
    if !uses_a_repository(stage) {
        let told = format!(
            "expected endpoints that can load models, which speak `oip_rest` or `oip_grpc`, found none among those of mode \
             `{}`",
            stage.client.mode
        );
        let hint = "leave `client.loading` out, set `client.mode: grpc`, or name a mock with `protocol: oip_rest` under \
                    `target.mocks`";
        return Err(document.error(&place, Part::Key, told).hint(hint));
    }
    let asks = stage.streams.asks();
    let loads = |(_, ask): &(Path, Ask<'_>)| matches!(ask, Ask::Load(_));
    if loading.on_demand || asks.iter().any(loads) {
        return Ok(());
    }
    let told = "expected a workload that loads models, a `journey` with `load`, found one without";
    let hint = "set `on_demand: true` to load the models that inference asks for, or leave `client.loading` out";
    Err(document.error(&place, Part::Key, told).hint(hint))
}
