//! Whether each variant of a scenario is one that could run, and whether two of them can be compared as the scenario says.

use crate::gate::spec::GateSpec;
use crate::plan::{Files, Stage, stage, sweep};
use crate::scenario::{self, Document, Error, Open, Part, Path, Scenario};

/// Every variant, laid over the scenario, is a scenario.
pub(in crate::plan) fn variants(document: &Document, open: Open<'_>) -> Result<(), Error> {
    for name in scenario::variants(document) {
        scenario::Name::try_from(name.clone()).map_err(|refused| {
            let place = Path::root().key("variants").key(&name);
            document.error(&place, Part::Key, refused)
        })?;
        let laid = scenario::variant(document, &name)?;
        let axes = sweep::axes(&laid)?;
        let mut files = Files::new(open);
        for (index, point) in sweep::points(&axes).enumerate() {
            let here = sweep::moved_to(&laid, &point)?;
            let mut scenario: Scenario = here.read_as()?;
            files.complete(&here, &mut scenario)?;
            let stage: Stage = stage(index, sweep::settings(&point), &scenario);
            super::stage(&here, &stage)?;
        }
    }
    Ok(())
}

/// The settings of a comparison are possible, and name variants that are there.
pub(in crate::plan) fn gate(document: &Document, spec: &GateSpec) -> Result<(), Error> {
    let place = Path::root().key("gate");
    spec.check().map_err(|invalid| {
        let at = invalid
            .field
            .iter()
            .fold(place.clone(), |at, key| at.key(key));
        document.error(&at, Part::Value, invalid.message)
    })?;
    for (field, named) in [("baseline", &spec.baseline), ("candidate", &spec.candidate)] {
        let Some(name) = named else { continue };
        if !scenario::variants(document).contains(name) {
            let told = format!("expected the name of a variant, found `{name}`");
            let error = document.error(&place.key(field), Part::Value, told);
            return Err(error.hint("name it under `variants`"));
        }
    }
    Ok(())
}
