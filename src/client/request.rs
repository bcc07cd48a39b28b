//! What can be asked: a chat or a prompt for one model, with sampling limits, texts to be embedded, or tensors.
//! Checked once, before anything is sent.

use super::{Failure, FailureKind, Operation, Tensor};
use serde::Serialize;

/// One inference request.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Sent along as `x-request-id` and as the protocol's own id, if it has one, and the same on every attempt; what
    /// tells attempts apart is their number, sent from the second one on as `x-stainless-retry-count` (`openai`) or
    /// `grpc-previous-rpc-attempts` (`oip_grpc`). Printable ASCII; not sent when empty.
    pub id: String,
    /// The model's name.
    pub model: String,
    /// What it is given.
    pub input: Input,
    /// The most tokens that it may generate, at least 1. Not looked at where no text is asked for.
    pub max_tokens: u32,
    /// Is the answer wanted piece by piece? Only text comes so.
    pub stream: bool,
    /// Sampling temperature, 0 to 2; the server's own default when left out. Not looked at where no text is asked for.
    pub temperature: Option<f64>,
    /// Share of the probability mass to sample from, 0 to 1; the server's own default when left out. Not looked at where no
    /// text is asked for.
    pub top_p: Option<f64>,
}

/// What a model is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A conversation. At least one message.
    Chat(Vec<Message>),
    /// A text to be completed. Not empty.
    Prompt(String),
    /// Texts, each to be turned into a vector.
    Embedding {
        /// At least one, none of them empty.
        texts: Vec<String>,
        /// How many numbers each vector is to have, at least 1; as many as the model has when left out.
        dimensions: Option<u32>,
    },
    /// Tensors, for the tensors that the model makes of them.
    Tensors {
        /// At least one, each with a name of its own.
        inputs: Vec<Tensor>,
        /// The names of the outputs that are wanted; all that there are when empty.
        outputs: Vec<String>,
    },
}

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub content: String,
}

/// Who speaks in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The one who set the conversation up.
    System,
    /// The one who asks.
    User,
    /// The model.
    Assistant,
}

impl Role {
    /// The role's name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

impl Request {
    /// A request for the vector of each text.
    pub fn embedding(id: impl Into<String>, model: impl Into<String>, texts: Vec<String>) -> Self {
        let dimensions = None;
        Self::of_values(id, model, Input::Embedding { texts, dimensions })
    }

    /// A request for all that a model makes of these tensors.
    pub fn tensors(id: impl Into<String>, model: impl Into<String>, inputs: Vec<Tensor>) -> Self {
        let outputs = Vec::new();
        Self::of_values(id, model, Input::Tensors { inputs, outputs })
    }

    /// A request whose answer is no text.
    fn of_values(id: impl Into<String>, model: impl Into<String>, input: Input) -> Self {
        Self {
            id: id.into(),
            model: model.into(),
            input,
            max_tokens: 0,
            stream: false,
            temperature: None,
            top_p: None,
        }
    }

    /// Checks everything that can be wrong without asking a server.
    ///
    /// # Errors
    /// [`FailureKind::Invalid`], saying which field is wrong and what was expected.
    pub fn validate(&self) -> Result<(), Failure> {
        require(is_printable(&self.id), "id: expected printable ASCII")?;
        require(!self.model.is_empty(), "model: expected a model's name")?;
        self.input.check()?;
        match self.input.operation() {
            Operation::Generate => self.check_sampling(),
            Operation::Embed | Operation::Infer => require(
                !self.stream,
                "stream: expected false, as only text comes piece by piece",
            ),
        }
    }

    fn check_sampling(&self) -> Result<(), Failure> {
        require(self.max_tokens > 0, "max_tokens: expected at least 1")?;
        require(
            self.temperature.is_none_or(|t| (0.0..=2.0).contains(&t)),
            "temperature: expected 0 to 2",
        )?;
        require(
            self.top_p.is_none_or(|p| (0.0..=1.0).contains(&p)),
            "top_p: expected 0 to 1",
        )
    }
}

impl Input {
    /// The conversation, if it is one.
    pub fn messages(&self) -> Option<&[Message]> {
        match self {
            Self::Chat(messages) => Some(messages),
            Self::Prompt(_) | Self::Embedding { .. } | Self::Tensors { .. } => None,
        }
    }

    /// The text to be completed, if it is one.
    pub fn prompt(&self) -> Option<&str> {
        match self {
            Self::Chat(_) | Self::Embedding { .. } | Self::Tensors { .. } => None,
            Self::Prompt(prompt) => Some(prompt),
        }
    }

    /// The texts to be embedded; none if it is something else.
    pub fn texts(&self) -> &[String] {
        match self {
            Self::Chat(_) | Self::Prompt(_) | Self::Tensors { .. } => &[],
            Self::Embedding { texts, .. } => texts,
        }
    }

    /// What is asked for with it.
    pub const fn operation(&self) -> Operation {
        match self {
            Self::Chat(_) | Self::Prompt(_) => Operation::Generate,
            Self::Embedding { .. } => Operation::Embed,
            Self::Tensors { .. } => Operation::Infer,
        }
    }

    fn check(&self) -> Result<(), Failure> {
        let says_something = match self {
            Self::Chat(messages) => messages.iter().any(|message| !message.content.is_empty()),
            Self::Prompt(prompt) => !prompt.is_empty(),
            Self::Embedding { texts, dimensions } => return check_texts(texts, *dimensions),
            Self::Tensors { inputs, outputs } => return check_tensors(inputs, outputs),
        };
        require(says_something, "input: expected a prompt")
    }
}

fn check_texts(texts: &[String], dimensions: Option<u32>) -> Result<(), Failure> {
    require(!texts.is_empty(), "input.texts: expected at least one text")?;
    if let Some(empty) = texts.iter().position(String::is_empty) {
        let message = format!("input.texts[{empty}]: expected a text, found an empty one");
        return Err(Failure::new(FailureKind::Invalid, message));
    }
    require(
        dimensions != Some(0),
        "input.dimensions: expected at least 1",
    )
}

fn check_tensors(inputs: &[Tensor], outputs: &[String]) -> Result<(), Failure> {
    require(
        !inputs.is_empty(),
        "input.inputs: expected at least one tensor",
    )?;
    check_names("inputs", &inputs.iter().map(Tensor::name))?;
    check_names("outputs", &outputs.iter().map(String::as_str))
}

/// Refuses a name that is empty, or that another has.
fn check_names<'a>(
    side: &str,
    names: &(impl Iterator<Item = &'a str> + Clone),
) -> Result<(), Failure> {
    let is_wrong = |(place, name): &(usize, &str)| {
        name.is_empty() || names.clone().take(*place).any(|other| other == *name)
    };
    match names.clone().enumerate().find(is_wrong) {
        None => Ok(()),
        Some((place, name)) => {
            let message =
                format!("input.{side}[{place}]: expected a name of its own, found `{name}`");
            Err(Failure::new(FailureKind::Invalid, message))
        }
    }
}

fn is_printable(id: &str) -> bool {
    id.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

fn require(holds: bool, expected: &'static str) -> Result<(), Failure> {
    if holds {
        Ok(())
    } else {
        Err(Failure::new(FailureKind::Invalid, expected))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn valid() -> Request {
        Request {
            id: "r-1".to_owned(),
            model: "tiny".to_owned(),
            input: Input::Prompt("hello".to_owned()),
            max_tokens: 1,
            stream: false,
            temperature: Some(2.0),
            top_p: Some(0.0),
        }
    }

    fn refusal(change: impl FnOnce(&mut Request)) -> String {
        let mut request = valid();
        change(&mut request);
        request.validate().unwrap_err().to_string()
    }

    #[test]
    fn bounds_themselves_are_valid() {
        assert_eq!(valid().validate(), Ok(()));
    }

    #[test]
    fn each_wrong_field_is_refused_by_name() {
        assert_eq!(
            refusal(|r| r.id = "a\nb".to_owned()),
            "invalid: id: expected printable ASCII"
        );
        assert_eq!(
            refusal(|r| r.model.clear()),
            "invalid: model: expected a model's name"
        );
        assert_eq!(
            refusal(|r| r.input = Input::Chat(vec![])),
            "invalid: input: expected a prompt"
        );
        assert_eq!(
            refusal(|r| r.max_tokens = 0),
            "invalid: max_tokens: expected at least 1"
        );
        assert_eq!(
            refusal(|r| r.temperature = Some(2.1)),
            "invalid: temperature: expected 0 to 2"
        );
        assert_eq!(
            refusal(|r| r.top_p = Some(f64::NAN)),
            "invalid: top_p: expected 0 to 1"
        );
    }

    #[test]
    fn texts_to_embed_are_checked_one_by_one_and_need_no_sampling_limits() {
        let embedding = |texts: &[&str], dimensions| {
            let texts = texts.iter().map(ToString::to_string).collect();
            Input::Embedding { texts, dimensions }
        };
        let request = Request::embedding("", "tiny", vec!["one".to_owned()]);

        assert_eq!(request.validate(), Ok(()));
        assert_eq!(
            refusal(|r| r.input = embedding(&[], None)),
            "invalid: input.texts: expected at least one text"
        );
        assert_eq!(
            refusal(|r| r.input = embedding(&["one", ""], None)),
            "invalid: input.texts[1]: expected a text, found an empty one"
        );
        assert_eq!(
            refusal(|r| r.input = embedding(&["one"], Some(0))),
            "invalid: input.dimensions: expected at least 1"
        );
        let streamed = Request {
            stream: true,
            ..request
        };
        assert_eq!(
            streamed.validate().unwrap_err().to_string(),
            "invalid: stream: expected false, as only text comes piece by piece"
        );
    }

    #[test]
    fn tensors_each_have_a_name_of_their_own() {
        let named = |name: &str| Tensor::of(name, &[1], &[1_u8]).unwrap();
        let tensors = |inputs, outputs: &[&str]| Input::Tensors {
            inputs,
            outputs: outputs.iter().map(ToString::to_string).collect(),
        };

        assert_eq!(
            Request::tensors("", "m", vec![named("x")]).validate(),
            Ok(())
        );
        assert_eq!(
            refusal(|r| r.input = tensors(vec![], &[])),
            "invalid: input.inputs: expected at least one tensor"
        );
        assert_eq!(
            refusal(|r| r.input = tensors(vec![named("x"), named("x")], &[])),
            "invalid: input.inputs[1]: expected a name of its own, found `x`"
        );
        assert_eq!(
            refusal(|r| r.input = tensors(vec![named("x")], &["y", ""])),
            "invalid: input.outputs[1]: expected a name of its own, found ``"
        );
    }
}
