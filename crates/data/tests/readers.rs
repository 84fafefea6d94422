//! Files in, examples or one clear error out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use tunewise_data::{
    Dataset, Error, Format, Label, LabelSet, LabelUse, Limits, ProblemType, ReadOptions, Targets,
    read_from, read_path, targets,
};

fn options(format: Format) -> ReadOptions {
    ReadOptions { format: Some(format), ..ReadOptions::default() }
}

fn csv(text: &[u8]) -> tunewise_data::Result<Dataset> {
    read_from(text, "f.csv", &options(Format::Csv))
}

fn jsonl(text: &str) -> tunewise_data::Result<Dataset> {
    read_from(text.as_bytes(), "f.jsonl", &options(Format::JsonLines))
}

fn message(result: tunewise_data::Result<Dataset>) -> String {
    result.unwrap_err().to_string()
}

fn labels(dataset: &Dataset) -> Vec<Label> {
    dataset.examples().iter().map(|e| e.label.clone().unwrap()).collect()
}

#[test]
fn csv_with_quotes_bom_and_crlf() {
    let dataset = csv(b"\xef\xbb\xbftext,label\r\n\"a, \"\"b\"\"\nc\",x\r\nd,y\r\n").unwrap();
    assert_eq!(dataset.examples()[0].text, "a, \"b\"\nc");
    assert_eq!(dataset.examples()[1].line, 4);
    assert_eq!(dataset.problem_type(), Some(ProblemType::SingleLabelClassification));
}

#[test]
fn tsv_has_no_quotes() {
    let text = "sentence\tlabel\n\"quoted\" and 'so'\t0\nplain\t1\n";
    let dataset = read_from(text.as_bytes(), "f.tsv", &options(Format::Tsv)).unwrap();
    assert_eq!(dataset.examples()[0].text, "\"quoted\" and 'so'");
    assert_eq!(labels(&dataset), [Label::Class("0".into()), Label::Class("1".into())]);
}

#[test]
fn columns_are_guessed_named_or_missed_by_name() {
    let dataset = csv(b"Category,Item,Headline\nx,i,h\n").unwrap();
    assert_eq!(
        (dataset.columns().text.as_str(), dataset.columns().text_pair.as_deref()),
        ("Headline", Some("Item"))
    );
    let other = csv(b"words,label\nw,x\n").unwrap(); // the only column left
    assert_eq!(other.columns().text, "words");
    assert_eq!(
        message(csv(b"a,b,label\n1,2,3\n")),
        "f.csv: no column for the text: expected text, sentence, sentence1, review, headline, found a, b, label"
    );
    let named = ReadOptions { label_column: Some("tag".into()), ..options(Format::Csv) };
    let error = read_from(&b"text,label\na,b\n"[..], "f.csv", &named);
    assert_eq!(message(error), "f.csv: no column for the label: expected `tag`, found text, label");
}

#[test]
fn faults_name_file_line_and_what_was_expected() {
    assert_eq!(message(csv(b"")), "f.csv: no rows");
    assert_eq!(message(csv(b"text,label\n")), "f.csv: no rows");
    assert_eq!(
        message(csv(b"text,label\na,x\nb\n")),
        "f.csv:3: expected 2 fields, got 1; nothing for column `label`"
    );
    assert_eq!(message(csv(b"text,label\na,x,y\n")), "f.csv:2: expected 2 fields, got 3");
    assert_eq!(
        message(csv(b"text,label\r\na,x\r\n\"b,y\r\nc,z\r\n")),
        "f.csv:3: the quotes that open here are never closed"
    );
    assert_eq!(
        message(jsonl("{\"text\":\"a\",\"label\":1}\n{\"text\" 1}\n")),
        "f.jsonl:2:9: expected `:`"
    );
    assert_eq!(message(jsonl("{\"text\":\"a\",\n")), "f.jsonl:1:12: EOF while parsing a value");
    assert_eq!(
        message(csv(b"text,label\na,x\nok \xff,y\n")),
        "f.csv:3: column `text`: byte 0xff at offset 3 is not UTF-8"
    );
    assert_eq!(
        message(csv(b"te\xc3xt,label\na,x\n")),
        "f.csv:1: header: byte 0xc3 at offset 2 is not UTF-8"
    );
    assert_eq!(
        message(csv(b"text,label\n ,x\n")),
        "f.csv:2: column `text`: an empty cell, expected a text"
    );
    assert_eq!(
        message(csv(b"text,label\na,x\nb,\n")),
        "f.csv:3: column `label`: an empty cell, expected a label"
    );
    assert!(
        message(jsonl("{\"text\":\"a\",\"label\":}\n")).starts_with("f.jsonl:1:21: expected value")
    );
    assert!(message(jsonl("[1]\n")).starts_with("f.jsonl:1:1: invalid type: sequence"));
    assert_eq!(
        message(jsonl("{\"text\":\"a\",\"label\":1}\n\n{\"text\":7,\"label\":1}\n")),
        "f.jsonl:3: column `text`: 7, expected a string"
    );
    let directory = read_path(env!("CARGO_MANIFEST_DIR"), &options(Format::Csv));
    assert!(matches!(directory, Err(Error::Io { .. })));
    assert!(matches!(read_path("no/such.csv", &ReadOptions::default()), Err(Error::Io { .. })));
    assert!(matches!(
        read_path("data.xlsx", &ReadOptions::default()),
        Err(Error::UnknownFormat { .. })
    ));
}

#[test]
fn rows_headers_and_nesting_are_limited() {
    let limits = Limits { max_row_bytes: 100, max_columns: 3, max_nesting: 4 };
    let small = |format| ReadOptions { limits, ..options(format) };
    let long = format!("text,label\n{},x\n", "a".repeat(200_000));
    let error = message(read_from(long.as_bytes(), "f.csv", &small(Format::Csv)));
    assert_eq!(error, "f.csv:2: the row in bytes exceeds the limit of 100");
    // An endless row ends at the limit, not in memory.
    let endless = std::io::Read::chain(&b"text,label\n\""[..], std::io::repeat(b'a'));
    let error = message(read_from(endless, "f.csv", &small(Format::Csv)));
    assert!(error.ends_with("the row in bytes exceeds the limit of 100"), "{error}");
    let error = message(read_from(&b"a,b,c,d\n"[..], "f.csv", &small(Format::Csv)));
    assert_eq!(error, "f.csv:1: the header in columns exceeds the limit of 3");
    let endless = std::io::repeat(b'{');
    let error = message(read_from(endless, "f.jsonl", &small(Format::JsonLines)));
    assert_eq!(error, "f.jsonl:1: the row in bytes exceeds the limit of 100");
    let deep = "{\"text\":\"[[[[[[\",\"label\":[[[[[1]]]]]}";
    let error = message(read_from(deep.as_bytes(), "f.jsonl", &small(Format::JsonLines)));
    assert_eq!(error, "f.jsonl:1: the nesting of JSON exceeds the limit of 4");
}

#[test]
fn labels_tell_the_problem() {
    let single = csv(b"text,label\na,10\nb,9\nc,10\n").unwrap();
    assert_eq!(LabelSet::from_dataset(&single).unwrap().names(), ["9", "10"]); // by value
    let names = csv("text,label\na,b\nb,B\nc,ä\n".as_bytes()).unwrap();
    assert_eq!(LabelSet::from_dataset(&names).unwrap().names(), ["B", "b", "ä"]); // by code point
    let regression = csv(b"text,label\na,1\nb,2.5\n").unwrap();
    assert_eq!(labels(&regression), [Label::Value(1.0), Label::Value(2.5)]);
    let multi =
        jsonl("{\"text\":\"a\",\"label\":[\"x\",\"y\"]}\n{\"text\":\"b\",\"label\":[]}\n").unwrap();
    assert_eq!(labels(&multi)[1], Label::Classes(vec![]));
    let split = ReadOptions { label_separator: Some("|".into()), ..options(Format::Csv) };
    let multi = read_from(&b"text,label\na,y| x\nb,\n"[..], "f.csv", &split).unwrap();
    assert_eq!(
        labels(&multi),
        [Label::Classes(vec!["x".into(), "y".into()]), Label::Classes(vec![])]
    );
    let override_ =
        ReadOptions { problem_type: Some(ProblemType::Regression), ..options(Format::Csv) };
    let error = message(read_from(&b"text,label\na,1\nb,NaN\n"[..], "f.csv", &override_));
    assert!(
        error.starts_with("f.csv:3: column `label`: ") && error.contains("finite number"),
        "{error}"
    );
    let mixed = jsonl("{\"text\":\"a\",\"label\":[\"x\"]}\n{\"text\":\"b\",\"label\":\"y\"}\n");
    assert!(message(mixed).contains("f.jsonl:2: column `label`"));
    let optional = ReadOptions { labels: LabelUse::Ignored, ..options(Format::Csv) };
    let unlabelled = read_from(&b"text,label\na,\n"[..], "f.csv", &optional).unwrap();
    assert_eq!((unlabelled.problem_type(), unlabelled.examples()[0].label.clone()), (None, None));
}

#[test]
fn one_class_and_unknown_labels_are_named() {
    let one = csv(b"text,label\na,x\nb,x\n").unwrap();
    assert_eq!(
        LabelSet::from_dataset(&one).unwrap_err().to_string(),
        "f.csv: all 2 rows have the label `x`; a classifier needs at least two"
    );
    let labels = LabelSet::from_names(vec!["neg".into(), "pos".into()]).unwrap();
    let new = csv(b"text,label\na,pos\nb,neutral\n").unwrap();
    let error = targets(&new, ProblemType::SingleLabelClassification, &labels).unwrap_err();
    assert_eq!(
        error.to_string(),
        "f.csv:3: label `neutral` is not one of the 2 labels of training (neg, pos)"
    );
    assert!(LabelSet::from_names(vec!["a".into(), "a".into()]).is_err());
}

#[test]
fn default_label_names_bind_to_integers() {
    let labels = LabelSet::from_names(vec!["LABEL_0".into(), "LABEL_1".into()]).unwrap();
    let dataset = csv(b"text,label\na,1\nb,LABEL_0\n").unwrap();
    let got = targets(&dataset, ProblemType::SingleLabelClassification, &labels).unwrap();
    assert_eq!(got, Targets::Classes(vec![1, 0]));
    let named = LabelSet::from_names(vec!["LABEL_0".into(), "good".into()]).unwrap();
    assert_eq!(named.id("0"), None);
}

#[cfg(not(feature = "parquet"))]
#[test]
fn parquet_says_which_feature_reads_it() {
    let error = message(read_from(&b"PAR1"[..], "f.parquet", &options(Format::Parquet)));
    assert!(error.contains("`parquet`"), "{error}");
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_rows_are_read_and_damage_is_an_error() {
    // Written by pandas 3 with pyarrow: text (string), label (int64), two rows.
    let bytes = include_bytes!("fixtures/two_rows.parquet");
    let dataset = read_from(&bytes[..], "f.parquet", &options(Format::Parquet)).unwrap();
    assert_eq!(dataset.examples()[1].text, "很好");
    assert_eq!(labels(&dataset), [Label::Class("3".into()), Label::Class("5".into())]);
    let damaged = read_from(&bytes[..bytes.len() / 2], "f.parquet", &options(Format::Parquet));
    assert!(message(damaged).starts_with("f.parquet: "));
}
