//! The pictures: escaped, repeatable, and nothing is an error.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use tunewise_plot::{ChartText, Error, HeatMap, Series, heat_map, line_chart};

const TEXT: ChartText<'_> =
    ChartText { title: "<b>Loss</b>", x_label: "step", y_label: "loss & more" };

#[test]
fn words_are_escaped_and_the_same_input_gives_the_same_bytes() {
    let series = [Series { name: "<i>", points: &[(0.0, 1.0), (1.0, 0.5)] }];
    let svg = line_chart(TEXT, &series).unwrap();
    assert!(!svg.contains("<b>") && !svg.contains("<i>") && svg.contains("loss &amp; more"));
    assert!(svg == line_chart(TEXT, &series).unwrap());
}

#[test]
fn points_that_are_not_finite_are_left_out_and_nothing_is_an_error() {
    let gap = [(0.0, 1.0), (1.0, f64::NAN), (2.0, 0.5)];
    let svg = line_chart(TEXT, &[Series { name: "loss", points: &gap }]).unwrap();
    assert!(!svg.contains("NaN"), "{svg}");
    let nothing = line_chart(TEXT, &[Series { name: "loss", points: &[(0.0, f64::INFINITY)] }]);
    assert_eq!(nothing, Err(Error::NothingToDraw));
}

#[test]
fn a_heat_map_that_is_not_square_is_named() {
    let names = ["a".to_owned(), "b".to_owned()];
    let error = heat_map(TEXT, HeatMap { names: &names, counts: &[1, 2, 3] }).unwrap_err();
    assert_eq!(error.to_string(), "counts of a heat map: got 3, expected 4");
}
