//! The ids of a stage's requests. Mocks are asked by short ones, `s0-17` or `s0-chat-17` of a load stream with a name, which are
//! read back from their journals; other servers by UUIDs, since some of them refuse a request whose `x-request-id` is none.

use crate::plan::{Stage, Stream, Target};

/// Makes the ids of the requests of one load stream of a stage.
#[derive(Debug, Clone)]
pub(super) struct Ids(Form);

#[derive(Debug, Clone)]
enum Form {
    /// Its stream's name and not its place is in it: what a mock does to a request does not change with the streams beside it.
    Short { before: String },
    /// Of version 4 by its form. Nothing in it is drawn: the same stage has the same ids in each run.
    Uuid { stage: usize, stream: usize },
}

impl Ids {
    /// Those of the stage's stream at this place.
    pub(super) fn of(stage: &Stage, place: usize, stream: &Stream) -> Self {
        match stage.target {
            Target::Mock(_) | Target::Mocks(_) | Target::Stubs { .. } => {
                Self::short(stage.index, stream.name.as_deref())
            }
            Target::Endpoints { .. } | Target::Launch(_) => Self(Form::Uuid {
                stage: stage.index,
                stream: place,
            }),
        }
    }

    /// Those of a mock's stage.
    pub(super) fn short(stage: usize, stream: Option<&str>) -> Self {
        let before = match stream {
            None => format!("s{stage}-"),
            Some(name) => format!("s{stage}-{name}-"),
        };
        Self(Form::Short { before })
    }

    /// The id of request `seq` of the stream.
    pub(super) fn id(&self, seq: u64) -> String {
        match &self.0 {
            Form::Short { before } => format!("{before}{seq}"),
            Form::Uuid { stage, stream } => {
                format!("{stage:08x}-{stream:04x}-4000-8000-{seq:012x}")
            }
        }
    }
}

/// The place of the stage's stream whose request has this id of a mock's, and its number there; `None` where it is none of the
/// stage's requests.
pub fn number(stage: &Stage, id: &str) -> Option<(usize, u64)> {
    let names: Vec<Option<&str>> = stage
        .streams
        .iter()
        .map(|stream| stream.name.as_deref())
        .collect();
    number_among(stage.index, &names, id)
}

fn number_among(stage: usize, streams: &[Option<&str>], id: &str) -> Option<(usize, u64)> {
    let (of, rest) = id.strip_prefix('s')?.split_once('-')?;
    let (name, seq) = match rest.rsplit_once('-') {
        None => (None, rest),
        Some((name, seq)) => (Some(name), seq),
    };
    let place = streams.iter().position(|stream| *stream == name)?;
    (of.parse() == Ok(stage)).then_some((place, seq.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mocks_are_asked_by_ids_that_can_be_read_back() {
        let alone = [None];

        assert_eq!(Ids::short(2, None).id(17), "s2-17");
        assert_eq!(number_among(2, &alone, "s2-17"), Some((0, 17)));
        assert_eq!(number_among(1, &alone, "s2-17"), None);
        assert_eq!(number_among(2, &alone, "health-7"), None);
        assert_eq!(number_among(2, &alone, "s2-chat-17"), None);
    }

    #[test]
    fn the_id_of_a_request_of_several_streams_says_of_which_it_is() {
        let streams = [Some("chat"), Some("chat-2"), Some("7")];
        let ids = streams.map(|name| Ids::short(2, name).id(17));

        assert_eq!(ids, ["s2-chat-17", "s2-chat-2-17", "s2-7-17"]);
        let read = ids.each_ref().map(|id| number_among(2, &streams, id));
        assert_eq!(read, [Some((0, 17)), Some((1, 17)), Some((2, 17))]);
        assert_eq!(number_among(2, &streams, "s2-17"), None);
        assert_eq!(number_among(2, &streams, "s2-other-17"), None);
    }

    #[test]
    fn other_servers_are_asked_by_what_is_a_uuid_of_version_4_by_its_form() {
        let id = |stream| Ids(Form::Uuid { stage: 2, stream }).id(17);

        assert_eq!(id(0), "00000002-0000-4000-8000-000000000011");
        assert_eq!(id(1), "00000002-0001-4000-8000-000000000011");
    }
}
