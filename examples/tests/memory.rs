//! A batch that does not fit into memory ends a run with one message that says what to lower.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::fs;
use std::path::Path;
use std::process::Command;

/// Of address space, KiB: libtorch with its threads takes less than half.
const LIMIT: u32 = 3 << 20;

#[test]
fn a_batch_that_does_not_fit_is_named_with_what_to_lower() {
    let dir = tempfile::tempdir().unwrap();
    let row = |i: usize| format!("good price {i},{}\n", ["pos", "neg"][i % 2]);
    let rows: String = (0..20_000).map(row).collect();
    let train = dir.path().join("train.csv");
    fs::write(&train, format!("text,label\n{rows}")).unwrap();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR"));
    let checkpoint = examples.parent().unwrap().join("crates/bert/tests/fixtures/single_label");

    let limited = format!("ulimit -v {LIMIT}; exec \"$0\" \"$@\"");
    let output = Command::new("sh")
        .args(["-c", &limited, env!("CARGO_BIN_EXE_finetune")])
        .args(["--model-name-or-path".as_ref(), checkpoint.as_os_str()])
        .args(["--train-file".as_ref(), train.as_os_str()])
        .args(["--output-dir".as_ref(), dir.path().join("out").as_os_str()])
        .args(["--max-seq-length", "64", "--batching", "max-length", "--precision", "fp32"])
        .args(["--per-device-train-batch-size", "20000", "--threads", "1", "--device", "cpu"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    let expected = "error: out of memory in a batch of 20000 rows x 64 tokens: lower \
                    per_device_train_batch_size (and raise gradient_accumulation_steps as much";
    assert!(said.contains(expected), "{said}");
    assert_eq!(said.lines().filter(|line| line.starts_with("error")).count(), 1, "{said}");
}
