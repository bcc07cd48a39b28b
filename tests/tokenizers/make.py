"""Trains the tokenizer files of this folder on a text of their own, and writes down how many tokens the library that trained
them finds in some texts: `pip install tokenizers==0.23.3 && python make.py`. Also `scenarios/load/tokenizer.json`, in which each
word of a generated prompt and each word of the mock's is a token."""

import json
import re
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = Path(__file__).parent
ROOT = HERE.parent.parent

TRAINING = """
A server answers a question with a stream of tokens, one after the other, until it has said what it was asked for.
The client waits for the first token, and then for the next, and writes down the time at which each of them came.
How long it waited for the first one is a figure that people feel; how long the others took says how fast they can read.
When many clients ask at once, the server puts their requests into a batch, and every step of the batch makes a token for each.
A measuring instrument must not be slower than what it measures, or else it measures itself.
The weather was fine on the morning when the boat left the harbor, and the birds above the bridge were bright in the sun.
Bread, milk, apples and honey stood on the table; a child asked why the sky is blue, and nobody had a short answer.
Der Server antwortet auf jede Anfrage mit einem Strom von Zeichen, und der Messende schreibt die Zeiten auf. Grüße aus Köln!
Le serveur répond à chaque question, et le client note l'heure d'arrivée de chaque mot. Voilà une réponse très brève.
Ο διακομιστής απαντά. Сервер отвечает на вопрос. 服务器回答问题。サーバーは質問に答えます。
def count(words): return sum(1 for word in words if word)
for index in range(10): print(index, count(["a", "b", ""]))
fn main() { let answer = 6 * 7; println!("{answer}"); }
2024, 1999, 12345, 3.14159; 100 % of 7 is 7. We're sure that it's theirs, don't you think they'll say they've seen it?
"""

TEXTS = [
    "",
    " ",
    "a",
    "Hello, world!",
    "The client waits for the first token, and then for the next.",
    "  two spaces before,  two between, and a tab\tand two behind  ",
    "line one\nline two\r\n\r\nline four\n",
    "Grüße aus Köln, à bientôt, naïve façade, Ångström",
    "e\u0301 is e with an accent of its own, \u00e9 is one character",
    "ﬁne ligature, ① circled, ½ half, Ⅷ roman, ｆｕｌｌ width",
    "Сервер отвечает. Ο διακομιστής απαντά. 服务器回答问题。サーバーは質問に答えます。한국어",
    "🙂 👩‍👩‍👧 🇩🇪 ❤️ 👍🏽",
    "fn main() {\n    let xs: Vec<u32> = (0..10).map(|x| x * x).collect();\n    println!(\"{xs:?}\");\n}\n",
    "def f(x):\n\treturn x if x > 0 else -x  # absolute value\n",
    "We're sure it's theirs; they'll say they've seen it, I'd bet, CAN'T you?",
    "1234567890 12,345.678e-9 0x1F 100%",
    "https://example.org/a/b?c=d&e=f#g",
    "zero\u200bwidth\u00a0no-break\u3000ideographic\ufeffmark",
    "<s>not a beginning</s> <|endoftext|> [CLS] [MASK] <unk>",
    "supercalifragilisticexpialidocious antidisestablishmentarianism",
    "word " * 300,
    "\x00\x01\x7f\u0085",
    "ÀÉÎÕÜ straße İstanbul ǅ",
]


def text():
    return [line for line in TRAINING.strip().splitlines()]


def byte_level():
    """Like GPT-2's: bytes, its pattern, no normalizer."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.post_processor = processors.ByteLevel(trim_offsets=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(text(), trainers.BpeTrainer(
        vocab_size=620, special_tokens=["<|endoftext|>"], initial_alphabet=alphabet, show_progress=False))
    return made


def split_bytes():
    """Like Qwen's: NFC, a pattern of its own, then bytes."""
    pattern = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
               r"|\s*[\r\n]+|\s+(?!\S)|\s+")
    made = Tokenizer(models.BPE())
    made.normalizer = normalizers.NFC()
    made.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), behavior="isolated", invert=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(text(), trainers.BpeTrainer(
        vocab_size=620, special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"], initial_alphabet=alphabet,
        show_progress=False))
    return made


def byte_fallback():
    """Like Llama's: spaces as a mark, no splitting, and bytes for what is unknown."""
    made = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    made.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    made.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    special = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    words = [word for line in text() for word in line.split(" ")]
    made.train_from_iterator(words, trainers.BpeTrainer(vocab_size=700, special_tokens=special, show_progress=False))
    # Bytes are no special tokens in such a file: they are never read out of a text.
    kept = json.loads(made.to_str())
    kept["added_tokens"] = [token for token in kept["added_tokens"] if token["id"] < 3]
    made = Tokenizer.from_str(json.dumps(kept))
    made.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return made


def word_piece():
    """Like BERT's: lower case without accents, and pieces of words."""
    made = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=100))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    made.train_from_iterator(text(), trainers.WordPieceTrainer(
        vocab_size=620, special_tokens=special, show_progress=False))
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return made


def unigram():
    """Like T5's: NFKC, spaces as a mark before each word, and the likeliest pieces."""
    made = Tokenizer(models.Unigram())
    made.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    made.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    made.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    made.train_from_iterator(text(), trainers.UnigramTrainer(
        vocab_size=300, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False))
    made.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return made


def whole_words():
    """Like GPT-2's, with the words of generated prompts, each alone and after a space, and those of the mock's answers."""
    quoted = [re.findall(r'"( ?[a-z]+)"', (ROOT / file).read_text()) for file in ["src/workload/words.rs", "mock/src/words.rs"]]
    words = {word.strip() for word in quoted[0] + quoted[1]}
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator([*sorted(words), *(f" {word}" for word in sorted(words))], trainers.BpeTrainer(
        vocab_size=10_000, special_tokens=["<|endoftext|>"], initial_alphabet=alphabet, show_progress=False))
    return made


def written(made):
    return json.dumps(json.loads(made.to_str()), ensure_ascii=False, separators=(",", ":")) + "\n"


def main():
    (ROOT / "scenarios/load/tokenizer.json").write_text(written(whole_words()))
    counts = {"texts": TEXTS, "counts": {}}
    for make in [byte_level, split_bytes, byte_fallback, word_piece, unigram]:
        made = make()
        name = make.__name__
        (HERE / f"{name}.json").write_text(written(made))
        counts["counts"][name] = [len(made.encode(text, add_special_tokens=False).ids) for text in TEXTS]
    (HERE / "counts.json").write_text(json.dumps(counts, ensure_ascii=True, indent=1) + "\n")


main()
