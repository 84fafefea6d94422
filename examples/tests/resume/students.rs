//! Runs that learn from a teacher go on to the same bytes, and from no other teacher.

use std::fs;
use std::path::Path;

use crate::bench::{Bench, assert_same, refused};

const STEPS: [&str; 4] = ["--max-steps", "8", "--save-steps", "4"];
const RELATIONS: [&str; 2] = ["--distil-relations", "minilm-v2"];

/// A student of the upper of the teacher's two layers.
fn student<'a>(teacher: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
    of_layers("1", teacher, more)
}

fn of_layers<'a>(layers: &'a str, teacher: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
    let teacher = teacher.to_str().unwrap();
    let own = ["--model-name-or-path", teacher, "--distil-from", teacher, "--keep-layers", layers];
    [&own[..], &STEPS, more].concat()
}

#[test]
fn a_student_goes_on_to_the_same_bytes_and_from_no_other_teacher() {
    let bench = Bench::new(&[]);
    let teacher = bench.out("teacher");
    bench.finish(&teacher, &["--max-steps", "8"]);
    for (name, more) in [("answers", &[][..]), ("relations", &RELATIONS)] {
        let (whole, broken) =
            (bench.out(&format!("{name} whole")), bench.out(&format!("{name} broken")));
        let said = bench.finish(&whole, &student(&teacher, more));
        assert!(said.contains("layers 1 of 2 are kept"), "{said}");
        assert!(said.contains("the student has"), "{said}");
        bench.finish(&broken, &student(&teacher, more));
        fs::remove_dir_all(broken.join("checkpoint-8")).unwrap();
        let said = bench.finish(&broken, &student(&teacher, &[more, &["--resume"]].concat()));
        assert!(said.contains("checkpoint-4 after step 4"), "{said}");
        assert_same(&whole, &broken);
        let config = fs::read_to_string(whole.join("config.json")).unwrap();
        assert!(config.contains("\"num_hidden_layers\": 1"), "{config}");
    }

    let out = bench.out("answers whole");
    let again = |flags: &[&str], expected: &str| {
        refused(&bench.run(&out, &[flags, &["--resume"]].concat()), expected);
    };
    let warmer = student(&teacher, &["--distil-temperature", "3"]);
    again(&warmer, "`distil_temperature` is 3.0, expected null");
    again(&of_layers("0", &teacher, &[]), "`keep_layers` is [0], expected [1]");
    let other = bench.out("other");
    bench.finish(&other, &["--max-steps", "8", "--seed", "7"]);
    let (checkpoint, from) = ("--model-name-or-path", teacher.to_str().unwrap());
    again(&student(&other, &[checkpoint, from]), "`teacher_hash` is");

    let refusal = |more: &[&'static str], expected: &str| {
        let flags = match more {
            ["--keep-layers", layers] => of_layers(layers, &teacher, &[]),
            more => student(&teacher, more),
        };
        refused(&bench.run(&bench.out("refused"), &flags), expected);
        assert!(!bench.out("refused").exists());
    };
    refusal(
        &["--keep-layers", "1,2"],
        "`keep_layers` is 1,2, expected one or more distinct layers",
    );
    refusal(&["--distil-alpha", "1.5"], "`distil_alpha` is 1.5, expected 0 to 1");
    refusal(&["--class-weights", "balanced"], "`class_weights` is given, expected nothing with");
    refusal(
        &["--distil-relations", "minilm", "--distil-teacher-layer", "2"],
        "below the teacher's",
    );
    refusal(
        &["--distil-relations", "minilm-v2", "--distil-relation-heads", "5"],
        "`distil_relation_heads` is 5, expected a divisor of the widths 32 and 32",
    );
}
