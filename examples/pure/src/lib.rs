//! What the command lines share: how a run ends. This package never links libtorch.
#![allow(clippy::print_stderr, reason = "these are command lines")]

pub mod cost;
pub mod monitor;
pub mod recommend;
pub mod report;

use std::fmt::Display;
use std::process::ExitCode;

/// Bad usage or bad input.
pub const BAD_INPUT: u8 = 2;
/// Ended by Ctrl-C, having saved.
pub const INTERRUPTED: u8 = 130;

/// What a command line returns: its exit code, or the one message of what was wrong.
pub type CliResult<T = ExitCode> = Result<T, Box<dyn std::error::Error>>;

/// Runs a command line; an error becomes one line on standard error and exit code 2.
pub fn run(main: impl FnOnce() -> CliResult) -> ExitCode {
    main().unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::from(BAD_INPUT)
    })
}

/// A line on standard error.
pub fn say(line: impl Display) {
    eprintln!("{line}");
}
