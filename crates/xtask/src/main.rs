//! Chores of the workspace: `cargo xtask help`. Standard library only, so that it builds in a moment
//! and before there is a libtorch.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line")]

mod bench_peers;
mod checks;
mod demo;
mod doctor;
mod embed;
mod fault;
mod launch;
mod news;
mod process;
mod recommendation;
mod setup;
mod shipped_data;
mod tour;

use std::process::ExitCode;

use fault::{Fault, Result};
use process::Workspace;

const HELP: &str = "\
cargo xtask COMMAND

  setup [--libtorch-only] [--checkpoint DIR]
              find or install libtorch 2.11.0 and the demo checkpoint into third_party/
  demo        set up, build, fine-tune on the shipped recommendation data, print the report
  tour [NAME…]
              each application on the shipped data, to its picture: recommend, monitor, support, plan; all,
              or those named
  test [ARG…] set up libtorch, then `cargo test --workspace ARG…`
  ci [STEP…]  fmt, clippy, pure, test, doc, smoke, embed, package: all, or those named
  doctor      what this machine has, and the remedy for what it lacks
  make-data [--check]
              write the shipped data anew, or compare it
  bench-peers [--python P] [--checkpoint DIR] [--train-file FILE] [--rounds N] [--batch-size N]
              [--max-seq-length N] [--threads N] [-- FINETUNE ARG…]
              fine-tune by PyTorch with Transformers and by this workspace in turn, compare
  bench-peers --work predict --checkpoint DIR --input FILE [--python P] [--rounds N] [--threads N]
              predict by ONNX Runtime, OpenVINO and this workspace in turn, compare
  launch -n PROCESSES [--grace SECONDS] -- PROGRAM [ARG…]
              start PROGRAM so often on this machine, as one group (see docs/distributed.md)
  help        this text";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("error: {fault}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let workspace = Workspace::find();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", arguments),
    };
    match command {
        "setup" => setup::run(&workspace, &setup::Options::parse(rest)?),
        "demo" => no_arguments(rest).and_then(|()| demo::run(&workspace)),
        "tour" => tour::run(&workspace, rest),
        "test" => checks::test(&workspace, rest),
        "ci" => checks::ci(&workspace, rest),
        "doctor" => no_arguments(rest).and_then(|()| doctor::run(&workspace)),
        "make-data" => shipped_data::run(&workspace, rest),
        "bench-peers" => bench_peers::run(&workspace, rest),
        "launch" => launch::run(rest),
        "help" | "--help" | "-h" => {
            println!("{HELP}");
            Ok(())
        }
        other => Err(Fault::new(format!("unknown command `{other}`"), "see `cargo xtask help`")),
    }
}

fn no_arguments(rest: &[String]) -> Result<()> {
    match rest.first() {
        None => Ok(()),
        Some(extra) => {
            Err(Fault::new(format!("unexpected argument `{extra}`"), "see `cargo xtask help`"))
        }
    }
}
