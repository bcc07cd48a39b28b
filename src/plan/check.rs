//! What no single field can know: whether the parts of a scenario fit together.

mod batch;
mod kind;
mod launch;
mod loading;
mod operation;
mod script;
mod tensors;
mod users;
mod variants;
mod workload;

pub(super) use variants::{gate, variant_names};

use super::sweep::{Axis, quoted};
use super::{Mocks, NamedMock, Stage, Streams, Target};
use crate::client::{self, ClientConfig, ClientFile, Endpoint, Mode, Protocol};
use crate::gate::rule::Rule;
use crate::scenario::{Document, Error, Part, Path};
use inferometer_mock::{MockSpec, SpecError, Tls as MockTls};
use serde_json::Value;

/// Holds the parts of one stage against each other.
pub(super) fn stage(document: &Document, stage: &Stage) -> Result<(), Error> {
    client(document, &Path::root().key("client"), &stage.client)?;
    adapter(document, stage)?;
    operation::check(document, stage)?;
    batch::check(document, stage)?;
    workload::offered(document, stage)?;
    loading::check(document, stage)?;
    users::check(document, stage)?;
    let target = Path::root().key("target");
    match &stage.target {
        Target::Mock(mock) => {
            let place = target.key("mock");
            specification(document, &place, mock)?;
            reachable(document, &place, mock, &stage.client)?;
            workload::models(document, stage, &[mock], "target.mock.models")
        }
        Target::Mocks(mocks) => {
            let place = target.key("mocks");
            for mock in mocks.list() {
                let place = place.key(mock.name.as_str());
                specification(document, &place, &mock.spec)?;
                reachable(document, &place, &mock.spec, &stage.client)?;
            }
            let specs: Vec<&MockSpec> = mocks.list().iter().map(|mock| &mock.spec).collect();
            let first = mocks.list().first().map_or("", |mock| mock.name.as_str());
            workload::models(
                document,
                stage,
                &specs,
                &format!("target.mocks.{first}.models"),
            )?;
            let spoken: Vec<Protocol> = mocks
                .list()
                .iter()
                .flat_map(NamedMock::protocols)
                .copied()
                .collect();
            mode(document, &client_mode(), stage.client.mode, &spoken, &place)?;
            unused(document, stage.client.mode, mocks)
        }
        Target::Stubs { stubs, .. } => script::check(document, stage, stubs),
        Target::Endpoints { endpoints, .. } => {
            let place = target.key("endpoints");
            asked(
                document,
                &client_mode(),
                stage.client.mode,
                endpoints,
                &place,
            )
        }
        Target::Launch(launched) => launch::check(document, stage, launched),
    }
}

/// Is the mock, which stands at `place`, possible at all?
pub(super) fn specification(
    document: &Document,
    place: &Path,
    mock: &MockSpec,
) -> Result<(), Error> {
    mock.validate().map_err(|error| match error {
        SpecError::Unfit {
            field,
            expected,
            found,
        } => document.error(
            &place.join(&Path::parse(&field)),
            Part::Value,
            format!("expected {expected}, found `{found}`"),
        ),
        error @ SpecError::RepeatedModel { .. } => {
            document.error(&place.key("models"), Part::Value, error.to_string())
        }
    })
}

/// Can the embedded client get in? It trusts what a mock signs for itself and has the first of its keys, but a certificate
/// that a mock asks for must be its own.
fn reachable(
    document: &Document,
    place: &Path,
    mock: &MockSpec,
    client: &ClientConfig,
) -> Result<(), Error> {
    let asks = match &mock.tls {
        Some(MockTls::Files(files)) => files.client_ca.is_some(),
        Some(MockTls::SelfSigned) | None => false,
    };
    if !asks || client.tls.identity.is_some() {
        return Ok(());
    }
    let place = place.key("tls").key("client_ca");
    let told = "expected a client with a certificate, which this mock asks for, found one without";
    let hint = "set `client.tls.identity: { certificate: FILE, key: FILE }`, or leave this out";
    Err(document.error(&place, Part::Key, told).hint(hint))
}

/// Holds the parts of a client's file against each other.
pub(super) fn client_file(document: &Document, file: &ClientFile) -> Result<(), Error> {
    let root = Path::root();
    client(document, &root, &file.config)?;
    if file.endpoints.is_empty() {
        return Ok(());
    }
    let (place, setting) = (root.key("endpoints"), root.key("mode"));
    asked(
        document,
        &setting,
        file.config.mode,
        &file.endpoints,
        &place,
    )
}

/// Can the settings, which stand at `place`, be followed?
fn client(document: &Document, place: &Path, client: &ClientConfig) -> Result<(), Error> {
    deadlines(document, place, client)?;
    client.validate().map_err(|error| {
        if let client::Error::Config {
            field,
            expected,
            found,
        } = error
        {
            let place = place.join(&Path::parse(field));
            let message = format!("expected {expected}, found `{found}`");
            return document.error(&place, Part::Value, message);
        }
        document.error(place, Part::Value, error.to_string())
    })
}

/// Can the endpoints, which stand at `place`, be asked by a client whose mode stands at `setting`?
fn asked(
    document: &Document,
    setting: &Path,
    chosen: Mode,
    endpoints: &[Endpoint],
    place: &Path,
) -> Result<(), Error> {
    urls(document, place, endpoints)?;
    let spoken: Vec<Protocol> = endpoints.iter().map(|endpoint| endpoint.protocol).collect();
    mode(document, setting, chosen, &spoken, place)
}

/// An adapter does not see the embedded client's settings: who wrote some would wait for what they do.
fn adapter(document: &Document, stage: &Stage) -> Result<(), Error> {
    let client = Path::root().key("client");
    if stage.adapter.is_none() || document.get(&client).is_none() {
        return Ok(());
    }
    let told =
        "expected no settings of the embedded client beside `adapter`, which sends in its place";
    Err(document
        .error(&client, Part::Key, told)
        .hint("leave `client` and `client_file` out, and give the program its settings in `adapter.command`"))
}

fn deadlines(document: &Document, place: &Path, client: &ClientConfig) -> Result<(), Error> {
    for (name, deadline) in [
        ("deadline", client.deadline),
        ("connect_deadline", client.connect_deadline),
    ] {
        if deadline.is_zero() {
            return Err(document.error(
                &place.key(name),
                Part::Value,
                "expected a duration above 0s, found `0s`",
            ));
        }
    }
    Ok(())
}

fn urls(document: &Document, place: &Path, endpoints: &[Endpoint]) -> Result<(), Error> {
    for (index, endpoint) in endpoints.iter().enumerate() {
        let path = place.index(index).key("url");
        if document.is_secret(&path) {
            let told = "expected a URL such as http://127.0.0.1:8000, without a user and password";
            let hint = "name the place of a key instead: `api_key: { env: NAME }` or `api_key: { file: PATH }`";
            return Err(document.error(&path, Part::Value, told).hint(hint));
        }
        if !is_base_url(&endpoint.url) {
            let told = format!(
                "expected a URL such as http://127.0.0.1:8000, found `{}`",
                endpoint.url
            );
            return Err(document
                .error(&path, Part::Value, told)
                .hint("begin with `http://` or `https://`, or name a socket as `unix:/path`, keep ports below 65536, and leave out `?` and `#`"));
        }
    }
    Ok(())
}

/// Can the paths of an API be put behind this?
fn is_base_url(text: &str) -> bool {
    if let Some(path) = text.strip_prefix("unix:") {
        return path.starts_with('/');
    }
    text.parse::<http::Uri>().is_ok_and(|url| {
        matches!(url.scheme_str(), Some("http" | "https"))
            && url.authority().is_some_and(|authority| {
                // The parser takes any text for a port, and then has none.
                let has_no_port = authority.as_str().ends_with(authority.host());
                !authority.host().is_empty() && (has_no_port || authority.port_u16().is_some())
            })
            && !text.contains(['?', '#'])
    })
}

/// Every protocol that the client's mode, which stands at `setting`, relies on must be spoken by something at `place`.
fn mode(
    document: &Document,
    setting: &Path,
    mode: Mode,
    spoken: &[Protocol],
    place: &Path,
) -> Result<(), Error> {
    let mut needed = mode.needs().iter();
    let is_missing = |group: &&&[Protocol]| !group.iter().any(|protocol| spoken.contains(protocol));
    let Some(missing) = needed.find(is_missing) else {
        return Ok(());
    };
    let named: Vec<String> = missing.iter().map(|one| format!("`{one}`")).collect();
    let named = named.join(" or ");
    // A mode that nobody wrote stands nowhere; the endpoints do.
    let is_written = document.get(setting).is_some();
    let path = if is_written { setting } else { place };
    let told = format!(
        "the client's mode `{mode}` needs an endpoint that speaks {named}, and there is none"
    );
    let protocol = missing.first().map(Protocol::to_string).unwrap_or_default();
    let hint = format!("add one with `protocol: {protocol}`, or set another `{setting}`");
    Err(document.error(path, Part::Value, told).hint(hint))
}

/// A mock that the client would never ask is a mistake where nobody chose the client's mode, and a choice where somebody
/// did.
fn unused(document: &Document, mode: Mode, mocks: &Mocks) -> Result<(), Error> {
    if document.get(&client_mode()).is_some() {
        return Ok(());
    }
    let is_asked = |mock: &&NamedMock| {
        let spoken = mock.protocols();
        mode.protocols().any(|protocol| spoken.contains(&protocol))
    };
    let Some(unused) = mocks.list().iter().find(|mock| !is_asked(mock)) else {
        return Ok(());
    };
    let place = Path::root().key("target").key("mocks");
    let told =
        format!("the client's mode is `{mode}` when left out, and would never use this mock");
    Err(document
        .error(
            &place.key(unused.name.as_str()).key("protocol"),
            Part::Value,
            told,
        )
        .hint("set `client.mode: hybrid` for gRPC first, or `hybrid_rest_first`"))
}

fn client_mode() -> Path {
    Path::root().key("client").key("mode")
}

/// Holds every expectation against what will be measured.
pub(super) fn expectations(
    document: &Document,
    rules: &[Rule],
    axes: &[Axis],
    streams: &Streams,
) -> Result<(), Error> {
    for (index, rule) in rules.iter().enumerate() {
        let path = Path::root().key("expect").index(index);
        check_rule(document, &path, rule)?;
        kind::told_apart(document, &path, rule, streams)?;
        for (key, value) in &rule.only {
            selection(document, &path.key("where").key(key), key, value, axes)?;
        }
    }
    Ok(())
}

/// Is the rule complete in itself: a known metric, and one limit in its unit?
fn check_rule(document: &Document, path: &Path, rule: &Rule) -> Result<(), Error> {
    rule.check()
        .map_err(|invalid| document.error(&path.key(invalid.field), Part::Value, invalid.message))
}

/// Does `where` name a swept setting, and a value that it has in some stage?
fn selection(
    document: &Document,
    path: &Path,
    key: &str,
    value: &Value,
    axes: &[Axis],
) -> Result<(), Error> {
    let swept: Vec<&str> = axes.iter().map(|axis| axis.key.as_str()).collect();
    let Some(swept_here) = axes.iter().find(|axis| axis.key == key) else {
        let told = match swept.as_slice() {
            [] => "expected a swept setting, but this scenario has no `sweep`".to_owned(),
            some => format!("expected a swept setting: {}", quoted(some)),
        };
        return Err(document
            .error(path, Part::Key, told)
            .hint("leave `where` out to hold the rule against every stage"));
    };
    if swept_here.values.contains(value) {
        return Ok(());
    }
    let values: Vec<String> = swept_here.values.iter().map(super::explain::flow).collect();
    let told = format!(
        "expected one of the swept values {}, found `{}`",
        values.join(", "),
        super::explain::flow(value)
    );
    Err(document.error(path, Part::Value, told))
}
