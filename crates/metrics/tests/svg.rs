//! The pictures: well-formed, escaped, repeatable.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use tunewise_metrics::ConfusionMatrix;
use tunewise_metrics::svg::confusion_matrix;

#[test]
fn labels_and_titles_are_escaped_and_chinese_survives() {
    let labels = ["<script>alert(1)</script>", "负面"];
    let matrix = ConfusionMatrix::new(&labels, &labels).unwrap();
    let svg = confusion_matrix(&matrix, "a < b & c").unwrap();
    assert!(!svg.contains("<script") && svg.contains("&lt;script&gt;"), "{svg}");
    assert!(svg.contains("负面") && svg.contains("a &lt; b &amp; c"));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let matrix = ConfusionMatrix::new(&["a", "b"], &["a", "a"]).unwrap();
    let draw = || confusion_matrix(&matrix, "t").unwrap();
    assert!(draw() == draw());
}
