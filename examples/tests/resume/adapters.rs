//! Runs that train adapters: what they leave, and that they go on to the same bytes.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tunewise_bert::{BertClassifier, BertConfig, Head};
use tunewise_data::ProblemType;

use crate::bench::{Bench, assert_same, checkpoint, refused};

const LORA: [&str; 8] = [
    "--peft",
    "lora",
    "--lora-r",
    "4",
    "--lora-dropout",
    "0.2",
    "--lora-target-modules",
    "query,output.dense",
];
const STEPS: [&str; 4] = ["--max-steps", "12", "--save-steps", "4"];

fn adapter(out: &Path, name: &str) -> PathBuf {
    out.join("adapter").join(name)
}

/// A run that loses all checkpoints but the first goes on from there, keeping layers' inputs only, to
/// the bytes that it came to before.
fn goes_on(more: &[&'static str]) -> (Bench, PathBuf) {
    let bench = Bench::new(more);
    let (whole, broken) = (bench.out("whole"), bench.out("broken"));
    bench.finish(&whole, &STEPS);
    bench.finish(&broken, &STEPS);
    for step in [8, 12] {
        fs::remove_dir_all(broken.join(format!("checkpoint-{step}"))).unwrap();
    }
    fs::remove_dir_all(broken.join("adapter")).unwrap();
    let said =
        bench.finish(&broken, &[&STEPS[..], &["--resume", "--gradient-checkpointing"]].concat());
    assert!(said.contains("checkpoint-4 after step 4"), "{said}");
    assert_same(&whole, &broken);
    for name in ["adapter_config.json", "adapter_model.safetensors"] {
        let same =
            fs::read(adapter(&whole, name)).unwrap() == fs::read(adapter(&broken, name)).unwrap();
        assert!(same, "{name} differs");
    }
    (bench, whole)
}

#[test]
fn a_run_with_adapters_goes_on_and_leaves_base_plus_adapter() {
    let (_bench, out) = goes_on(&LORA);
    let config = BertConfig::from_file(out.join("config.json")).unwrap();
    let head = Head::Fresh {
        id2label: config.id2label,
        problem_type: ProblemType::SingleLabelClassification,
        seed: 1,
    };
    let (mut model, _) =
        BertClassifier::load_pretrained(checkpoint(), &head, tch::Device::Cpu).unwrap();
    model.load_adapter(out.join("adapter")).unwrap();
    let merged = fs::read(out.join("model.safetensors")).unwrap();
    assert!(model.to_safetensors().unwrap() == merged, "base and adapter make the kept model");

    let record: Value = serde_json::from_slice(&fs::read(out.join("run.json")).unwrap()).unwrap();
    // A [4, 32] and B [32, 4] of two queries and two attention outputs; A [4, 64] and B [32, 4] of two
    // feed-forward outputs; a head of two labels.
    let trainable = 4 * 2 * 4 * 32 + 2 * 4 * (64 + 32) + 2 * 33;
    assert_eq!(record["trainable_parameters"], trainable);
    assert_eq!(record["parameters"], model.num_parameters());
}

#[test]
fn an_allocator_goes_on_and_meets_its_budget() {
    let (_bench, out) = goes_on(&[
        "--peft",
        "adalora",
        "--adalora-init-r",
        "4",
        "--adalora-target-r",
        "2",
        "--adalora-tinit",
        "2",
        "--adalora-tfinal",
        "3",
        "--eval-steps",
        "12", // the kept weights are the last
    ]);
    let config: Value =
        serde_json::from_slice(&fs::read(adapter(&out, "adapter_config.json")).unwrap()).unwrap();
    let pattern = config["rank_pattern"].as_object().unwrap();
    let kept =
        pattern.values().flat_map(|row| row.as_array().unwrap()).filter(|kept| **kept == true);
    assert_eq!((pattern.len(), kept.count()), (4, 8), "two layers' query and value, two each");
}

#[test]
fn another_base_or_adapter_is_refused() {
    let bench = Bench::new(&LORA);
    let out = bench.out("run");
    bench.finish(&out, &STEPS);
    let refusal = |more: &[&str], expected: &str| {
        refused(&bench.run(&out, &[&STEPS[..], &["--resume"], more].concat()), expected);
    };
    refusal(&["--lora-r", "2"], "`lora_r` is 2, expected 4");
    refusal(&["--lora-target-modules", "query"], "`lora_target_modules` is [\"query\"], expected");
    let other = bench.out("base");
    fs::create_dir(&other).unwrap();
    for entry in fs::read_dir(checkpoint()).unwrap() {
        let path = entry.unwrap().path();
        let mut bytes = fs::read(&path).unwrap();
        if path.ends_with("model.safetensors") {
            *bytes.last_mut().unwrap() ^= 1 << 4; // of the last number's exponent
        }
        fs::write(other.join(path.file_name().unwrap()), bytes).unwrap();
    }
    refusal(&["--model-name-or-path", other.to_str().unwrap()], "`base_hash` is");
}

#[test]
fn settings_that_do_not_belong_together_are_refused() {
    let bench = Bench::new(&[]);
    let out = bench.out("run");
    for (more, expected) in [
        (&["--lora-r", "4"][..], "`lora_r` is given, expected nothing without peft lora"),
        (&["--peft", "bitfit", "--use-rslora"], "`use_rslora` is given"),
        (&["--peft", "head", "--freeze", "embeddings"], "`freeze` is given"),
        (&["--peft", "lora", "--lora-target-modules", "q_proj"], "classifier, dense, key, query"),
        (
            &["--peft", "adalora", "--max-steps", "3", "--adalora-tinit", "3"],
            "`adalora_tinit` is 3",
        ),
    ] {
        refused(&bench.run(&out, more), expected);
    }
}

#[test]
fn biases_or_the_head_alone_leave_the_rest_of_the_base_as_it_is() {
    let bench = Bench::new(&["--max-steps", "4"]);
    let base = fs::read(checkpoint().join("model.safetensors")).unwrap();
    let base = safetensors::SafeTensors::deserialize(&base).unwrap();
    for (method, moves) in [("head", false), ("bitfit", true)] {
        let out = bench.out(method);
        let said = bench.finish(&out, &["--peft", method]);
        assert!(said.contains(" parameters are trained ("), "{said}");
        assert!(!out.join("adapter").exists());
        let bytes = fs::read(out.join("model.safetensors")).unwrap();
        let trained = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        for (name, tensor) in trained.iter().filter(|(name, _)| !name.starts_with("classifier.")) {
            let same = tensor.data() == base.tensor(name).unwrap().data();
            // Softmax does not see the keys' biases: their gradient is nothing but rounding.
            if !name.contains("key.bias") {
                assert_eq!(same, !(moves && name.ends_with(".bias")), "{method}: {name}");
            }
        }
    }
}
