//! The pictures: well-formed, escaped, repeatable.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use tunewise_metrics::svg::{ChartText, Series, confusion_matrix, line_chart};
use tunewise_metrics::{ConfusionMatrix, Error};

const TEXT: ChartText<'_> =
    ChartText { title: "<b>Loss</b>", x_label: "step", y_label: "loss & more" };

#[test]
fn labels_and_titles_are_escaped_and_chinese_survives() {
    let labels = ["<script>alert(1)</script>", "负面"];
    let matrix = ConfusionMatrix::new(&labels, &labels).unwrap();
    let svg = confusion_matrix(&matrix, "a < b & c").unwrap();
    assert!(!svg.contains("<script") && svg.contains("&lt;script&gt;"), "{svg}");
    assert!(svg.contains("负面") && svg.contains("a &lt; b &amp; c"));
    let series = [Series { name: "<i>", points: &[(0.0, 1.0), (1.0, 0.5)] }];
    let svg = line_chart(TEXT, &series).unwrap();
    assert!(!svg.contains("<b>") && !svg.contains("<i>") && svg.contains("loss &amp; more"));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let matrix = ConfusionMatrix::new(&["a", "b"], &["a", "a"]).unwrap();
    let draw = || confusion_matrix(&matrix, "t").unwrap();
    assert!(draw() == draw());
    let series = [Series { name: "loss", points: &[(0.0, 1.0), (1.0, 0.5)] }];
    assert!(line_chart(TEXT, &series).unwrap() == line_chart(TEXT, &series).unwrap());
}

#[test]
fn points_that_are_not_finite_are_left_out_and_nothing_is_an_error() {
    let gap = [(0.0, 1.0), (1.0, f64::NAN), (2.0, 0.5)];
    let svg = line_chart(TEXT, &[Series { name: "loss", points: &gap }]).unwrap();
    assert!(!svg.contains("NaN"), "{svg}");
    let nothing = line_chart(TEXT, &[Series { name: "loss", points: &[(0.0, f64::INFINITY)] }]);
    assert_eq!(nothing, Err(Error::NothingToDraw));
}
