//! Run records, logs and invoices: real files to constants, constants to the time of another run, bad
//! files by message, no panic on any bytes.
#![cfg(feature = "records")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::io::{self, Read};
use std::path::Path;

use proptest::prelude::*;
use tunewise_cost::calibrate::FitError;
use tunewise_cost::records::{
    Difference, Invoice, Machine, RecordError, Relation, Run, Table, annotation, training_time,
};

/// Against the same least squares in NumPy.
const ROUNDING: f64 = 1e-9;
/// What a time on a shared machine may be off.
const UNSEEN: f64 = 0.15;

fn run(width: u32) -> Run {
    let path = format!("tests/fixtures/runs/width-{width}.json");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    Run::from_json(std::fs::File::open(path).unwrap()).unwrap()
}

#[test]
fn real_records_become_the_training_time_of_an_unseen_run() {
    let runs = [64, 128, 256].map(run);
    let machine = Machine { device: "cpu".into(), precision: "fp32".into(), threads: 2 };
    assert!(runs.iter().all(|run| run.machine.as_ref() == Some(&machine)));
    assert_eq!(Run::differences(&runs), []);
    let fit = training_time(&runs, None).unwrap();
    let [l, m] = [fit.coefficients()[1], fit.intercept()];
    // numpy.polyfit([121923, 448643, 1716483], seconds/3600, 1)
    assert!(
        (l / 3.4552094914394696e-10 - 1.0).abs() < ROUNDING
            && (m / 4.088743579746548e-05 - 1.0).abs() < ROUNDING,
        "{l} {m}"
    );
    let unseen = run(192);
    let predicted = l * unseen.param_count + m;
    assert!((predicted / unseen.hours() - 1.0).abs() < UNSEEN, "{predicted} {}", unseen.hours());
}

#[test]
fn other_numbers_of_tokens_are_said_and_count() {
    let mut runs = [64, 128, 256].map(run);
    let tokens = runs[0].tokens.unwrap();
    let same = training_time(&runs, None).unwrap();
    assert_eq!(training_time(&runs, Some(tokens)).unwrap().coefficients(), same.coefficients());
    // Twice the tokens is twice the operations: at half of the tokens, l is half.
    let half = training_time(&runs, Some(tokens / 2.0)).unwrap();
    assert!((half.coefficients()[1] * 2.0 / same.coefficients()[1] - 1.0).abs() < ROUNDING);
    runs[1].tokens = Some(2.0 * tokens);
    runs[2].machine =
        Some(Machine { device: "cuda(0)".into(), precision: "bf16".into(), threads: 8 });
    let found = Run::differences(&runs);
    assert_eq!(found.len(), 4);
    assert_eq!(found[0], Difference::Tokens { least: 11976, most: 23952 });
    assert_eq!(found[1].to_string(), "the runs' devices differ: cpu, cuda(0)");
    assert_eq!(found[2].to_string(), "the runs' precisions differ: bf16, fp32");
    assert_eq!(found[3].to_string(), "the runs' threads differ: 2, 8");
    runs[1].tokens = None;
    let fault = training_time(&runs, Some(5.0)).unwrap_err();
    assert!(matches!(fault, RecordError::NoTokens { run: 2, .. }));
    assert!(matches!(training_time(&runs, Some(0.0)), Err(RecordError::Key { key: "tokens", .. })));
}

#[test]
fn records_that_cannot_be_are_named() {
    let fault = |text: &str| Run::from_json(text.as_bytes()).unwrap_err().to_string();
    assert!(fault("").contains("line 1 column 0"));
    assert!(fault("[]").contains("no run record"));
    assert!(fault("{\n\"parameters\": \"many\"}").contains("line 2 column 20"));
    assert_eq!(
        fault("{\"parameters\": 0, \"training_seconds\": 1}"),
        "`parameters` is 0, expected a finite number above 0"
    );
    assert_eq!(
        fault("{\"parameters\": 1, \"training_seconds\": 1, \"trained_tokens\": -3}"),
        "`trained_tokens` is -3, expected a finite number above 0"
    );
}

#[test]
fn logs_and_invoices_that_cannot_be_are_named() {
    let log = |text: &str| Run::log(text.as_bytes()).unwrap_err().to_string();
    assert_eq!(log("seconds\n5\n"), "line 1: no column `params`, found seconds");
    assert_eq!(
        log("params,seconds,gpus\n1,1,1\n1,1,0\n"),
        "line 3, column `gpus`: `0`, expected a finite number above 0"
    );
    assert_eq!(
        log("params,seconds\n\n1,1\n1,1 h\n"),
        "line 4, column `seconds`: `1 h`, expected a finite number"
    );
    let invoices = |text: &[u8]| Invoice::read(text).unwrap_err().to_string();
    assert_eq!(invoices(b"samples,amount\n1,2\n\xff,2\n"), "line 3: field 1 is not UTF-8");
    assert_eq!(
        invoices(b"samples,amount\n1,2\n3,\"4\n5,6\n"),
        "line 3: the quote is not closed, expected another before the end of the field"
    );
    assert_eq!(invoices(b"samples,amount\n"), "no rows: expected a header and rows below it");
    let two = Invoice::read("samples,amount\n1,2\n2,3\n".as_bytes()).unwrap();
    let fault = annotation(&two).unwrap_err();
    assert!(matches!(fault, RecordError::Fit(FitError::TooFewRows { rows: 2, .. })));
    let credit = Invoice::read("\u{feff}samples,amount\n\"1\",-2.5\n".as_bytes()).unwrap();
    assert_eq!(credit, [Invoice { samples: 1.0, amount: -2.5 }]);
}

#[test]
fn a_reader_that_fails_is_told() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("unplugged"))
        }
    }
    let fault = Table::read(Broken, &["x"]).unwrap_err().to_string();
    assert_eq!(fault, "cannot read: unplugged");
    assert!(Run::from_json(Broken).unwrap_err().to_string().contains("unplugged"));
}

#[test]
fn a_relation_names_what_it_needs() {
    let table = Table::read("x,y\n1,2\n2,3\n3,5\n".as_bytes(), &["x", "y"]).unwrap();
    let fit = |y, x| {
        let relation = Relation { y, x, weights: None, intercept: true };
        table.fit(&relation).map(|fit| fit.n()).map_err(|fault| fault.to_string())
    };
    assert_eq!(fit("y", &["x"]), Ok(3));
    assert_eq!(fit("y", &["z"]), Err("line 1: no column `z`, found x, y".to_owned()));
    assert!(fit("y", &["y"]).unwrap_err().contains("`y` is there twice"));
}

proptest! {
    #[test]
    fn no_bytes_make_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let log = [b"params,seconds\n".as_slice(), &bytes].concat();
        let _ = (Run::log(&log[..]), Run::from_json(&bytes[..]), Invoice::read(&bytes[..]));
    }

    #[test]
    fn numbers_come_back_as_written(values in proptest::collection::vec(-1e300..1e300_f64, 1..20)) {
        let rows: String = values.iter().map(|value| format!("a,{value:e}\n")).collect();
        let table = Table::read(format!("name,x\n{rows}").as_bytes(), &["x"]).unwrap();
        prop_assert_eq!(table.column("x").unwrap(), &values[..]);
    }
}
