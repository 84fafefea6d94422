//! The engine against the model's own forward pass, which `parity.rs` holds against Transformers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::Value;
use tch::Device;
use tunewise_bert::{
    BertClassifier, Checkpoint, Classifier, ClassifierOptions, Engine, EnginePrecision, Error,
    Head, InferencePrecision, SentenceEmbedder, ShareOptions, WordEmbeddings, export_int8,
};
use tunewise_data::labelling::{Probabilities, ProbabilityModel};
use tunewise_data::{Dataset, EncodedTexts, Example, Tokenizer};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

struct Case {
    model: BertClassifier,
    texts: EncodedTexts,
    /// Transformers' logits, `[rows, num_labels]`.
    logits: Vec<f64>,
}

fn load(name: &str) -> Case {
    let (model, _) =
        BertClassifier::load_pretrained(folder(name), &Head::Kept, Device::Cpu).unwrap();
    let expected: Value =
        serde_json::from_slice(&std::fs::read(folder(name).join("expected.json")).unwrap())
            .unwrap();
    let batch = expected["forward"]["logits"].as_array().unwrap();
    let text = |key: &str, row: usize| expected[key][row].as_str().map(str::to_owned);
    let example = |row: usize| Example {
        text: text("texts", row).unwrap(),
        text_pair: text("text_pairs", row),
        label: None,
        line: row as u64 + 1,
    };
    let dataset = Dataset::new(name, (0..batch.len()).map(example).collect(), None);
    let length = expected["max_seq_length"].as_u64().unwrap() as usize;
    let texts =
        Tokenizer::from_dir(folder(name)).unwrap().encode_dataset(&dataset, length).unwrap();
    let logits = batch.iter().flat_map(|row| row.as_array().unwrap());
    Case { model, texts, logits: logits.map(|logit| logit.as_f64().unwrap()).collect() }
}

fn encode(tokenizer: &Tokenizer, texts: &[&str], length: usize) -> EncodedTexts {
    let example = |(row, text): (usize, &&str)| Example {
        text: (*text).to_owned(),
        text_pair: None,
        label: None,
        line: row as u64 + 1,
    };
    let examples = texts.iter().enumerate().map(example).collect();
    tokenizer.encode_dataset(&Dataset::new("memory", examples, None), length).unwrap()
}

const CASES: [&str; 5] =
    ["single_label", "binary_gelu_new", "multi_label", "regression", "distinct_ids"];

fn largest_error(case: &Case, precision: EnginePrecision) -> f64 {
    let got = Engine::new(&case.model, precision, 2).unwrap().logits(&case.texts, 64).unwrap();
    assert_eq!(got.len(), case.logits.len());
    let errors = got.iter().zip(&case.logits).map(|(got, want)| (f64::from(*got) - want).abs());
    errors.fold(0.0, f64::max)
}

#[test]
fn logits_are_those_of_transformers_within_the_precision() {
    for name in CASES {
        let case = load(name);
        let size = case.logits.iter().fold(0.0f64, |size, logit| size.max(logit.abs()));
        // fp32 rounds in another order; bf16 keeps 8 bits; int8 7 bits of each row and channel.
        for (precision, bound) in [
            (EnginePrecision::Fp32, 2e-6),
            (EnginePrecision::Bf16, 2e-2),
            (EnginePrecision::Int16, 5e-5),
            (EnginePrecision::Int8, 5e-2),
        ] {
            let error = largest_error(&case, precision);
            assert!(error <= bound * size.max(1.0), "{name}, {precision:?}: {error} of {size}");
            // A precision that is not used would agree better than it can.
            let least = match precision {
                EnginePrecision::Fp32 => 0.0,
                EnginePrecision::Int16 => 1e-6,
                EnginePrecision::Bf16 | EnginePrecision::Int8 => 1e-5,
            };
            assert!(error >= least, "{name}, {precision:?}");
        }
    }
}

#[test]
fn a_text_has_the_same_bits_alone_and_among_others_on_any_number_of_threads() {
    let case = load("distinct_ids");
    for precision in [
        EnginePrecision::Fp32,
        EnginePrecision::Bf16,
        EnginePrecision::Int16,
        EnginePrecision::Int8,
    ] {
        let one = Engine::new(&case.model, precision, 1).unwrap();
        let three = Engine::new(&case.model, precision, 3).unwrap();
        let together = one.logits(&case.texts, 64).unwrap();
        assert_eq!(three.logits(&case.texts, 64).unwrap(), together, "{precision:?}");
        let num_labels = together.len() / case.texts.len();
        let tokenizer = Tokenizer::from_dir(folder("distinct_ids")).unwrap();
        let again = encode(&tokenizer, &["the price was good"], 32);
        let alone = one.logits(&again, 64).unwrap();
        let among = ["late", "the price was good", "never broken and always late"];
        let among = encode(&tokenizer, &among, 32);
        let among = one.logits(&among, 1).unwrap();
        assert_eq!(among[num_labels..2 * num_labels], alone, "{precision:?}");
    }
}

#[test]
fn a_text_that_is_too_long_is_refused() {
    let case = load("regression");
    let tokenizer = Tokenizer::from_dir(folder("regression")).unwrap();
    let long = encode(&tokenizer, &["bad ".repeat(100).as_str()], 80);
    let engine = Engine::new(&case.model, EnginePrecision::Fp32, 1).unwrap();
    assert!(matches!(engine.logits(&long, 64), Err(Error::SequenceTooLong { length: 80, .. })));
    assert!(engine.logits(&encode(&tokenizer, &[], 8), 64).unwrap().is_empty());
}

fn engine(dir: &Path, precision: EnginePrecision) -> Result<Engine, Error> {
    Engine::from_checkpoint(Checkpoint::open(dir)?, precision, 1)
}

fn farthest(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).fold(0.0, |most: f32, (a, b)| most.max((a - b).abs()))
}

#[test]
fn an_exported_folder_has_the_logits_of_its_original_in_int8_to_the_bit() {
    let dir = tempfile::tempdir().unwrap();
    for name in CASES {
        let Case { texts, .. } = load(name);
        let [exact, small] = ["exact", "small"].map(|kind| dir.path().join(name).join(kind));
        std::fs::create_dir(dir.path().join(name)).unwrap();
        let whole = export_int8(folder(name), &exact, WordEmbeddings::Fp32).unwrap();
        let narrow = export_int8(folder(name), &small, WordEmbeddings::Int8).unwrap();
        assert!(narrow.bytes_after < whole.bytes_after && whole.bytes_after < whole.bytes_before);
        let logits =
            |dir: &Path, precision| engine(dir, precision).unwrap().logits(&texts, 64).unwrap();
        let (fp32, int8) = (EnginePrecision::Fp32, EnginePrecision::Int8);
        let before = logits(&folder(name), int8);
        assert_eq!(logits(&exact, int8), before, "{name}");
        // Words in 8 bits move the logits, by no more than layers in 8 bits do.
        let size = before.iter().fold(1.0f32, |size, logit| size.max(logit.abs()));
        let moved = farthest(&logits(&small, int8), &before);
        assert!(moved > 0.0 && moved < 5e-2 * size, "{name}: {moved} of {size}");

        // Asked for fp32, both engines take the numbers that the 8 bits stand for.
        let (model, report) =
            BertClassifier::load_pretrained(&small, &Head::Kept, Device::Cpu).unwrap();
        let of_model = Engine::new(&model, fp32, 1).unwrap().logits(&texts, 64).unwrap();
        let of_folder = logits(&small, fp32);
        assert_eq!(of_model, of_folder, "{name}");
        assert!(farthest(&of_folder, &logits(&folder(name), fp32)) > 1e-5, "{name}");
        assert_eq!(report.widened, 6 * model.config().num_hidden_layers + 1);
    }
}

#[test]
fn a_classifier_says_that_its_folder_is_in_8_bits_and_runs_as_it_is_asked() {
    let dir = tempfile::tempdir().unwrap();
    let small = dir.path().join("small");
    export_int8(folder("single_label"), &small, WordEmbeddings::Fp32).unwrap();
    let load = |dir: &Path, precision| {
        Classifier::with_options(dir, ClassifierOptions { precision, ..Default::default() })
            .unwrap()
    };
    let (stored, auto) = (InferencePrecision::Stored, InferencePrecision::Auto);
    let int8 = load(&folder("single_label"), InferencePrecision::Int8).backend();
    let full = load(&folder("single_label"), InferencePrecision::Fp32);
    assert!(!full.is_int8());
    assert_eq!(load(&folder("single_label"), stored).backend(), full.backend());
    for (asked, backend) in
        [(stored, int8), (auto, int8), (InferencePrecision::Fp32, full.backend())]
    {
        let classifier = load(&small, asked);
        assert!(classifier.is_int8() && classifier.backend() == backend, "{asked}");
        assert_eq!(classifier.predict(&["good price"]).unwrap().len(), 1);
    }
    let texts = ["good price", "never broken"];
    let same = load(&small, stored).predict(&texts).unwrap();
    assert_eq!(Classifier::from_pretrained(&small).unwrap().predict(&texts).unwrap(), same);

    let again = export_int8(&small, dir.path().join("again"), WordEmbeddings::Int8).unwrap_err();
    assert!(again.to_string().contains("not in 8 bits already"), "{again}");
    let over = export_int8(folder("single_label"), &small, WordEmbeddings::Int8).unwrap_err();
    assert!(matches!(over, Error::OutputNotEmpty { .. }));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left half-written");
}

const FILE: &str = "model.int8.safetensors";
const KEY: &str = "bert.encoder.layer.0.attention.self.key.weight";

/// Why a folder is refused one of whose tensors another stands for, or none.
fn fault(good: &[u8], dir: &Path, name: &str, other: Option<(Dtype, Vec<usize>)>) -> String {
    let file = SafeTensors::deserialize(good).unwrap();
    let mut tensors: Vec<_> = file.iter().filter(|(known, _)| *known != name).collect();
    let zeros = vec![0; 1 << 16];
    if let Some((dtype, shape)) = other {
        let bytes = shape.iter().product::<usize>() * dtype.bitsize() / 8;
        tensors.push((name, TensorView::new(dtype, shape, &zeros[..bytes]).unwrap()));
    }
    std::fs::write(dir.join(FILE), safetensors::serialize(tensors, None).unwrap()).unwrap();
    let error = engine(dir, EnginePrecision::Int8).unwrap_err().to_string();
    let other = BertClassifier::load_pretrained(dir, &Head::Kept, Device::Cpu).unwrap_err();
    assert_eq!(other.to_string(), error, "whoever loads it says the same");
    error
}

#[test]
fn bad_folders_in_8_bits_are_refused_by_file_and_tensor() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("small");
    export_int8(folder("single_label"), &dir, WordEmbeddings::Int8).unwrap();
    let good = std::fs::read(dir.join(FILE)).unwrap();
    let scale = format!("{KEY}_scale");
    let (i8, f16, f32) = (Dtype::I8, Dtype::F16, Dtype::F32);
    for (name, other, expected) in [
        (scale.as_str(), None, "missing"),
        (&scale, Some((f16, vec![32])), "has dtype F16, expected F32"),
        (&scale, Some((f32, vec![1])), "has shape [1], expected [32]"),
        (KEY, Some((f32, vec![32, 32])), "has dtype F32, expected I8"),
        (KEY, Some((Dtype::U8, vec![32, 32])), "has dtype U8, expected F32, F16, BF16 or I8"),
        (KEY, Some((i8, vec![32, 31])), "has shape [32, 31], expected [32, 32]"),
        (KEY, None, "missing"),
        ("classifier.weight", Some((i8, vec![3, 32])), "has dtype I8, expected F32"),
        ("extra.weight_scale", Some((f32, vec![3])), "unexpected"),
    ] {
        let error = fault(&good, &dir, name, other);
        for part in [name, expected, dir.to_str().unwrap()] {
            assert!(error.contains(part), "expected {part:?} in {error}");
        }
    }
    std::fs::write(dir.join(FILE), &good[..good.len() - 1]).unwrap();
    let error = engine(&dir, EnginePrecision::Int8).unwrap_err().to_string();
    assert!(error.contains(FILE), "{error}");
}

#[test]
fn sentence_vectors_are_those_of_transformers() {
    let folder = folder("single_label");
    let expected: Value =
        serde_json::from_slice(&std::fs::read(folder.join("sentence.json")).unwrap()).unwrap();
    let texts: Vec<&str> =
        expected["texts"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    let embedder = SentenceEmbedder::from_pretrained(&folder).unwrap();
    let vectors = embedder.embed(&texts).unwrap();
    assert_eq!(vectors.len(), texts.len() * embedder.size());
    let rows =
        expected["vectors"].as_array().unwrap().iter().flat_map(|row| row.as_array().unwrap());
    for (got, want) in vectors.iter().zip(rows) {
        assert!((f64::from(*got) - want.as_f64().unwrap()).abs() < 2e-6, "{got} against {want}");
    }
    // The texts beside it do not matter, nor how many there are.
    let last = embedder.embed(&texts[texts.len() - 1..]).unwrap();
    assert_eq!(last, vectors[vectors.len() - embedder.size()..]);
    assert!(embedder.embed::<&str>(&[]).unwrap().is_empty());
}

#[test]
fn a_classifier_gives_probabilities_and_refuses_other_problems() {
    let classifier = Classifier::from_pretrained(folder("single_label")).unwrap();
    let texts = ["good price", "", "很好"];
    let values = classifier.probabilities(&texts).unwrap();
    assert_eq!(ProbabilityModel::num_labels(&classifier), 3);
    let probabilities = Probabilities::new(&values, 3).unwrap();
    assert_eq!(probabilities.len(), 3);
    let predictions = classifier.predict(&texts).unwrap();
    for (row, prediction) in probabilities.rows().zip(&predictions) {
        let best = row.iter().copied().fold(0.0, f64::max);
        assert_eq!(Some(best), prediction.score());
    }
    let shared = classifier.share(ShareOptions::default()).unwrap();
    assert_eq!(shared.probabilities(&texts).unwrap(), values);
    let several = Classifier::from_pretrained(folder("multi_label")).unwrap();
    let fault = several.probabilities(&texts).unwrap_err().to_string();
    assert!(fault.contains("several labels a text"), "{fault}");
}
