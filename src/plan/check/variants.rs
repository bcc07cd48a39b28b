//! Whether variants are called as they may be, and whether two of them can be compared as the scenario says.

use crate::gate::spec::GateSpec;
use crate::scenario::{self, Document, Error, Part, Path};

/// The names of the variants, if each may be one.
pub(in crate::plan) fn variant_names(document: &Document) -> Result<Vec<String>, Error> {
    let names = scenario::variants(document);
    for name in &names {
        scenario::Name::try_from(name.clone()).map_err(|refused| {
            let place = Path::root().key("variants").key(name);
            document.error(&place, Part::Key, refused)
        })?;
    }
    Ok(names)
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

#[cfg(test)]
mod tests;
