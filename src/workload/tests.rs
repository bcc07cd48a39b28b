use super::length::{Normal, Uniform};
use super::*;
use crate::units::float;
use proptest::prelude::*;

/// The content of a request for text.
fn content(workload: &Workload, seed: u64, seq: u64) -> Generate {
    let Call::Infer(Content::Generate(content)) = workload.asked(Seed::new(seed), seq).call else {
        unreachable!()
    };
    content
}

fn chat(prompt: Length, output: Length) -> Workload {
    Workload::Chat(Generation {
        model: "tiny".to_owned(),
        prompt: Prompts::Drawn(Drawn {
            tokens: prompt,
            shared_prefix: None,
            words: Words::default(),
        }),
        output: Some(Tokens { tokens: output }),
        stream: true,
        distinct: None,
        cancel_after: None,
    })
}

fn text(content: &Generate) -> &str {
    match &content.prompt {
        Prompt::Chat(turns) => &turns[0].text,
        Prompt::Text(text) => text,
    }
}

fn words(content: &Generate) -> usize {
    text(content).split_whitespace().count()
}

#[test]
fn a_request_has_the_same_content_for_ever() {
    let workload = chat(Length::Fixed(8), Length::Fixed(32));

    let content = content(&workload, 7, 3);

    assert_eq!(
        text(&content),
        "glass green draw forward edge child head face"
    );
    assert_eq!(
        (
            content.model.as_str(),
            content.output_tokens,
            content.stream
        ),
        ("tiny", 32, true)
    );
}

#[test]
fn requests_and_seeds_differ_from_their_first_words() {
    let workload = chat(Length::Fixed(8), Length::Fixed(1));
    let mut texts: Vec<String> = (0..1_000)
        .flat_map(|seq| [7, 8].map(|seed| text(&content(&workload, seed, seq)).to_owned()))
        .collect();

    texts.sort();
    texts.dedup();

    assert_eq!(texts.len(), 2_000);
}

#[test]
fn requests_repeat_in_order_when_only_so_many_are_distinct() {
    let read = |kind: &str, fields: &str| -> Workload {
        let json = format!(r#"{{"{kind}":{{"model":"tiny",{fields}}}}}"#);
        serde_json::from_str(&json).unwrap()
    };
    let text = r#""prompt":{"tokens":8},"output":{"tokens":{"uniform":{"min":1,"max":100}}}"#;
    let texts = r#""input":{"tokens":8}"#;
    let tensors = r#""inputs":[{"name":"x","datatype":"FP32","shape":[2]}]"#;

    for (kind, fields) in [
        ("chat", text),
        ("completion", text),
        ("embedding", texts),
        ("tensor", tensors),
    ] {
        let all = read(kind, fields);
        let three = read(kind, &format!(r#"{fields},"distinct":3"#));
        for seq in 0..10 {
            let content = three.asked(Seed::new(7), seq);
            assert_eq!(content, all.asked(Seed::new(7), seq % 3), "{kind}");
        }
    }
}

#[test]
fn a_completion_is_one_text() {
    let Workload::Chat(generation) = chat(Length::Fixed(5), Length::Fixed(1)) else {
        unreachable!()
    };

    let content = content(&Workload::Completion(generation), 1, 0);

    assert!(matches!(content.prompt, Prompt::Text(_)));
    assert_eq!(words(&content), 5);
}

#[test]
fn uniform_lengths_reach_both_ends_evenly() {
    let workload = chat(
        Length::Uniform(Uniform { min: 3, max: 6 }),
        Length::Fixed(1),
    );
    let mut counts = [0_u64; 4];

    for seq in 0..40_000 {
        counts[words(&content(&workload, 1, seq)) - 3] += 1;
    }

    // Five standard deviations of a binomial count with mean 10,000.
    assert!(
        counts.iter().all(|count| count.abs_diff(10_000) < 433),
        "{counts:?}"
    );
}

#[test]
fn normal_lengths_have_the_mean_and_deviation_asked_for() {
    let workload = chat(
        Length::Fixed(1),
        Length::Normal(Normal {
            mean: 64.0,
            sd: 16.0,
        }),
    );
    let lengths: Vec<f64> = (0..20_000)
        .map(|seq| f64::from(content(&workload, 1, seq).output_tokens))
        .collect();

    let count = float(lengths.len().try_into().unwrap());
    let mean = lengths.iter().sum::<f64>() / count;
    let deviation = (lengths
        .iter()
        .map(|length| (length - mean).powi(2))
        .sum::<f64>()
        / count)
        .sqrt();

    assert!((mean - 64.0).abs() < 0.5, "{mean}");
    assert!((deviation - 16.0).abs() < 0.4, "{deviation}");
}

#[test]
fn the_length_of_the_prompt_does_not_change_the_output() {
    let output = Length::Uniform(Uniform { min: 1, max: 100 });
    let short = content(&chat(Length::Fixed(1), output.clone()), 7, 9);
    let normal = Length::Normal(Normal {
        mean: 50.0,
        sd: 5.0,
    });
    let long = content(&chat(normal, output), 7, 9);

    assert_eq!(short.output_tokens, long.output_tokens);
}

proptest! {
    #[test]
    fn a_prompt_has_exactly_its_tokens(tokens in 1_u32..500, seed: u64, seq: u64) {
        let content = content(&chat(Length::Fixed(tokens), Length::Fixed(1)), seed, seq);
        prop_assert_eq!(words(&content), usize::try_from(tokens).unwrap());
        prop_assert!(!text(&content).contains("  "));
    }

    #[test]
    fn a_normal_length_stays_in_range(mean in 1.0_f64..1e5, sd in 0.0_f64..1e5, seq: u64) {
        let content = content(&chat(Length::Fixed(1), Length::Normal(Normal { mean, sd })), 1, seq);
        prop_assert!((1..=100_000).contains(&content.output_tokens));
    }

    #[test]
    fn what_is_written_is_read_back(min in 1_u32..1000, more in 0_u32..1000, mean in 1.0_f64..1e3) {
        let prompt = Length::Uniform(Uniform { min, max: min + more });
        let workload = chat(prompt, Length::Normal(Normal { mean, sd: 2.5 }));
        let read: Workload = serde_json::from_value(serde_json::to_value(&workload).unwrap()).unwrap();
        prop_assert_eq!(read, workload);
    }
}
