//! The counts are those of the library that wrote the files, version 0.23.3; `tests/tokenizers/make.py` says how they came about.

use super::*;
use serde::Deserialize;
use std::collections::BTreeMap;

const COUNTS: &str = include_str!("../../tests/tokenizers/counts.json");
const BYTE_LEVEL: &str = include_str!("../../tests/tokenizers/byte_level.json");
const UNIGRAM: &str = include_str!("../../tests/tokenizers/unigram.json");

const FILES: [(&str, &str); 5] = [
    ("byte_level", BYTE_LEVEL),
    (
        "split_bytes",
        include_str!("../../tests/tokenizers/split_bytes.json"),
    ),
    (
        "byte_fallback",
        include_str!("../../tests/tokenizers/byte_fallback.json"),
    ),
    (
        "word_piece",
        include_str!("../../tests/tokenizers/word_piece.json"),
    ),
    ("unigram", UNIGRAM),
];

#[derive(Deserialize)]
struct Counts {
    texts: Vec<String>,
    counts: BTreeMap<String, Vec<u64>>,
}

fn read(text: &str) -> Result<Tokenizer, String> {
    Tokenizer::read("tokenizer.json", text).map_err(|error| error.to_string())
}

#[test]
fn texts_have_as_many_tokens_as_the_library_that_wrote_the_file_finds() {
    let expected: Counts = serde_json::from_str(COUNTS).unwrap();

    for (name, file) in FILES {
        let tokenizer = read(file).unwrap();
        let counted = expected.texts.iter().map(|text| tokenizer.count(text));
        let counted: Vec<u64> = counted.map(Option::unwrap).collect();
        assert_eq!(counted, expected.counts[name], "{name}");
    }
}

#[test]
fn a_token_belongs_to_the_piece_of_the_text_in_which_it_ends() {
    let tokenizer = read(BYTE_LEVEL).unwrap();
    let shares = |pieces: &[&str]| {
        let lengths: Vec<u32> = pieces
            .iter()
            .map(|piece| u32::try_from(piece.len()).unwrap())
            .collect();
        tokenizer.shares(&pieces.concat(), &lengths).unwrap()
    };

    // "The client waits" is "The", " client", " wa", "it" and "s".
    assert_eq!(tokenizer.count("The client waits"), Some(5));
    assert_eq!(shares(&["The client waits"]), [5]);
    assert_eq!(shares(&["The", " client", " waits"]), [1, 1, 3]);
    assert_eq!(shares(&["The cl", "ient wa", "its"]), [1, 2, 2]);
    assert_eq!(shares(&["The cl", "ient", " ", "waits"]), [1, 1, 0, 3]);
    assert_eq!(shares(&[]), [0; 0]);
}

#[test]
fn all_tokens_of_a_text_are_shared_out_whatever_pieces_it_came_in() {
    let expected: Counts = serde_json::from_str(COUNTS).unwrap();

    for (name, file) in FILES {
        let tokenizer = read(file).unwrap();
        for (text, count) in expected.texts.iter().zip(&expected.counts[name]) {
            for width in [1, 3, 7] {
                let bytes = u32::try_from(text.len()).unwrap();
                let mut pieces = vec![width; (bytes / width).try_into().unwrap()];
                pieces.push(bytes % width);
                let shares = tokenizer.shares(text, &pieces).unwrap();
                assert_eq!(shares.into_iter().map(u64::from).sum::<u64>(), *count);
            }
        }
    }
}

#[test]
fn the_longest_of_added_tokens_that_begin_alike_is_found() {
    let added = r#""added_tokens":[{"id":900,"content":"<a>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":false},{"id":901,"content":"<a><a>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":false},"#;
    let tokenizer = read(&BYTE_LEVEL.replacen(r#""added_tokens":["#, added, 1)).unwrap();

    assert_eq!(tokenizer.count("<a><a><a>"), Some(2));
}

#[test]
fn tokenizers_of_the_same_contents_are_the_same() {
    let one = Tokenizer::read("one.json", UNIGRAM).unwrap();
    let same = Tokenizer::read("same.json", UNIGRAM).unwrap();

    assert_eq!(one, same);
    assert_ne!(one, read(BYTE_LEVEL).unwrap());
    assert_eq!(one.file(), "one.json");
    assert_eq!(serde_json::to_value(&one).unwrap(), same.digest());
}

#[test]
fn what_is_no_tokenizer_is_told_with_what_was_expected() {
    let told = |text: &str| read(text).unwrap_err();

    assert_eq!(
        told("a tokenizer"),
        "expected a `tokenizer.json` as Hugging Face's tokenizers write it: expected value at line 1 column 1"
    );
    assert_eq!(
        told("{\"model\":{\"type\":\"WordLevel\",\"vocab\":{}}}"),
        "expected a model of type `BPE`, `Unigram` or `WordPiece`, found `WordLevel`"
    );
    assert_eq!(
        told("{}"),
        "expected a `tokenizer.json` as Hugging Face's tokenizers write it: missing field `model`"
    );
    assert!(told(&UNIGRAM.replace("\"NFKC\"", "\"Rhyme\"")).starts_with(
        "could not make a tokenizer of it: unknown variant `Rhyme`, expected one of `"
    ));
}

#[test]
fn a_hostile_file_is_read_or_refused_and_counts_without_end_never() {
    let honest: Vec<&[u8]> = FILES.iter().map(|(_, file)| file.as_bytes()).collect();

    inferometer_fuzz::hold(&honest, |bytes| {
        let Ok(text) = str::from_utf8(bytes) else {
            return;
        };
        if let Ok(tokenizer) = read(text) {
            for text in ["", "Hello, wörld! 🙂", "  <s> 12\n\n"] {
                let counted = tokenizer.count(text);
                assert!(counted.is_none_or(|count| count <= 64), "{counted:?}");
            }
        }
    });
}
