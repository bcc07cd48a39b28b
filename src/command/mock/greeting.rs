//! What a mock says once it answers: examples to paste, what its file described, and its addresses, which stand last
//! because a terminal shows the end.
//!
//! ```text
//! OpenAI REST                     http://127.0.0.1:8000/v1
//! Open Inference Protocol (gRPC)  http://127.0.0.1:8001
//! ```

mod access;
mod description;
mod examples;
mod quote;

use access::Access;
use examples::Examples;
use inferometer_mock::{Mock, MockSpec, ModelSpec};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

/// All that a greeting tells of.
#[derive(Debug)]
pub(super) struct Greeting<'a> {
    /// Where the mock listens.
    pub(super) rest: SocketAddr,
    /// The same for gRPC.
    pub(super) grpc: SocketAddr,
    /// The same for the admin API.
    pub(super) admin: SocketAddr,
    /// What it was started with.
    pub(super) spec: &'a MockSpec,
    /// The file that this was read from, if there is one.
    pub(super) described_in: Option<&'a Path>,
    /// The certificate that it has made for itself, in PEM.
    pub(super) certificate: Option<&'a str>,
    /// The file that this was written to, if one was named.
    pub(super) certificate_file: Option<&'a Path>,
}

impl<'a> Greeting<'a> {
    /// The greeting of a mock that runs.
    pub(super) fn of(mock: &'a Mock, spec: &'a MockSpec) -> Self {
        Self {
            rest: mock.rest_address(),
            grpc: mock.grpc_address(),
            admin: mock.admin_address(),
            spec,
            described_in: None,
            certificate: mock.certificate_pem(),
            certificate_file: None,
        }
    }

    /// All of it.
    pub(super) fn text(&self) -> String {
        let mut parts = vec![self.examples()];
        if let Some(file) = self.described_in {
            let file = quote::visible(&file.to_string_lossy());
            parts.push(format!(
                "{file} describes\n{}",
                description::text(self.spec)
            ));
        }
        parts.push(self.addresses());
        parts.push("Ctrl-C ends it.".to_owned());
        parts.join("\n\n")
    }

    /// The addresses alone, a line for each.
    pub(super) fn addresses(&self) -> String {
        let scheme = self.access().scheme();
        let (rest, grpc, admin) = (self.rest, self.grpc, self.admin);
        format!(
            "OpenAI REST                     {scheme}://{rest}/v1
Open Inference Protocol (REST)  {scheme}://{rest}/v2
Open Inference Protocol (gRPC)  {scheme}://{grpc}
Admin API                       http://{admin}/admin/
Metrics for Prometheus          {scheme}://{rest}/metrics"
        )
    }

    fn access(&self) -> Access {
        Access::to(self.spec, self.certificate_file)
    }

    fn examples(&self) -> String {
        let usual = ModelSpec::named("tiny");
        let examples = Examples {
            rest: seen_from_here(self.rest),
            grpc: seen_from_here(self.grpc),
            access: &self.access(),
            certificate: self.certificate.filter(|_| self.certificate_file.is_none()),
            model: example_model(&self.spec.models).unwrap_or(&usual),
        };
        examples.text()
    }
}

/// The model that is easiest to ask: one that is loaded rather than not, of text rather than of tensors.
fn example_model(models: &[ModelSpec]) -> Option<&ModelSpec> {
    let loaded = || models.iter().filter(|model| model.loaded);
    let of_text = loaded().find(|model| model.inputs.is_empty());
    of_text.or_else(|| loaded().next()).or(models.first())
}

/// Where a client on this machine finds what listens at `address`, which may be every address that it has.
fn seen_from_here(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests;
