//! What tells two questions apart: everything that decides the answer, and nothing else.

use crate::client::{Input, Request, Role, Tensor};
use std::sync::Arc;

/// What a request asks for. Two requests have the same key exactly when they ask for the same. Cheap to copy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(Arc<Asked>);

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Asked {
    model: String,
    /// Everything else, in a form of which no two questions have the same.
    rest: Vec<u8>,
}

impl Key {
    /// Neither the id counts nor whether the answer is wanted piece by piece: both change how it comes, not what it says.
    pub(super) fn of(request: &Request) -> Self {
        let Request {
            id: _,
            model,
            input,
            max_tokens,
            stream: _,
            temperature,
            top_p,
        } = request;
        let mut rest = Vec::new();
        rest.extend(max_tokens.to_le_bytes());
        number(&mut rest, *temperature);
        number(&mut rest, *top_p);
        put_input(&mut rest, input);
        let model = model.clone();
        Self(Arc::new(Asked { model, rest }))
    }

    pub(super) fn model(&self) -> &str {
        &self.0.model
    }

    /// How much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Asked>() + self.0.model.len() + self.0.rest.len()
    }
}

/// Each kind of input begins with a byte of its own.
fn put_input(rest: &mut Vec<u8>, input: &Input) {
    match input {
        Input::Prompt(prompt) => {
            rest.push(0);
            text(rest, prompt);
        }
        Input::Chat(messages) => {
            rest.push(1);
            for message in messages {
                rest.push(match message.role {
                    Role::System => 0,
                    Role::User => 1,
                    Role::Assistant => 2,
                });
                text(rest, &message.content);
            }
        }
        Input::Embedding { texts, dimensions } => {
            rest.push(2);
            rest.extend(dimensions.unwrap_or_default().to_le_bytes());
            for input in texts {
                text(rest, input);
            }
        }
        Input::Tensors { inputs, outputs } => {
            rest.push(3);
            rest.extend(outputs.len().to_le_bytes());
            for name in outputs {
                text(rest, name);
            }
            for input in inputs {
                put_tensor(rest, input);
            }
        }
    }
}

fn put_tensor(rest: &mut Vec<u8>, tensor: &Tensor) {
    text(rest, tensor.name());
    text(rest, tensor.datatype().name());
    rest.extend(tensor.shape().len().to_le_bytes());
    for length in tensor.shape() {
        rest.extend(length.to_le_bytes());
    }
    bytes(rest, tensor.contents());
}

fn text(rest: &mut Vec<u8>, text: &str) {
    bytes(rest, text.as_bytes());
}

/// Bytes with their length before them, so that where they end is no matter of what they say.
fn bytes(rest: &mut Vec<u8>, bytes: &[u8]) {
    rest.extend(bytes.len().to_le_bytes());
    rest.extend_from_slice(bytes);
}

fn number(rest: &mut Vec<u8>, number: Option<f64>) {
    rest.push(u8::from(number.is_some()));
    rest.extend(number.unwrap_or_default().to_bits().to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Message;

    fn request(input: Input) -> Request {
        Request {
            id: "one".to_owned(),
            model: "tiny".to_owned(),
            input,
            max_tokens: 4,
            stream: false,
            temperature: None,
            top_p: None,
        }
    }

    fn prompt(text: &str) -> Request {
        request(Input::Prompt(text.to_owned()))
    }

    fn chat(messages: &[(Role, &str)]) -> Request {
        let message = |&(role, content): &(Role, &str)| Message {
            role,
            content: content.to_owned(),
        };
        request(Input::Chat(messages.iter().map(message).collect()))
    }

    #[test]
    fn how_an_answer_is_wanted_does_not_count() {
        let other = Request {
            id: "two".to_owned(),
            stream: true,
            ..prompt("hello")
        };

        assert_eq!(Key::of(&prompt("hello")), Key::of(&other));
    }

    #[test]
    fn everything_that_decides_an_answer_counts() {
        use Role::{Assistant, System, User};
        let asked = [
            prompt("ab"),
            prompt("a"),
            chat(&[(User, "ab")]),
            chat(&[(System, "ab")]),
            chat(&[(User, "a"), (User, "b")]),
            chat(&[(User, "a"), (Assistant, "b")]),
            chat(&[(User, "a"), (User, ""), (User, "b")]),
            Request {
                model: "tin".to_owned(),
                ..prompt("ab")
            },
            Request {
                max_tokens: 5,
                ..prompt("ab")
            },
            Request {
                temperature: Some(0.0),
                ..prompt("ab")
            },
            Request {
                top_p: Some(0.0),
                ..prompt("ab")
            },
        ];
        let embedding = |texts: &[&str], dimensions| {
            let texts = texts.iter().map(|&text| text.to_owned()).collect();
            Key::of(&request(Input::Embedding { texts, dimensions }))
        };
        let mut keys: Vec<Key> = asked.iter().map(Key::of).collect();
        keys.extend([
            embedding(&["ab"], None),
            embedding(&["ab"], Some(1)),
            embedding(&["a", "b"], None),
        ]);
        let tensor = |name, shape: &[u64], outputs: &[&str]| {
            let inputs = vec![Tensor::of(name, shape, &[1_u8, 2]).unwrap()];
            let outputs = outputs.iter().map(ToString::to_string).collect();
            Key::of(&request(Input::Tensors { inputs, outputs }))
        };
        keys.extend([
            tensor("x", &[2], &[]),
            tensor("y", &[2], &[]),
            tensor("x", &[1, 2], &[]),
            tensor("x", &[2], &["y"]),
        ]);

        keys.sort();
        keys.dedup();

        assert_eq!(keys.len(), asked.len() + 7);
    }
}
