//! Examples for whoever wants to try the mock: lines to paste into a shell, as they are. Together they are a script that a
//! shell can run, because headings are comments of it.
//!
//! ```text
//! # curl: a chat
//! curl http://127.0.0.1:8000/v1/chat/completions \
//!   -H 'content-type: application/json' \
//!   -d '{"model": "tiny", ...}'
//! ```

use super::access::{Access, KEY};
use super::quote;
use inferometer_mock::{ModelSpec, TensorSpec};
use std::net::SocketAddr;

/// What the examples are about.
#[derive(Debug)]
pub(super) struct Examples<'a> {
    /// Where a client on this machine finds the REST APIs.
    pub(super) rest: SocketAddr,
    /// Where it finds the gRPC service.
    pub(super) grpc: SocketAddr,
    /// What it needs in order to get in.
    pub(super) access: &'a Access,
    /// The certificate to save first, in PEM, where the mock has made it and nobody has written it anywhere yet.
    pub(super) certificate: Option<&'a str>,
    /// The model to ask.
    pub(super) model: &'a ModelSpec,
}

impl Examples<'_> {
    /// All of them, with an empty line between each two.
    pub(super) fn text(&self) -> String {
        let preparations = [self.save(), self.key(), self.load()];
        let examples = [
            self.chat("curl: a chat", "curl", ""),
            self.chat(
                "curl: the same as a stream",
                "curl -N",
                "\"stream\": true, ",
            ),
            self.openai(),
            self.triton("REST", "http", self.rest, self.access.triton_http()),
            self.triton("gRPC", "grpc", self.grpc, self.access.triton_grpc()),
            self.grpcurl(),
        ];
        let blocks: Vec<String> = preparations.into_iter().flatten().chain(examples).collect();
        blocks.join("\n\n")
    }

    fn url(&self) -> String {
        format!("{}://{}", self.access.scheme(), self.rest)
    }

    fn save(&self) -> Option<String> {
        let pem = self.certificate?.trim_end();
        let file = self.access.trusted.as_deref().map(quote::shell)?;
        Some(format!(
            "# The certificate of this mock, which its clients have to trust\ncat > {file} <<'END'\n{pem}\nEND"
        ))
    }

    fn key(&self) -> Option<String> {
        let told = format!("# One of its keys, for the examples\nexport {KEY}=KEY");
        self.access.sends_a_key.then_some(told)
    }

    fn load(&self) -> Option<String> {
        let name = quote::segment(&self.model.name);
        let first = format!(
            "curl -X POST {}/v2/repository/models/{name}/load",
            self.url()
        );
        let command = command(&[vec![first], self.access.curl()].concat());
        (!self.model.loaded).then(|| format!("# curl: load a model, as none is\n{command}"))
    }

    fn chat(&self, title: &str, curl: &str, stream: &str) -> String {
        let model = quote::json(&self.model.name);
        let body = format!(
            "-d '{{\"model\": {model}, \"max_tokens\": 8, {stream}\n       \"messages\": [{{\"role\": \"user\", \"content\": \"hello\"}}]}}'"
        );
        let body = body.replace(", \n", ",\n");
        let lines = [
            vec![format!("{curl} {}/v1/chat/completions", self.url())],
            self.access.curl(),
            vec!["-H 'content-type: application/json'".to_owned(), body],
        ];
        format!("# {title}\n{}", command(&lines.concat()))
    }

    fn openai(&self) -> String {
        let (prepared, settings) = self.access.openai();
        let url = format!("base_url=\"{}/v1\"", self.url());
        let client = call("client = openai.OpenAI", &[vec![url], settings].concat());
        let model = quote::python(&self.model.name);
        let lines = [
            vec![format!("import {}", self.modules("openai", true))],
            prepared,
            vec![
                client,
                "answer = client.chat.completions.create(".to_owned(),
                format!("    model={model}, max_tokens=8,"),
                "    messages=[{\"role\": \"user\", \"content\": \"hello\"}])".to_owned(),
                "print(answer.choices[0].message.content)".to_owned(),
            ],
        ];
        script("OpenAI's SDK: pip install openai", &lines.concat())
    }

    fn triton(
        &self,
        protocol: &str,
        flavour: &str,
        address: SocketAddr,
        settings: Vec<String>,
    ) -> String {
        let address = format!("\"{address}\"");
        let client = "client = triton.InferenceServerClient";
        let model = quote::python(&self.model.name);
        let asked = vec![model, "tensors".to_owned()];
        let answer = call(
            "answer = client.infer",
            &[asked, self.access.triton_call()].concat(),
        );
        let modules = self.modules(
            &format!("numpy as np, tritonclient.{flavour} as triton"),
            false,
        );
        let lines = [
            vec![
                format!("import {modules}"),
                call(client, &[vec![address], settings].concat()),
            ],
            self.tensors(),
            vec![answer, format!("print(answer.as_numpy({}))", self.output())],
        ];
        let title =
            format!("Triton's client over {protocol}: pip install 'tritonclient[{flavour}]'");
        script(&title, &lines.concat())
    }

    /// The modules that an example imports, with those that it needs to get in.
    fn modules(&self, own: &str, trusts_by_context: bool) -> String {
        let os = if self.access.sends_a_key { ", os" } else { "" };
        let trusts = trusts_by_context && self.access.trusted.is_some();
        let ssl = if trusts { ", ssl" } else { "" };
        format!("{own}{os}{ssl}")
    }

    /// Lines that make the input tensors: a greeting for a model of text, zeros for what a model declares.
    fn tensors(&self) -> Vec<String> {
        if self.model.inputs.is_empty() {
            return vec![
                "tensors = [triton.InferInput(\"text_input\", [1], \"BYTES\")]".to_owned(),
                "tensors[0].set_data_from_numpy(np.array([\"hello\"], dtype=object))".to_owned(),
            ];
        }
        let mut lines = vec![
            "from tritonclient.utils import triton_to_np_dtype".to_owned(),
            "tensors = []".to_owned(),
        ];
        for input in &self.model.inputs {
            let (name, shape) = (quote::python(&input.name), shape(input));
            let datatype = input.datatype.name();
            lines.push(format!(
                "tensors.append(triton.InferInput({name}, {shape}, \"{datatype}\"))"
            ));
            lines.push(format!(
                "zeros = np.zeros({shape}, triton_to_np_dtype(\"{datatype}\"))"
            ));
            lines.push("tensors[-1].set_data_from_numpy(zeros)".to_owned());
        }
        lines
    }

    fn output(&self) -> String {
        let declared = self.model.outputs.first().or(self.model.inputs.first());
        quote::python(declared.map_or("text_output", |output| output.name.as_str()))
    }

    fn grpcurl(&self) -> String {
        let message = format!("-d '{{\"name\": {}}}'", quote::json(&self.model.name));
        let method = "inference.GRPCInferenceService/ModelMetadata";
        let mut lines = self.access.grpcurl();
        lines.push(message);
        if let Some(first) = lines.first_mut() {
            first.insert_str(0, "grpcurl ");
        }
        lines.push(format!("{} {method}", self.grpc));
        format!("# grpcurl, by reflection\n{}", command(&lines))
    }
}

/// One command of a shell over several lines.
fn command(lines: &[String]) -> String {
    lines.join(" \\\n  ")
}

/// A call in Python, on one line if it is short.
fn call(function: &str, arguments: &[String]) -> String {
    let line = format!("{function}({})", arguments.join(", "));
    if line.len() <= WIDEST {
        return line;
    }
    format!("{function}(\n    {})", arguments.join(",\n    "))
}

/// Columns of the narrowest terminal that people use.
pub(super) const WIDEST: usize = 80;

/// A script of Python, given to it by a shell.
fn script(title: &str, lines: &[String]) -> String {
    format!("# {title}\npython3 - <<'END'\n{}\nEND", lines.join("\n"))
}

/// A shape that fits: one where any length does.
fn shape(tensor: &TensorSpec) -> String {
    let lengths: Vec<String> = tensor
        .shape
        .iter()
        .map(|length| length.unsigned_abs().to_string())
        .collect();
    format!("[{}]", lengths.join(", "))
}
