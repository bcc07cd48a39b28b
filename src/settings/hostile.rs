//! Hostile files of clients: what is read means the same on its way through JSON, and every mistake is told with the name of its
//! file and a place in it, without a character that moves a cursor.

use super::{ClientSettings, client_from_text};
use crate::plan::hostile::is_told_well;
use crate::scenario::{Document, Error, Overrides};
use std::collections::BTreeMap;

const FILES: &[&[u8]] = &[
    include_bytes!("../../examples/client/dev.yaml"),
    include_bytes!("../../examples/client/test.yaml"),
    include_bytes!("../../examples/client/prod.yaml"),
    b"mode: hybrid\ndeadline: ${DEADLINE:-10s}\npool: off\ncache: {}\nbreaker: { scope: model }\nendpoints:\n  - &a { protocol: oip_grpc, url: http://a, weight: 2 }\n  - { protocol: openai, url: \"unix:/run/m.sock\", api_key: { env: KEY } }\n",
    b"{}\n",
];

fn read(text: &str) -> Result<ClientSettings, Error> {
    client_from_text("hostile.yaml", text, &Overrides::default())
}

/// The same file as JSON, which is YAML too: its variables have been replaced, so that its dollars are doubled.
fn as_json(text: &str) -> String {
    let document = Document::read("hostile.yaml", text, &BTreeMap::new()).unwrap();
    document.tree().to_string().replace('$', "$$")
}

#[test]
fn a_hostile_file_is_a_client_of_the_same_meaning_or_a_mistake_with_its_place() {
    for honest in FILES {
        read(str::from_utf8(honest).unwrap()).unwrap_or_else(|error| panic!("{error}"));
    }

    inferometer_fuzz::hold(FILES, |bytes| {
        let Ok(text) = str::from_utf8(bytes) else {
            return;
        };
        match read(text) {
            Ok(settings) => {
                let same = read(&as_json(text)).unwrap_or_else(|error| panic!("{error}\n{text}"));
                assert_eq!(same.config, settings.config);
                assert_eq!(same.endpoints, settings.endpoints);
                assert!(settings.config.validate().is_ok(), "{text}");
            }
            Err(error) => is_told_well(&error, text),
        }
    });
}
