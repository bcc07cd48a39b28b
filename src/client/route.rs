//! In which order a call tries the endpoints: by the mode's protocols, then by priority, and by a weighted draw among those
//! of the same priority. A list such as `[openai a, oip_grpc b]` under [`Mode::Hybrid`] gives `[1, 0]`.
//!
//! Pure; chance comes in as the call's id.

use super::{Endpoint, Error, Mode, Protocol, retry};
use std::borrow::Cow;
use std::cmp::Ordering;

/// The order of the endpoints that a mode uses.
#[derive(Debug)]
pub(super) struct Route {
    /// Positions, in order; those of one group stand together, as listed.
    order: Vec<usize>,
    /// Those that share a protocol and a priority, where there are several.
    shared: Vec<Shared>,
}

/// A part of the order in which each call draws.
#[derive(Debug)]
struct Shared {
    start: usize,
    weights: Vec<u32>,
}

impl Route {
    /// The route through `endpoints` under `mode`.
    ///
    /// # Errors
    /// [`Error::NoEndpoint`] when the mode can use none of them.
    pub(super) fn new(mode: Mode, endpoints: &[Endpoint]) -> Result<Self, Error> {
        let mut route = Self {
            order: Vec::new(),
            shared: Vec::new(),
        };
        for protocol in mode.protocols() {
            route.add(group(protocol, endpoints));
        }
        if route.order.is_empty() {
            return Err(Error::NoEndpoint { mode });
        }
        Ok(route)
    }

    fn add(&mut self, mut group: Vec<Candidate>) {
        group.sort_by_key(|candidate| candidate.priority);
        for equals in group.chunk_by(|one, other| one.priority == other.priority) {
            if equals.len() > 1 {
                self.shared.push(Shared {
                    start: self.order.len(),
                    weights: equals.iter().map(|candidate| candidate.weight).collect(),
                });
            }
            self.order
                .extend(equals.iter().map(|candidate| candidate.position));
        }
    }

    /// The positions that the mode uses, as a call without an id would try them.
    pub(super) fn positions(&self) -> &[usize] {
        &self.order
    }

    /// The order for one call. It depends on nothing but the call's id.
    pub(super) fn of(&self, id: &str) -> Cow<'_, [usize]> {
        if self.shared.is_empty() {
            return Cow::Borrowed(&self.order);
        }
        let mut order = self.order.clone();
        for shared in &self.shared {
            let end = shared.start + shared.weights.len();
            if let Some(part) = order.get_mut(shared.start..end) {
                draw(part, &shared.weights, id);
            }
        }
        Cow::Owned(order)
    }
}

impl Mode {
    /// Positions of the endpoints that a call may try, first choice first; where several are equally good, as listed.
    pub fn order(self, endpoints: &[Endpoint]) -> Vec<usize> {
        Route::new(self, endpoints).map_or_else(|_| Vec::new(), |route| route.order)
    }
}

/// An endpoint as the order sees it.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    position: usize,
    priority: u64,
    weight: u32,
}

/// The endpoints that speak `protocol`, as listed.
fn group(protocol: Protocol, endpoints: &[Endpoint]) -> Vec<Candidate> {
    endpoints
        .iter()
        .enumerate()
        .filter(|(_, endpoint)| endpoint.protocol == protocol)
        .map(|(position, endpoint)| Candidate {
            position,
            priority: endpoint
                .priority
                .map_or_else(|| u64::try_from(position).unwrap_or(u64::MAX), u64::from),
            weight: endpoint.weight.unwrap_or(1),
        })
        .collect()
}

/// Brings positions into an order in which each comes first as often as its weight says: by keys `-ln(u) / weight`
/// (Efraimidis and Spirakis, <https://doi.org/10.1016/j.ipl.2005.11.003>).
fn draw(positions: &mut [usize], weights: &[u32], id: &str) {
    let mut keyed: Vec<(f64, usize)> = positions
        .iter()
        .zip(weights)
        .enumerate()
        .map(|(nth, (&position, &weight))| (key(id, nth, weight), position))
        .collect();
    keyed.sort_by(|(one, _), (other, _)| one.partial_cmp(other).unwrap_or(Ordering::Equal));
    for (place, (_, position)) in positions.iter_mut().zip(keyed) {
        *place = position;
    }
}

fn key(id: &str, nth: usize, weight: u32) -> f64 {
    // Apart from the draws of pauses, whose rounds count from 1.
    let nth = u32::try_from(nth).map_or(0, |nth| u32::MAX - nth);
    let draw = (f64::from(retry::fraction(id, nth)) + 0.5) / 4_294_967_296.0;
    -draw.ln() / f64::from(weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoints(protocols: &[Protocol]) -> Vec<Endpoint> {
        protocols
            .iter()
            .map(|&protocol| Endpoint::new(protocol, "http://127.0.0.1:1"))
            .collect()
    }

    fn order(mode: Mode, endpoints: &[Endpoint]) -> Vec<usize> {
        Route::new(mode, endpoints).unwrap().of("any").into_owned()
    }

    #[test]
    fn a_mode_uses_its_own_protocols_in_the_order_listed() {
        use Protocol::{OipGrpc, Openai};
        let mixed = endpoints(&[Openai, OipGrpc, Openai, OipGrpc]);

        assert_eq!(order(Mode::Rest, &mixed), [0, 2]);
        assert_eq!(order(Mode::Grpc, &mixed), [1, 3]);
        assert_eq!(order(Mode::Hybrid, &mixed), [1, 3, 0, 2]);
        assert_eq!(order(Mode::HybridRestFirst, &mixed), [0, 2, 1, 3]);
    }

    #[test]
    fn a_mode_without_any_endpoint_is_refused() {
        let rest_only = endpoints(&[Protocol::Openai]);

        let refused = Route::new(Mode::Grpc, &rest_only).unwrap_err();

        assert_eq!(
            refused.to_string(),
            "mode `grpc` has no endpoint to use: expected at least one that speaks oip_grpc"
        );
    }

    #[test]
    fn a_lower_priority_comes_first_whatever_the_order_of_the_list() {
        let mut three = endpoints(&[Protocol::Openai; 3]);
        three[0].priority = Some(7);
        three[2].priority = Some(0);

        // The second one has its position, 1.
        assert_eq!(order(Mode::Rest, &three), [2, 1, 0]);
    }

    #[test]
    fn endpoints_of_one_priority_share_the_requests_by_weight() {
        let mut three = endpoints(&[Protocol::Openai; 3]);
        for (endpoint, weight) in three.iter_mut().zip([3, 1, 6]) {
            (endpoint.priority, endpoint.weight) = (Some(0), Some(weight));
        }
        let route = Route::new(Mode::Rest, &three).unwrap();

        let mut first = [0; 3];
        for id in 0..10_000 {
            let order = route.of(&format!("s0-{id}")).into_owned();
            first[order[0]] += 1;
            let mut all = order;
            all.sort_unstable();
            assert_eq!(all, [0, 1, 2]);
        }

        for (count, expected) in first.into_iter().zip([3000_i32, 1000, 6000]) {
            assert!((count - expected).abs() < 150, "{first:?}");
        }
        assert_eq!(route.of("s0-1"), route.of("s0-1"));
    }
}
