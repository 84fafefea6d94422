//! The pictures: well-formed XML, escaped, repeatable; nothing, and what cannot be drawn, are errors.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use roxmltree::Document;
use tunewise_plot::{
    Band, ChartText, ConfidenceBin, Error, Estimate, Estimates, HeatMap, Histogram, LineChart,
    Mark, Points, Reliability, Result, Scale, Scatter, Series, Swing, Tornado, heat_map,
    line_chart, reliability_diagram,
};

/// As a label it must come out as text: markup, an entity, an end of CDATA, a control character, Chinese.
const HOSTILE: &str = "<script>alert('&amp;')</script>]]>\u{1}\"负面";
/// The control character has no form in XML.
const HOSTILE_AS_TEXT: &str = "<script>alert('&amp;')</script>]]>\u{fffd}\"负面";

const TEXT: ChartText<'_> = ChartText { title: HOSTILE, x_label: HOSTILE, y_label: HOSTILE };

/// Every picture, each with its own names hostile too.
fn every_picture() -> Vec<(&'static str, Result<String>)> {
    let names = [HOSTILE.to_owned(), "b".to_owned()];
    let line = Series { name: HOSTILE, points: &[(1.0, 1.0), (2.0, 0.5)] };
    let band = Band { name: HOSTILE, points: &[(1.0, 0.9, 1.1), (2.0, 0.4, 0.6)] };
    let chart =
        LineChart { series: &[line], bands: &[band], guides: &[line], ..LineChart::default() };
    let log = LineChart { x_scale: Scale::Log, y_scale: Scale::Log, ..chart };
    let swing = Swing { name: HOSTILE, low: 1.0, high: 3.0, low_text: HOSTILE, high_text: HOSTILE };
    let tornado = Tornado { base: 2.0, swings: &[swing], low_name: HOSTILE, high_name: HOSTILE };
    let points = Points { name: HOSTILE, points: &[(1.0, 2.0), (2.0, 1.0)], labels: &names };
    let scatter =
        Scatter { groups: &[points], lines: &[line], bands: &[band], ..Scatter::default() };
    let estimate = Estimate { name: HOSTILE, value: 0.5, low: 0.4, high: 0.7 };
    let mark = Mark { name: HOSTILE, value: 0.2 };
    let histogram = Histogram { values: &[0.1, 0.2, 0.4], marks: &[mark], bins: None };
    let bin = ConfidenceBin { confidence: 0.8, accuracy: 0.7, count: 9 };
    let models = [Reliability { name: HOSTILE, bins: &[bin] }];
    vec![
        ("heat map", heat_map(TEXT, HeatMap { names: &names, counts: &[3, 0, 1, 12] })),
        ("line chart", chart.svg(TEXT)),
        ("log-log chart", log.svg(TEXT)),
        ("tornado", tornado.svg(TEXT)),
        ("scatter", scatter.svg(TEXT)),
        ("estimates", Estimates { rows: &[estimate] }.svg(TEXT)),
        ("histogram", histogram.svg(TEXT)),
        ("reliability diagram", reliability_diagram(TEXT, &models)),
    ]
}

#[test]
fn every_picture_is_well_formed_and_words_are_only_words() {
    for (name, svg) in every_picture() {
        let svg = svg.unwrap();
        let document = Document::parse(&svg).unwrap_or_else(|error| panic!("{name}: {error}"));
        let elements = || document.descendants().filter(roxmltree::Node::is_element);
        assert!(elements().all(|node| node.tag_name().name() != "script"), "{name}");
        let texts = elements().filter(|node| node.text() == Some(HOSTILE_AS_TEXT)).count();
        assert!(texts >= 3, "{name}: {texts} of the words");
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{name}");
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for ((name, first), (_, second)) in every_picture().into_iter().zip(every_picture()) {
        assert!(first == second, "{name}");
    }
}

#[test]
fn points_that_are_not_finite_are_left_out_and_nothing_is_an_error() {
    let gap = [(0.0, 1.0), (1.0, f64::NAN), (2.0, 0.5)];
    let svg = line_chart(TEXT, &[Series { name: "loss", points: &gap }]).unwrap();
    assert!(!svg.contains("NaN"), "{svg}");
    let nothing = line_chart(TEXT, &[Series { name: "loss", points: &[(0.0, f64::INFINITY)] }]);
    assert_eq!(nothing, Err(Error::NothingToDraw));
    let series = [Series { name: "loss", points: &[(0.0, 1.0), (-1.0, 1.0)] }];
    let log = LineChart { series: &series, x_scale: Scale::Log, ..LineChart::default() };
    assert_eq!(log.svg(TEXT), Err(Error::NothingToDraw));
    assert_eq!(Scatter::default().svg(TEXT), Err(Error::NothingToDraw));
    let histogram = Histogram { values: &[f64::NAN], ..Histogram::default() };
    assert_eq!(histogram.svg(TEXT), Err(Error::NothingToDraw));
    let tornado = Tornado { base: 0.0, swings: &[], low_name: "", high_name: "" };
    assert_eq!(tornado.svg(TEXT), Err(Error::NothingToDraw));
    let empty = ConfidenceBin { confidence: f64::NAN, accuracy: 0.0, count: 0 };
    let model = Reliability { name: "", bins: &[empty] };
    assert_eq!(reliability_diagram(TEXT, &[model]), Err(Error::NothingToDraw));
    assert_eq!(heat_map(TEXT, HeatMap { names: &[], counts: &[] }), Err(Error::NothingToDraw));
}

#[test]
fn what_does_not_fit_is_named() {
    let names = ["a".to_owned(), "b".to_owned()];
    let error = heat_map(TEXT, HeatMap { names: &names, counts: &[1, 2, 3] }).unwrap_err();
    assert_eq!(error.to_string(), "counts of a heat map: got 3, expected 4");
    let group = Points { name: "", points: &[(0.0, 0.0)], labels: &names };
    let error = Scatter { groups: &[group], ..Scatter::default() }.svg(TEXT).unwrap_err();
    assert_eq!(error.to_string(), "labels of points: got 2, expected 1");
    let swing = Swing { name: "wage", low: 0.0, high: f64::NAN, low_text: "", high_text: "" };
    let tornado = Tornado { base: 0.0, swings: &[swing], low_name: "", high_name: "" };
    let error = tornado.svg(TEXT).unwrap_err();
    assert_eq!(error.to_string(), "swing of a tornado `wage`: NaN, expected a finite number");
}

#[test]
fn a_million_points_are_as_many_as_can_be_seen() {
    let points: Vec<(f64, f64)> =
        (0..1_000_000).map(|i| f64::from(i) / 1e6).map(|x| (x, x.sqrt())).collect();
    let svg = line_chart(TEXT, &[Series { name: "roc", points: &points }]).unwrap();
    assert!(svg.len() < 100_000, "{}", svg.len());
    // The ends stay: without them the axes would be others.
    let ends = [points[0], points[999_999]];
    let few = line_chart(TEXT, &[Series { name: "roc", points: &ends }]).unwrap();
    assert_eq!(texts(&svg), texts(&few));
}

#[test]
fn large_numbers_on_an_axis_are_short() {
    let sizes = [(1e8, 52.0), (1e9, 4.7)];
    let svg = line_chart(TEXT, &[Series { name: "", points: &sizes }]).unwrap();
    let words = texts(&svg);
    assert!(words.contains(&"1e9".to_owned()), "{words:?}");
    let numbers = words.iter().filter(|word| word.parse::<f64>().is_ok());
    assert!(numbers.clone().count() > 4 && numbers.clone().all(|word| word.len() < 6), "{words:?}");
}

#[test]
fn lines_of_one_colour_are_told_apart() {
    let ends: Vec<[(f64, f64); 2]> = (0..17).map(|i| [(0.0, 0.0), (1.0, f64::from(i))]).collect();
    let series: Vec<Series<'_>> =
        ends.iter().map(|points| Series { name: "line", points }).collect();
    let dashes = |count: usize| {
        let svg = line_chart(TEXT, &series[..count]).unwrap();
        ["\"8 4\"", "\"2 4\""].map(|dash| svg.matches(&format!("stroke-dasharray={dash}")).count())
    };
    // A line and its place in the legend.
    assert_eq!((dashes(8), dashes(9), dashes(17)), ([0, 0], [2, 0], [16, 2]));
}

#[test]
fn ranges_that_are_no_axis_are_refused() {
    let series = [Series { name: "a", points: &[(1.0, 1.0), (2.0, 2.0)] }];
    for (scale, low, high) in [
        (Scale::Linear, 1.0, 1.0),
        (Scale::Linear, 2.0, 1.0),
        (Scale::Linear, 0.0, f64::INFINITY),
        (Scale::Linear, f64::NAN, 1.0),
        (Scale::Log, 0.0, 1.0),
    ] {
        let range = Some((low, high));
        let chart =
            LineChart { series: &series, x_scale: scale, x_range: range, ..LineChart::default() };
        let error = chart.svg(TEXT).unwrap_err();
        assert!(error.to_string().starts_with("`x_range` is "), "{error}");
    }
}

/// The texts of a picture.
fn texts(svg: &str) -> Vec<String> {
    let document = Document::parse(svg).unwrap();
    let texts = document.descendants().filter(|node| node.tag_name().name() == "text");
    texts.filter_map(|node| node.text().map(str::to_owned)).collect()
}

#[test]
fn seventy_seven_names_and_their_counts_are_all_there() {
    let names: Vec<String> = (0..77).map(|i| format!("intent_{i}")).collect();
    let counts: Vec<u64> = (0..77 * 77).map(|i| if i % 78 == 0 { 31 } else { 0 }).collect();
    let texts = texts(&heat_map(TEXT, HeatMap { names: &names, counts: &counts }).unwrap());
    for name in &names {
        assert_eq!(texts.iter().filter(|text| *text == name).count(), 2, "{name}");
    }
    assert_eq!(texts.iter().filter(|text| *text == "31").count(), 77);
}

#[test]
fn a_tornado_has_its_widest_swing_on_top() {
    let swing = |name, low, high| Swing { name, low, high, low_text: "", high_text: "" };
    let swings = [swing("narrow", 0.9, 1.1), swing("wide", 2.0, 0.0), swing("middle", 0.5, 1.2)];
    let tornado = Tornado { base: 1.0, swings: &swings, low_name: "low", high_name: "high" };
    let svg = tornado.svg(TEXT).unwrap();
    let document = Document::parse(&svg).unwrap();
    let height = |name: &str| -> f64 {
        let node =
            document.descendants().find(|node| node.is_element() && node.text() == Some(name));
        node.unwrap().attribute("y").unwrap().parse().unwrap()
    };
    assert!(height("wide") < height("middle") && height("middle") < height("narrow"));
}

#[test]
fn a_histogram_counts_every_finite_value_once() {
    // Ten values in five bins of width 2 over 0..10: 2 each, the last edge inclusive.
    let values: Vec<f64> = (0..10).map(|i| f64::from(i) * 10.0 / 9.0).chain([f64::NAN]).collect();
    let histogram = Histogram { values: &values, marks: &[], bins: Some(5) };
    let svg = histogram.svg(TEXT).unwrap();
    let document = Document::parse(&svg).unwrap();
    let heights: Vec<f64> = document
        .descendants()
        .filter(|node| node.attribute("fill") == Some("#1f77b4"))
        .filter_map(|node| node.attribute("height")?.parse().ok())
        .collect();
    assert_eq!(heights.len(), 5, "{svg}");
    assert!(heights.iter().all(|height| (height - heights[0]).abs() < 0.02), "{heights:?}");
}
