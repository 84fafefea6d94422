//! The pictures: well-formed, escaped, repeatable.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use tunewise_metrics::svg::{
    confusion_matrix, precision_recall_curves, reliability_diagram, risk_coverage_curves,
    roc_curves,
};
use tunewise_metrics::{
    Bins, ConfusionMatrix, CurvePoints, precision_recall_curve, reliability_curve,
    risk_coverage_curve, roc_curve,
};

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

const HOSTILE: &str = "<script>负面";

#[test]
fn curves_carry_escaped_names_areas_and_chance() {
    // scikit-learn's documentation of roc_auc_score and average_precision_score on these rows gives
    // 0.75 and 0.83.
    let (y_true, y_score) = ([false, false, true, true], [0.1, 0.4, 0.35, 0.8]);
    let roc = roc_curve(&y_true, &y_score, None, CurvePoints::Corners).unwrap().value;
    let svg = roc_curves(&[(HOSTILE, &roc), ("same", &roc)], HOSTILE).unwrap();
    assert!(svg.contains("&lt;script&gt;负面 (AUC = 0.75)") && svg.contains("same (AUC = 0.75)"));
    assert!(svg.contains("chance") && !svg.contains("<script"));

    let curve = precision_recall_curve(&y_true, &y_score, None, CurvePoints::All).unwrap().value;
    let svg = precision_recall_curves(&[(HOSTILE, &curve), ("same", &curve)], HOSTILE).unwrap();
    assert!(svg.contains("&lt;script&gt;负面 (AP = 0.83)") && !svg.contains("<script"));
    assert_eq!(svg.matches("chance (0.50)").count(), 1, "one line for one share of positives");
}

#[test]
fn a_curve_of_one_class_has_nothing_to_draw() {
    let roc = roc_curve(&[true, true], &[0.1, 0.4], None, CurvePoints::All).unwrap().value;
    let error = roc_curves(&[("model", &roc)], "ROC").unwrap_err();
    assert_eq!(error.to_string(), "nothing to draw: no finite point");
}

#[test]
fn seventy_seven_intents_are_all_named() {
    let labels: Vec<String> = (0..77).map(|i| format!("intent_{i:02}")).collect();
    let svg = confusion_matrix(&ConfusionMatrix::new(&labels, &labels).unwrap(), "").unwrap();
    for label in &labels {
        assert!(svg.matches(&format!(">{label}<")).count() == 2, "{label}");
    }
}

#[test]
fn calibration_and_abstention_carry_escaped_names_and_areas() {
    // One bin: all four rows at a mean confidence of 0.75, three of four right: ECE 0.
    let (right, confidence) = ([true, true, false, true], [0.9, 0.8, 0.7, 0.6]);
    let curve = reliability_curve(&right, &confidence, Bins::EqualWidth(1), None).unwrap();
    let svg = reliability_diagram(&[(HOSTILE, &curve), ("same", &curve)], HOSTILE).unwrap();
    assert!(svg.contains("&lt;script&gt;负面 (ECE = 0.000)") && svg.contains("same (ECE = 0.000)"));
    assert!(svg.contains("perfect") && !svg.contains("<script"));

    // Risks 0, 0, 1/3, 1/4 at coverages of quarters: (1/3 + 1/4) / 4 = 0.146.
    let curve = risk_coverage_curve(&right, &confidence, None).unwrap();
    let svg = risk_coverage_curves(&[(HOSTILE, &curve)], HOSTILE).unwrap();
    assert!(svg.contains("&lt;script&gt;负面 (AURC = 0.146)") && !svg.contains("<script"));
    assert!(risk_coverage_curves(&[], "").is_err());
}
