//! Checkpoints that are damaged, lost, or older than they say.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use crate::bench::{Bench, assert_same, newest, refused, saved, stderr, wait};

/// A bit of the middle of the file.
fn flip_a_bit(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    // Under a new name: the best weights are the same file as the folder's own.
    fs::remove_file(path).unwrap();
    fs::write(path, &bytes).unwrap();
}

fn truncate(path: &Path) {
    let bytes = fs::read(path).unwrap();
    fs::remove_file(path).unwrap();
    fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
}

#[test]
fn a_damaged_checkpoint_is_named_and_the_one_before_is_used() {
    let bench = Bench::new(&["--max-steps", "12", "--save-steps", "4"]);
    let (whole, out) = (bench.out("whole"), bench.out("run"));
    bench.finish(&whole, &[]);
    bench.finish(&out, &[]);
    let files: Vec<_> = fs::read_dir(out.join("checkpoint-12")).unwrap().collect();
    assert!(files.len() >= 8, "{files:?}");
    let damages: [fn(&Path); 3] = [flip_a_bit, truncate, |path| fs::remove_file(path).unwrap()];
    for (file, damage) in files.into_iter().zip(damages.into_iter().cycle()) {
        let path = file.unwrap().path();
        damage(&path);
        let said = bench.finish(&out, &["--resume"]);
        assert!(said.contains(&format!("{}: damaged: ", path.display())), "{said}");
        assert!(said.contains("checkpoint-8 after step 8"), "{said}");
        assert_same(&whole, &out); // and checkpoint-12 is whole again
    }

    truncate(&out.join("checkpoint-12/model.safetensors"));
    flip_a_bit(&out.join("checkpoint-8/optimizer.safetensors"));
    assert!(bench.finish(&out, &["--resume"]).contains("checkpoint-4 after step 4"));
    assert_same(&whole, &out);
}

#[test]
fn without_a_whole_checkpoint_nothing_is_changed() {
    let bench = Bench::new(&["--max-steps", "12", "--save-steps", "4"]);
    let (whole, out) = (bench.out("whole"), bench.out("run"));
    bench.finish(&whole, &[]);
    bench.finish(&out, &[]);
    for step in [4, 8, 12] {
        fs::write(out.join(format!("checkpoint-{step}/state.json")), "{").unwrap();
    }
    let output = bench.run(&out, &["--resume"]);
    refused(&output, "no checkpoint to resume from");
    assert!(stderr(&output).contains("checkpoint-4/state.json: damaged: 1 bytes"));
    assert_same(&whole, &out);
    bench.finish(&out, &["--resume", "--overwrite-output-dir"]);
    assert_same(&whole, &out);
}

#[test]
fn checkpoints_are_taken_by_step_whatever_the_clock_says() {
    let bench = Bench::new(&[]);
    let out = saved(&bench);
    for (step, seconds) in [(4, 4_000_000_000), (8, 1_000_000_000), (12, 0)] {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        for name in ["", "state.json", "manifest.json"] {
            let path = out.join(format!("checkpoint-{step}")).join(name);
            fs::File::open(path).unwrap().set_modified(time).unwrap();
        }
    }
    let said = bench.finish(&out, &["--max-steps", "12", "--save-steps", "4", "--resume"]);
    assert!(said.contains("checkpoint-12 after step 12"), "{said}");
}

#[test]
fn checkpoints_may_vanish_while_a_run_goes_on() {
    let bench = Bench::new(&["--max-steps", "200", "--save-steps", "2"]);
    let (whole, out) = (bench.out("whole"), bench.out("run"));
    bench.finish(&whole, &["--save-steps", "no"]);
    let mut child = bench.command(&out, &[]).stderr(Stdio::null()).spawn().unwrap();
    for _ in 0..3 {
        let from = newest(&out);
        assert!(wait(&mut child, || newest(&out) > from));
        let _ = fs::remove_dir_all(out.join(format!("checkpoint-{}", newest(&out))));
    }
    assert!(child.wait().unwrap().success());
    assert_same(&whole, &out);
    // The whole folder: a clear error.
    let gone = bench.out("gone");
    let mut child = bench.command(&gone, &[]).stderr(Stdio::piped()).spawn().unwrap();
    assert!(wait(&mut child, || newest(&gone) > 0));
    let aside = bench.out("aside");
    fs::rename(&gone, &aside).unwrap();
    let output = child.wait_with_output().unwrap();
    refused(&output, "gone");
    let step = newest(&aside);
    fs::rename(&aside, &gone).unwrap();
    assert!(bench.finish(&gone, &["--resume"]).contains(&format!("after step {step}")));
    assert_same(&whole, &gone);
}
