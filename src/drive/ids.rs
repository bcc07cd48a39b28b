//! The ids of a stage's requests. Mocks are asked by short ones, `s0-17`, which are read back from their journals; other
//! servers by UUIDs, since some of them refuse a request whose `x-request-id` is none.

use crate::plan::{Stage, Target};

/// Makes the ids of one stage's requests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ids {
    stage: usize,
    form: Form,
}

#[derive(Debug, Clone, Copy)]
enum Form {
    Short,
    /// Of version 4 by its form. Nothing in it is drawn: the same stage has the same ids in each run.
    Uuid,
}

impl Ids {
    pub(super) fn of(stage: &Stage) -> Self {
        Self {
            stage: stage.index,
            form: match stage.target {
                Target::Mock(_) | Target::Mocks(_) | Target::Stubs { .. } => Form::Short,
                Target::Endpoints { .. } | Target::Launch(_) => Form::Uuid,
            },
        }
    }

    /// Those of a mock's stage.
    #[cfg(test)]
    pub(super) fn short(stage: usize) -> Self {
        let form = Form::Short;
        Self { stage, form }
    }

    /// The id of request `seq`.
    pub(super) fn id(self, seq: u64) -> String {
        let stage = self.stage;
        match self.form {
            Form::Short => format!("s{stage}-{seq}"),
            Form::Uuid => format!("{stage:08x}-0000-4000-8000-{seq:012x}"),
        }
    }
}

/// The number of the stage's request with this id of a mock's; `None` where it is none of its requests.
pub fn number(stage: usize, id: &str) -> Option<u64> {
    let (of, seq) = id.strip_prefix('s')?.split_once('-')?;
    (of.parse() == Ok(stage)).then(|| seq.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(form: Form, seq: u64) -> String {
        Ids { stage: 2, form }.id(seq)
    }

    #[test]
    fn mocks_are_asked_by_ids_that_can_be_read_back() {
        assert_eq!(id(Form::Short, 17), "s2-17");
        assert_eq!(number(2, "s2-17"), Some(17));
        assert_eq!(number(1, "s2-17"), None);
        assert_eq!(number(2, "health-7"), None);
    }

    #[test]
    fn other_servers_are_asked_by_what_is_a_uuid_of_version_4_by_its_form() {
        assert_eq!(id(Form::Uuid, 17), "00000002-0000-4000-8000-000000000011");
    }
}
