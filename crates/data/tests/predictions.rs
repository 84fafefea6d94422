//! Files of true and predicted labels: types, order, and each row as it stands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::io::Read;

use proptest::prelude::*;
use tunewise_data::{
    Error, Format, LabelType, Limits, PredictionFile, PredictionOptions, Predictions, Result,
    read_predictions, read_predictions_path,
};

fn read(contents: &str, options: &PredictionOptions) -> Result<PredictionFile> {
    read_predictions(contents.as_bytes(), "p", options)
}

fn single(contents: &str) -> Predictions {
    match read(contents, &PredictionOptions::default()).unwrap() {
        PredictionFile::Single(predictions) => predictions,
        PredictionFile::Multi(predictions) => panic!("{predictions:?}"),
    }
}

fn named(predictions: &Predictions) -> Vec<(String, String)> {
    let names = predictions.class_names();
    let pairs = predictions.y_true.iter().zip(&predictions.y_pred);
    pairs.map(|(a, b)| (names[*a as usize].clone(), names[*b as usize].clone())).collect()
}

#[test]
fn labels_are_sorted_in_the_order_of_their_type() {
    let json = |a: &str, b: &str| format!("{{\"y_true\":{a},\"y_pred\":{b}}}\n");
    for (contents, label_type, names) in [
        ("y_true,y_pred\n10,9\n-1,9\n".to_owned(), LabelType::Integer, &["-1", "9", "10"][..]),
        ("y_true,y_pred\n10,9\nx,x9\n".to_owned(), LabelType::Name, &["10", "9", "x", "x9"]),
        ("y_true,y_pred\nb,B\n负,é\n".to_owned(), LabelType::Name, &["B", "b", "é", "负"]),
        (json("10", "9"), LabelType::Integer, &["9", "10"]),
        (json("\"10\"", "\"9\""), LabelType::Name, &["10", "9"]),
        (json("10.0", "9.0"), LabelType::Float, &["9.0", "10.0"]),
        (json("true", "false"), LabelType::Boolean, &["False", "True"]),
    ] {
        let predictions = single(&contents);
        assert_eq!(predictions.label_type, label_type, "{contents}");
        assert_eq!(predictions.class_names(), names, "{contents}");
    }
}

#[test]
fn an_integer_is_one_label_however_it_is_written() {
    let predictions = single("y_true,y_pred\n1,01\n+1,-0\n0,1\n");
    assert_eq!(predictions.class_names(), ["0", "1"]);
    assert_eq!((predictions.y_true, predictions.y_pred), (vec![1, 1, 0], vec![1, 0, 1]));
    // Beyond 64 bits a column is of strings.
    let predictions = single("y_true,y_pred\n1,99999999999999999999\n99999999999999999999,1\n");
    assert_eq!(predictions.label_type, LabelType::Name);
}

#[test]
fn selected_labels_are_read_in_the_type_of_the_file() {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let integers = single("y_true,y_pred\n10,9\n");
    let (labels, names) = integers.select(&words(&["10", "7", "09", "7"])).unwrap();
    assert_eq!((labels, names), (vec![1, 2, 0, 2], words(&["10", "7", "9", "7"])));
    let error = integers.select(&words(&["ten"])).unwrap_err().to_string();
    assert_eq!(error, "`labels` is `ten`, expected an integer, as the file's labels are");
    let booleans = single("{\"y_true\":true,\"y_pred\":true}\n");
    assert_eq!(booleans.select(&words(&["false"])).unwrap().1, ["False"]);
    assert!(booleans.select(&words(&["1"])).is_err());
    let floats = single("{\"y_true\":1.0,\"y_pred\":1.0}\n");
    assert_eq!(floats.select(&words(&["1"])).unwrap(), (vec![0], words(&["1.0"])));
    assert!(floats.select(&words(&["0.5"])).is_err());
}

#[test]
fn lists_are_marks() {
    let contents =
        "{\"y_true\":[1,0,1],\"y_pred\":[0,0,1]}\n{\"y_true\":[0,0,0],\"y_pred\":[1,1,1]}\n";
    let PredictionFile::Multi(marks) = read(contents, &PredictionOptions::default()).unwrap()
    else {
        panic!("several labels a row");
    };
    assert_eq!(marks.num_labels, 3);
    assert_eq!(marks.y_true, [1, 0, 1, 0, 0, 0]);
    assert_eq!(marks.y_pred, [0, 0, 1, 1, 1, 1]);
}

#[test]
fn the_name_or_else_the_first_character_tells_the_format() {
    let dir = tempfile::tempdir().unwrap();
    let read = |name: &str, contents: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, contents).unwrap();
        read_predictions_path(path, &PredictionOptions::default())
    };
    let csv = "y_true,y_pred\na,b\n";
    let json = "\u{feff}\n {\"y_true\":\"a\",\"y_pred\":\"b\"}\n";
    let expected = read("p.csv", csv).unwrap();
    for (name, contents) in
        [("p.txt", csv), ("p", json), ("p.jsonl", json), ("p.tsv", "y_true\ty_pred\na\tb\n")]
    {
        assert_eq!(read(name, contents).unwrap(), expected, "{name}");
    }
    assert!(matches!(read("p", ""), Err(Error::Empty { .. })));
    assert!(matches!(read("p.parquet", ""), Err(Error::NotBuilt { .. })));
}

#[test]
fn limits_hold() {
    let limits = Limits { max_row_bytes: 20, max_columns: 3, ..Limits::default() };
    let options = PredictionOptions { limits, ..PredictionOptions::default() };
    for contents in [
        "y_true,y_pred\na,bbbbbbbbbbbbbbbbbbbbbbbbbbb\n",
        "y_true,y_pred,a,b\n1,1,1,1\n",
        "{\"y_true\":1,\"y_pred\":1}\n",
    ] {
        let error = read(contents, &options).unwrap_err();
        assert!(matches!(error, Error::Limit { .. }), "{contents}: {error}");
    }
}

/// Gives a byte at a time.
struct Trickle<'a>(&'a [u8]);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let (Some((first, rest)), Some(place)) = (self.0.split_first(), buffer.first_mut()) else {
            return Ok(0);
        };
        *place = *first;
        self.0 = rest;
        Ok(1)
    }
}

/// A cell in quotes, as RFC 4180 has it.
fn quoted(cell: &str) -> String {
    format!("\"{}\"", cell.replace('"', "\"\""))
}

proptest! {
    #[test]
    fn every_row_is_read_as_it_stands(
        rows in prop::collection::vec(("[a-c\",\n负 ]{1,4}", "[a-c\",\n负 ]{1,4}", -9i8..9), 1..20),
        format in prop_oneof![Just(Format::Csv), Just(Format::JsonLines)],
    ) {
        let contents: String = match format {
            Format::Csv => std::iter::once("w,y_true,y_pred\r\n".to_owned())
                .chain(rows.iter().map(|(a, b, w)| format!("{w},{},{}\r\n", quoted(a), quoted(b))))
                .collect(),
            _ => rows
                .iter()
                .map(|(a, b, w)| {
                    format!("{{\"y_pred\":{b:?},\"w\":{w},\"y_true\":{a:?}}}\n")
                })
                .collect(),
        };
        let options = PredictionOptions {
            format: Some(format),
            weight_column: Some("w".to_owned()),
            ..PredictionOptions::default()
        };
        let whole = read_predictions(contents.as_bytes(), "p", &options).unwrap();
        let trickled = read_predictions(Trickle(contents.as_bytes()), "p", &options).unwrap();
        prop_assert_eq!(&whole, &trickled);
        let PredictionFile::Single(predictions) = whole else { panic!("one label a row") };
        let pairs: Vec<(String, String)> =
            rows.iter().map(|(a, b, _)| (a.clone(), b.clone())).collect();
        prop_assert_eq!(named(&predictions), pairs);
        let weights: Vec<f64> = rows.iter().map(|(_, _, w)| f64::from(*w)).collect();
        prop_assert_eq!(predictions.sample_weight.clone(), Some(weights));
        let names = predictions.class_names();
        prop_assert!(names.is_sorted() && names.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read_predictions(bytes.as_slice(), "p", &PredictionOptions::default());
        let csv = [b"y_true,y_pred\n", bytes.as_slice()].concat();
        let _ = read_predictions(csv.as_slice(), "p", &PredictionOptions::default());
    }
}
