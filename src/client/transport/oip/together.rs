//! Several requests for tensors as one, along the first dimension of their inputs: rows one after the other, and the rows of
//! each output shared out as those of the inputs were.

use crate::client::transport::{Delta, Opened};
use crate::client::{Failure, FailureKind, Input, Request, Tensor, Values};
use futures_util::{StreamExt, stream};

/// Requests that were made one.
#[derive(Debug)]
pub(in crate::client::transport) struct Joined {
    pub(in crate::client::transport) request: Request,
    /// How many rows are each one's own.
    counts: Vec<u64>,
}

/// Makes one of requests of one kind, under the id of the first.
///
/// # Errors
/// [`FailureKind::Invalid`] for those that ask for something else than tensors.
pub(in crate::client::transport) fn join(requests: &[Request]) -> Result<Joined, Failure> {
    let Some((first, Input::Tensors { inputs, outputs })) =
        requests.first().map(|first| (first, &first.input))
    else {
        let message = "expected requests for tensors, as others cannot be sent as one";
        return Err(Failure::new(FailureKind::Invalid, message));
    };
    let joined = inputs.iter().enumerate().map(|(place, tensor)| {
        let of_each = requests.iter();
        tensor.joined(of_each.filter_map(|request| inputs_of(request).get(place)))
    });
    let input = Input::Tensors {
        inputs: joined.collect(),
        outputs: outputs.clone(),
    };
    let rows = |request: &Request| {
        let first = inputs_of(request).first();
        first.and_then(Tensor::rows).unwrap_or_default()
    };
    Ok(Joined {
        request: Request {
            input,
            ..first.clone()
        },
        counts: requests.iter().map(rows).collect(),
    })
}

fn inputs_of(request: &Request) -> &[Tensor] {
    match &request.input {
        Input::Tensors { inputs, .. } => inputs,
        Input::Chat(_) | Input::Prompt(_) | Input::Embedding { .. } => &[],
    }
}

impl Joined {
    /// The answer with a delta for each, in their order.
    pub(in crate::client::transport) fn split(self, opened: Opened) -> Opened {
        let counts = self.counts;
        let deltas = opened.deltas.flat_map(move |delta| {
            let parts = match delta.and_then(|whole| deltas(whole, &counts)) {
                Ok(parts) => parts.into_iter().map(Ok).collect(),
                Err(failure) => vec![Err(failure)],
            };
            stream::iter(parts)
        });
        Opened {
            deltas: deltas.boxed(),
            ..opened
        }
    }
}

/// What an answer says to each.
fn deltas(whole: Delta, counts: &[u64]) -> Result<Vec<Delta>, Failure> {
    let outputs = match whole.values {
        Some(Values::Tensors(outputs)) => outputs,
        Some(Values::Vectors(_)) | None => Vec::new(),
    };
    let mut parts = vec![Vec::with_capacity(outputs.len()); counts.len()];
    for output in outputs {
        let Some(shares) = output.shared_out(counts) else {
            return Err(undivided(&output, counts));
        };
        for (part, share) in parts.iter_mut().zip(shares) {
            part.push(share);
        }
    }
    let delta = |tensors| Delta {
        values: Some(Values::Tensors(tensors)),
        usage: whole.usage,
        ..Delta::empty(whole.at)
    };
    Ok(parts.into_iter().map(delta).collect())
}

fn undivided(output: &Tensor, counts: &[u64]) -> Failure {
    let rows = counts.iter().sum::<u64>();
    let message = format!(
        "expected output `{}` to have {rows} in its first dimension, as the inputs of the {} requests have that were sent together, found shape {:?}: leave `batch` out where a model has no such dimension",
        output.name(),
        counts.len(),
        output.shape()
    );
    Failure::new(FailureKind::Malformed, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::Instant;

    fn request(id: &str, elements: &[i32]) -> Request {
        let rows = u64::try_from(elements.len()).unwrap();
        let inputs = ["x", "y"].map(|name| Tensor::of(name, &[rows], elements).unwrap());
        Request::tensors(id, "echo", inputs.to_vec())
    }

    fn answered(tensors: Vec<Tensor>) -> Delta {
        Delta {
            values: Some(Values::Tensors(tensors)),
            ..Delta::empty(Instant::now())
        }
    }

    #[test]
    fn rows_go_out_in_the_order_of_the_requests_and_come_back_to_their_own() {
        let requests = [request("a", &[1]), request("b", &[2, 3])];

        let joined = join(&requests).unwrap();

        assert_eq!(joined.request, request("a", &[1, 2, 3]));
        let output = Tensor::of("z", &[3, 1], &[0.5_f32, 1.5, 2.5]).unwrap();
        let parts = deltas(answered(vec![output]), &joined.counts).unwrap();
        let values: Vec<Option<Values>> = parts.into_iter().map(|part| part.values).collect();
        let part = |elements: &[f32]| {
            let rows = u64::try_from(elements.len()).unwrap();
            let tensor = Tensor::of("z", &[rows, 1], elements).unwrap();
            Some(Values::Tensors(vec![tensor]))
        };
        assert_eq!(values, [part(&[0.5]), part(&[1.5, 2.5])]);
    }

    #[test]
    fn an_output_without_a_row_for_each_is_no_answer_to_any() {
        let output = Tensor::of("z", &[1, 2], &[1_u8, 2]).unwrap();

        let failure = deltas(answered(vec![output]), &[1, 2]).unwrap_err();

        assert_eq!(
            failure.to_string(),
            "malformed: expected output `z` to have 3 in its first dimension, as the inputs of the 2 requests have that were sent together, found shape [1, 2]: leave `batch` out where a model has no such dimension"
        );
    }
}
