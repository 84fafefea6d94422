//! `cost` as a process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![allow(dead_code, reason = "each test file uses some of it")]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

pub(crate) const BERT: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../data/scenarios/bert-sentiment.toml");
pub(crate) const YOLO: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../data/scenarios/yolo-driving.toml");

pub(crate) fn cost(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cost")).args(args).output().unwrap()
}

pub(crate) fn text(args: &[&str]) -> String {
    let output = cost(args);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn json(args: &[&str]) -> Value {
    serde_json::from_str(&text(args)).unwrap()
}

/// The message of a refusal: exit code 2, one line, nothing on standard output.
pub(crate) fn message(args: &[&str]) -> String {
    let output = cost(args);
    assert_eq!(output.status.code(), Some(2), "{args:?}");
    assert!(output.stdout.is_empty(), "{args:?}");
    String::from_utf8(output.stderr).unwrap()
}

pub(crate) fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A scenario whose name is markup.
pub(crate) fn hostile(folder: &Path) -> String {
    let text = std::fs::read_to_string(BERT).unwrap();
    let hostile = text.replace("\"BERT sentiment\"", "\"<script>alert(1)</script> & 负面\"");
    assert_ne!(text, hostile);
    file(folder, "hostile.toml", &hostile)
}

/// A picture's text, in which markup is only words.
pub(crate) fn picture(path: &str) -> String {
    let svg = std::fs::read_to_string(path).unwrap();
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
    assert!(!svg.contains("<script") && !svg.contains("NaN"));
    svg
}
