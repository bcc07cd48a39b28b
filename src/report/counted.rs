//! Who counted the tokens of a run, where it was not the target: counts of chunks are not counts of tokens.

use super::place::Stages;
use super::warning::Warning;
use crate::summary::{RunSummary, TokenSources};

const CHUNKS: &str = "The target told no token counts, so each chunk of an answer counts as one token: counts and rates of tokens are the \
                      least that they can be, gaps between them the most. Name a tokenizer (`tokenizer:`) to have them counted.";
const MIXED: &str = "The target told the token counts of some answers and not of others, so counts and rates of tokens compare with nothing. \
                     Look why some answers came without usage.";

/// A warning for each way of counting that is not to be trusted.
pub(super) fn warnings(run: &RunSummary) -> impl Iterator<Item = Warning<'_>> {
    let untrusted = [(TokenSources::Chunks, CHUNKS), (TokenSources::Mixed, MIXED)];
    untrusted.into_iter().filter_map(|(sources, sentence)| {
        let of = run
            .stages
            .iter()
            .filter(|stage| stage.tokens.sources == sources);
        let names: Vec<&str> = of.map(|stage| stage.name.as_str()).collect();
        (!names.is_empty()).then(|| Warning {
            stages: Stages::new(names, run.stages.len()),
            sentence: sentence.to_owned(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::fixture;

    fn sentences(sources: TokenSources) -> Vec<String> {
        let mut run = fixture::sweep();
        run.stages[1].tokens.sources = sources;
        warnings(&run).map(|warning| warning.sentence).collect()
    }

    #[test]
    fn what_neither_the_target_nor_a_tokenizer_counted_is_flagged() {
        assert_eq!(sentences(TokenSources::Chunks), [CHUNKS]);
        assert_eq!(sentences(TokenSources::Mixed), [MIXED]);
        for trusted in [
            TokenSources::None,
            TokenSources::Usage,
            TokenSources::Tokenizer,
        ] {
            assert!(sentences(trusted).is_empty(), "{trusted:?}");
        }
    }
}
