//! What a path asks for: `/v2/models/org%2Ftiny/versions/1/infer` is inference by the model `org/tiny` in version 1.

use crate::course::Delivery;
use crate::protocol::rest::percent_decode;
use http::Method;

/// A path of the protocol, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) action: Action,
    /// The model; empty where the action has none.
    pub(super) model: String,
    /// Its version; empty for whichever there is.
    pub(super) version: String,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Say that the server is alive.
    Live,
    /// Say that it is ready.
    Ready,
    /// Say what it is.
    Server,
    /// Say what a model is.
    Model,
    /// Say whether a model is ready.
    ModelReady,
    /// Say how a model is configured.
    Configuration,
    /// Say what was counted of a model, or of all.
    Statistics,
    /// List the repository.
    Index,
    /// Load a model.
    Load,
    /// Unload a model.
    Unload,
    /// Answer tensors with tensors.
    Infer,
    /// Answer a text with a text.
    Generate(Delivery),
}

impl Action {
    /// The one method by which it is asked for.
    pub(super) fn method(self) -> Method {
        match self {
            Self::Live
            | Self::Ready
            | Self::Server
            | Self::Model
            | Self::ModelReady
            | Self::Configuration
            | Self::Statistics => Method::GET,
            Self::Index | Self::Load | Self::Unload | Self::Infer | Self::Generate(_) => {
                Method::POST
            }
        }
    }
}

impl Call {
    /// Takes a path apart, if it leads anywhere.
    pub(super) fn read(path: &str) -> Option<Self> {
        let rest = path.strip_prefix("/v2")?;
        let segments: Vec<_> = rest.split('/').skip(1).collect();
        let server = |action| Some(Self::of(action, "", ""));
        match segments.as_slice() {
            [] => server(Action::Server),
            ["health", "live"] => server(Action::Live),
            ["health", "ready"] => server(Action::Ready),
            ["repository", "index"] => server(Action::Index),
            ["repository", "models", model, "load"] => Self::model(Action::Load, model, ""),
            ["repository", "models", model, "unload"] => Self::model(Action::Unload, model, ""),
            ["models", "stats"] => server(Action::Statistics),
            ["models", model, "versions", version, rest @ ..] => {
                Self::model(action(rest)?, model, version)
            }
            ["models", model, rest @ ..] => Self::model(action(rest)?, model, ""),
            _ => None,
        }
    }

    fn model(action: Action, model: &str, version: &str) -> Option<Self> {
        let (model, version) = (percent_decode(model)?, percent_decode(version)?);
        Some(Self::of(action, &model, &version))
    }

    fn of(action: Action, model: &str, version: &str) -> Self {
        Self {
            action,
            model: model.to_owned(),
            version: version.to_owned(),
        }
    }
}

/// What is asked of a model by the rest of its path.
fn action(rest: &[&str]) -> Option<Action> {
    match rest {
        [] => Some(Action::Model),
        ["ready"] => Some(Action::ModelReady),
        ["config"] => Some(Action::Configuration),
        ["stats"] => Some(Action::Statistics),
        ["infer"] => Some(Action::Infer),
        ["generate"] => Some(Action::Generate(Delivery::Whole)),
        ["generate_stream"] => Some(Action::Generate(Delivery::Streamed)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_of_the_protocol_is_understood() {
        let generate = Action::Generate(Delivery::Whole);
        let stream = Action::Generate(Delivery::Streamed);
        for (path, action, model, version) in [
            ("/v2", Action::Server, "", ""),
            ("/v2/health/live", Action::Live, "", ""),
            ("/v2/health/ready", Action::Ready, "", ""),
            ("/v2/repository/index", Action::Index, "", ""),
            ("/v2/repository/models/a/load", Action::Load, "a", ""),
            ("/v2/repository/models/a/unload", Action::Unload, "a", ""),
            ("/v2/models/a", Action::Model, "a", ""),
            ("/v2/models/a/versions/1", Action::Model, "a", "1"),
            ("/v2/models/a/ready", Action::ModelReady, "a", ""),
            ("/v2/models/a/config", Action::Configuration, "a", ""),
            ("/v2/models/stats", Action::Statistics, "", ""),
            ("/v2/models/a/stats", Action::Statistics, "a", ""),
            (
                "/v2/models/a/versions/1/stats",
                Action::Statistics,
                "a",
                "1",
            ),
            ("/v2/models/org%2Fa/infer", Action::Infer, "org/a", ""),
            ("/v2/models/a/versions/1/infer", Action::Infer, "a", "1"),
            ("/v2/models/a/generate", generate, "a", ""),
            ("/v2/models/a/versions/1/generate_stream", stream, "a", "1"),
        ] {
            assert_eq!(
                Call::read(path),
                Some(Call::of(action, model, version)),
                "{path}"
            );
        }
    }

    #[test]
    fn other_paths_lead_nowhere() {
        for path in [
            "/v2/",
            "/v2/models",
            "/v2/nope",
            "/v2/models/a/nope",
            "/v2/models/a/infer/",
            "/v2/models/%ff/infer",
            "/v2/repository/models/a",
        ] {
            assert_eq!(Call::read(path), None, "{path}");
        }
    }
}
