//! The text of a scenario as a tree of values that knows where each of them stands: `load.closed.in_flight` is `10` at
//! line 4, column 28. The only file that touches the YAML crate; everything behind it works on the tree.

mod contents;
mod files;
mod overlay;
mod path;
mod substitute;
mod underlay;

pub use contents::Contents;
pub use overlay::Part;
pub use path::{Path, Step};

use super::error::{Error, Place, Source};
use super::secret;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::{
    Error as YamlError, Location, MessageFormatter, Options, Spanned, UserMessageFormatter,
};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A scenario file as read: the tree, where each part stands, and what was laid over it since.
#[derive(Debug, Clone)]
pub struct Document {
    contents: Contents,
    source: Arc<Source>,
    places: Arc<BTreeMap<Path, Spot>>,
    tree: Value,
    overlays: Vec<(Path, Origin)>,
}

/// Where a setting got its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// A file, at this line: the scenario's, or that of its client.
    File {
        /// Its name.
        file: String,
        /// The line, from 1.
        line: u32,
    },
    /// The environment variable of this name.
    Environment(String),
    /// `--set` with this text.
    Set(String),
    /// The element of the sweep at this path, such as `sweep.client.mode[1]`.
    Sweep(Path),
    /// The setting of a variant at this path, such as `variants.unpooled.client.pool`.
    Variant(Path),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { file, line } => write!(f, "{file}:{line}"),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::Set(text) if secret::is_named_in(text) => {
                let path = text.split('=').next().unwrap_or_default();
                write!(f, "--set {path}=(secret)")
            }
            Self::Set(text) => write!(f, "--set {text}"),
            Self::Sweep(_) => f.write_str("sweep"),
            Self::Variant(_) => f.write_str("variant"),
        }
    }
}

/// Where one value stands, and its key if it has one.
#[derive(Debug, Clone)]
struct Spot {
    source: Arc<Source>,
    key: Option<Place>,
    value: Place,
}

impl Document {
    /// Reads the `text` of a scenario; `file` is its name in messages. `${NAME}` in a value is looked up in
    /// `environment`.
    ///
    /// # Errors
    /// The first thing in `text` that is not plain, unambiguous YAML, or a variable that is not set.
    pub fn read(
        file: &str,
        text: &str,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, Error> {
        Self::read_for(Contents::Scenario, file, text, environment)
    }

    /// Reads the `text` of a file that is meant to describe `contents`, and is otherwise like [`Document::read`].
    ///
    /// # Errors
    /// The same.
    pub fn read_for(
        contents: Contents,
        file: &str,
        text: &str,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, Error> {
        let source = Arc::new(Source::new(file, text));
        let root = parse(text).map_err(|error| {
            let message = message_of(&error);
            let hint = hint_for(&message).map(str::to_owned);
            Error::new(&source, "", message)
                .at(error.location().map(place))
                .hint_if(hint)
        })?;
        let mut reader = Reader {
            source: &source,
            environment,
            places: BTreeMap::new(),
        };
        let tree = reader.value(&Path::root(), None, root)?;
        if tree.is_null() {
            let (told, hint) = contents.nothing();
            return Err(Error::new(&source, "", told).hint(hint));
        }
        if !tree.is_object() {
            let place = reader.places.get(&Path::root()).map(|spot| spot.value);
            return Err(Error::new(&source, "", contents.no_block()).at(place));
        }
        Ok(Self {
            contents,
            places: Arc::new(reader.places),
            source,
            tree,
            overlays: Vec::new(),
        })
    }

    /// Does a secret stand at `path` or inside of it, which must not be shown?
    pub fn is_secret(&self, path: &Path) -> bool {
        secret::leads_to(path) || self.get(path).is_some_and(secret::stands_in)
    }

    /// The tree, with everything that was laid over it.
    pub fn tree(&self) -> &Value {
        &self.tree
    }

    /// The value at `path`, if there is one.
    pub fn get(&self, path: &Path) -> Option<&Value> {
        path.steps()
            .iter()
            .try_fold(&self.tree, |node, step| match step {
                Step::Key(key) => node.get(key),
                Step::Index(index) => node.get(index),
            })
    }
}

/// Reads one value as YAML writes it, for `--set path=value` and its like.
///
/// # Errors
/// What is wrong with it.
pub(super) fn parse_value(text: &str) -> Result<Value, String> {
    parse(text)
        .map(|node| node.value.plain())
        .map_err(|error| message_of(&error))
}

/// How many blocks and lists may stand inside one another. The deepest honest scenario has eight.
const DEEPEST: usize = 24;

const TOO_MUCH: &str = "expected a file of reasonable size, found one that grows far beyond it";

/// Limits far above any honest scenario and far below what could hurt.
fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: 20_000,
            max_depth: DEEPEST,
            max_anchors: 100,
            max_aliases: 1_000,
            max_documents: 1,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 20_000,
            max_alias_expansions_per_anchor: 1_000,
        },
        strict_booleans: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

fn parse(text: &str) -> Result<Spanned<Node>, YamlError> {
    // A document that is only comments has no node at all, which the parser would report as an unexpected end.
    match serde_saphyr::from_str_with_options(text, options()) {
        Err(YamlError::Eof { location }) => {
            Ok(Spanned::new(Node::Scalar(Value::Null), location, location))
        }
        parsed => parsed,
    }
}

/// The parser's message in the reader's words.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "foreign enums; the parser's own words do for the rest of them"
)]
fn message_of(error: &YamlError) -> String {
    match error.without_snippet() {
        YamlError::DuplicateMappingKey { key: Some(key), .. } => {
            format!("the key `{key}` stands here for the second time")
        }
        YamlError::AliasReplayLimitExceeded { .. }
        | YamlError::AliasExpansionLimitExceeded { .. } => TOO_MUCH.to_owned(),
        YamlError::Budget { breach, .. } => match breach {
            BudgetBreach::Depth { .. } => {
                format!("expected at most {DEEPEST} blocks or lists inside one another, found more")
            }
            BudgetBreach::Documents { .. } => {
                "expected one document, found a second one after `---`".to_owned()
            }
            _ => TOO_MUCH.to_owned(),
        },
        YamlError::AliasError { error, .. } => message_of(error),
        YamlError::UnknownAnchor { .. } => {
            "expected an alias of an anchor that stands above, found none of this name".to_owned()
        }
        other => UserMessageFormatter.format_message(other).into_owned(),
    }
}

/// What usually causes the parser's message.
fn hint_for(message: &str) -> Option<&'static str> {
    let hints = [
        (
            "mapping values are not allowed",
            "give the keys of one block the same indentation, and quote a text that contains `: `",
        ),
        ("tabs disallowed", "indent with spaces"),
        ("unclosed", "close it where the value ends"),
        ("unsupported tag", "leave the tag out"),
    ];
    hints
        .iter()
        .find(|(part, _)| message.contains(part))
        .map(|(_, hint)| *hint)
}

fn place(location: Location) -> Place {
    let fit = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    Place {
        line: fit(location.line()),
        column: fit(location.column()),
        length: fit(location.span().len()),
    }
}

/// A node of the file before its variables are filled in.
#[derive(Debug)]
enum Node {
    Scalar(Value),
    List(Vec<Spanned<Node>>),
    Block(Vec<(Spanned<String>, Spanned<Node>)>),
}

impl Node {
    fn plain(self) -> Value {
        match self {
            Self::Scalar(value) => value,
            Self::List(items) => items.into_iter().map(|item| item.value.plain()).collect(),
            Self::Block(entries) => Value::Object(
                entries
                    .into_iter()
                    .map(|(key, node)| (key.value, node.value.plain()))
                    .collect(),
            ),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyNode;
        impl<'de> Visitor<'de> for AnyNode {
            type Value = Node;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a number, true, false, a list or a block")
            }
            fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
                Ok(Node::Scalar(value.into()))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
                Ok(Node::Scalar(value.into()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
                Ok(Node::Scalar(value.into()))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
                Ok(Node::Scalar(value.into()))
            }
            fn visit_str<E>(self, value: &str) -> Result<Node, E> {
                Ok(Node::Scalar(value.into()))
            }
            fn visit_unit<E>(self) -> Result<Node, E> {
                Ok(Node::Scalar(Value::Null))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    items.push(item);
                }
                Ok(Node::List(items))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut block: A) -> Result<Node, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = block.next_entry()? {
                    entries.push(entry);
                }
                Ok(Node::Block(entries))
            }
        }
        deserializer.deserialize_any(AnyNode)
    }
}

/// Turns nodes into values, noting the place of each and filling in its variables.
struct Reader<'a> {
    source: &'a Arc<Source>,
    environment: &'a BTreeMap<String, String>,
    places: BTreeMap<Path, Spot>,
}

impl Reader<'_> {
    fn value(
        &mut self,
        path: &Path,
        key: Option<Place>,
        node: Spanned<Node>,
    ) -> Result<Value, Error> {
        let value = place(node.referenced);
        let source = Arc::clone(self.source);
        self.places
            .insert(path.clone(), Spot { source, key, value });
        match node.value {
            Node::Scalar(Value::String(text)) => substitute::variables(text, self.environment)
                .map_err(|missing| {
                    missing.report(Error::new(self.source, &path.to_string(), "").at(Some(value)))
                }),
            Node::Scalar(scalar) => Ok(scalar),
            Node::List(items) => items
                .into_iter()
                .enumerate()
                .map(|(index, item)| self.value(&path.index(index), None, item))
                .collect(),
            Node::Block(entries) => {
                let mut block = Map::new();
                for (key, node) in entries {
                    let at = place(key.referenced);
                    let value = self.value(&path.key(&key.value), Some(at), node)?;
                    block.insert(key.value, value);
                }
                Ok(Value::Object(block))
            }
        }
    }
}

#[cfg(test)]
mod tests;
