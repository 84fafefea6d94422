//! What a resumed run may change, and what not.

use std::fs;

use crate::bench::{Bench, refused, saved};

#[test]
fn what_cannot_be_reproduced_is_refused_by_name() {
    let bench = Bench::new(&["--precision", "fp32"]);
    let out = saved(&bench);
    let before = fs::read(out.join("model.safetensors")).unwrap();
    let base = ["--max-steps", "12", "--save-steps", "4", "--resume"];
    let refusal = |more: &[&str], expected: &str| {
        refused(&bench.run(&out, &[&base, more].concat()), expected);
    };
    refusal(&["--learning-rate", "2e-3"], "`learning_rate` is 0.002, expected 0.001 as when");
    refusal(&["--seed", "7"], "`seed` is 7, expected 42");
    refusal(&["--max-steps", "13"], "`max_steps` is 13, expected 12");
    refusal(&["--precision", "bf16"], "`precision` is \"bf16\", expected \"fp32\"");
    refusal(&["--threads", "2"], "`threads` is 2, expected 1");
    let train = bench.out("train.csv");
    let rows = fs::read_to_string(&train).unwrap();
    fs::write(&train, rows.replace("good price 0", "fine price 0")).unwrap();
    refusal(&[], "`data_hash` is ");
    fs::write(&train, &rows).unwrap();
    assert_eq!(fs::read(out.join("model.safetensors")).unwrap(), before);
    // What does not change the result may change.
    bench
        .finish(&out, &[&base[..], &["--save-total-limit", "1", "--price-per-hour", "2"]].concat());
}
