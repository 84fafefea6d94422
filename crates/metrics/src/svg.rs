//! Pictures as SVG text. Names are escaped; the same input gives the same bytes.

use tunewise_plot::{
    ChartText, ConfidenceBin, HeatMap, Join, LineChart, Reliability, Series, heat_map,
};

use crate::{
    ConfusionMatrix, Label, PrecisionRecallCurve, ReliabilityCurve, Result, RiskCoverageCurve,
    RocCurve, auc,
};

/// The matrix as a heat map: true labels down, predicted labels across, bluer for more rows, with the
/// counts; above 20 labels only those that are not zero.
///
/// # Errors
/// [`Error::Plot`](crate::Error::Plot) for a matrix without labels.
///
/// # Reference
/// `sklearn.metrics.ConfusionMatrixDisplay`.
///
/// ```
/// use tunewise_metrics::{ConfusionMatrix, svg};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let matrix = ConfusionMatrix::new(&["负面", "正面"], &["负面", "负面"])?;
/// assert!(svg::confusion_matrix(&matrix, "test rows")?.contains("正面"));
/// # Ok(())
/// # }
/// ```
pub fn confusion_matrix<L: Label>(matrix: &ConfusionMatrix<L>, title: &str) -> Result<String> {
    let names: Vec<String> = matrix.labels().iter().map(L::to_string).collect();
    let counts: Vec<u64> = matrix.rows().flatten().copied().collect();
    let text = ChartText { title, x_label: "predicted label", y_label: "true label" };
    Ok(heat_map(text, HeatMap { names: &names, counts: &counts })?)
}

/// ROC curves by name, with the area under each in the legend and the line of chance.
///
/// # Errors
/// [`Error::Plot`](crate::Error::Plot) if no curve has a finite point.
///
/// # Reference
/// `sklearn.metrics.RocCurveDisplay`.
///
/// ```
/// use tunewise_metrics::{CurvePoints, roc_curve, svg};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_true = [false, true, false, true];
/// let curve = roc_curve(&y_true, &[0.1, 0.4, 0.35, 0.8], None, CurvePoints::Corners)?.value;
/// assert!(svg::roc_curves(&[("model", &curve)], "ROC")?.contains("model (AUC = 1.00)"));
/// # Ok(())
/// # }
/// ```
pub fn roc_curves(curves: &[(&str, &RocCurve)], title: &str) -> Result<String> {
    let mut lines = Vec::new();
    for (name, curve) in curves {
        let (x, y) = (&curve.false_positive_rate, &curve.true_positive_rate);
        let area = auc(x, y).unwrap_or(f64::NAN);
        lines.push((format!("{name} (AUC = {area:.2})"), pairs(x, y)));
    }
    let chance = ("chance".to_owned(), vec![(0.0, 0.0), (1.0, 1.0)]);
    let text = ChartText { title, x_label: "false positive rate", y_label: "true positive rate" };
    unit_square(text, (&lines, &[chance]), Join::Straight)
}

/// Precision over recall by name, as steps, with the average precision of each in the legend and what
/// chance gives: the share of positives.
///
/// # Errors
/// [`Error::Plot`](crate::Error::Plot) if no curve has a finite point.
///
/// # Reference
/// `sklearn.metrics.PrecisionRecallDisplay`.
///
/// ```
/// use tunewise_metrics::{CurvePoints, precision_recall_curve, svg};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_true = [false, true, false, true];
/// let curve = precision_recall_curve(&y_true, &[0.1, 0.4, 0.35, 0.8], None, CurvePoints::All)?.value;
/// let svg = svg::precision_recall_curves(&[("model", &curve)], "precision and recall")?;
/// assert!(svg.contains("model (AP = 1.00)") && svg.contains("chance (0.50)"));
/// # Ok(())
/// # }
/// ```
pub fn precision_recall_curves(
    curves: &[(&str, &PrecisionRecallCurve)],
    title: &str,
) -> Result<String> {
    let (mut lines, mut chances) = (Vec::new(), Vec::new());
    for (name, PrecisionRecallCurve { precision, recall, .. }) in curves {
        let steps = recall.windows(2).zip(precision);
        let step = |(ends, height): (&[f64], &f64)| Some((ends.first()? - ends.get(1)?) * height);
        let average: f64 = steps.filter_map(step).sum();
        lines.push((format!("{name} (AP = {average:.2})"), pairs(recall, precision)));
        // With the lowest threshold every row is predicted positive.
        let share = precision.first().copied().unwrap_or(f64::NAN);
        let chance = (format!("chance ({share:.2})"), vec![(0.0, share), (1.0, share)]);
        if !chances.contains(&chance) {
            chances.push(chance);
        }
    }
    let text = ChartText { title, x_label: "recall", y_label: "precision" };
    // From the highest recall down, each precision holds to the next: the area that AP sums.
    unit_square(text, (&lines, &chances), Join::Step)
}

/// Reliability curves by name, with the expected calibration error of each in the legend, the diagonal
/// of perfect calibration, and the rows of each bin below.
///
/// # Errors
/// [`Error::Plot`](crate::Error::Plot) if no bin has rows.
///
/// # Reference
/// `sklearn.calibration.CalibrationDisplay`.
///
/// ```
/// use tunewise_metrics::{Bins, reliability_curve, svg};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let y_true = [false, true, true, true];
/// let curve = reliability_curve(&y_true, &[0.2, 0.4, 0.9, 0.7], Bins::EqualWidth(2), None)?;
/// assert!(svg::reliability_diagram(&[("model", &curve)], "test rows")?.contains("model (ECE = 0.200)"));
/// # Ok(())
/// # }
/// ```
pub fn reliability_diagram(models: &[(&str, &ReliabilityCurve)], title: &str) -> Result<String> {
    let named = |(name, curve): &(&str, &ReliabilityCurve)| {
        let bins = curve.bins.iter().map(|bin| ConfidenceBin {
            confidence: bin.mean_confidence,
            accuracy: bin.accuracy,
            count: bin.count as u64,
        });
        let error = curve.expected_calibration_error();
        (format!("{name} (ECE = {error:.3})"), bins.collect::<Vec<_>>())
    };
    let models: Vec<_> = models.iter().map(named).collect();
    let models: Vec<Reliability<'_>> =
        models.iter().map(|(name, bins)| Reliability { name, bins }).collect();
    let text = ChartText { title, x_label: "confidence", y_label: "accuracy" };
    Ok(tunewise_plot::reliability_diagram(text, &models)?)
}

/// Risk over coverage by name, with the area under each curve in the legend.
///
/// # Errors
/// [`Error::Plot`](crate::Error::Plot) without curves.
///
/// ```
/// use tunewise_metrics::{risk_coverage_curve, svg};
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let curve = risk_coverage_curve(&[true, false], &[0.9, 0.6], None)?;
/// assert!(svg::risk_coverage_curves(&[("model", &curve)], "abstention")?.contains("AURC = 0.250"));
/// # Ok(())
/// # }
/// ```
pub fn risk_coverage_curves(curves: &[(&str, &RiskCoverageCurve)], title: &str) -> Result<String> {
    let named = |(name, curve): &(&str, &RiskCoverageCurve)| {
        let points = curve.points.iter().map(|point| (point.coverage, point.risk)).collect();
        (format!("{name} (AURC = {:.3})", curve.area()), points)
    };
    let lines: Vec<Named> = curves.iter().map(named).collect();
    let text = ChartText { title, x_label: "coverage", y_label: "risk" };
    let series: Vec<Series<'_>> =
        lines.iter().map(|(name, points)| Series { name, points }).collect();
    let x_range = Some((0.0, 1.0));
    Ok(LineChart { series: &series, x_range, ..LineChart::default() }.svg(text)?)
}

type Named = (String, Vec<(f64, f64)>);

fn pairs(x: &[f64], y: &[f64]) -> Vec<(f64, f64)> {
    x.iter().copied().zip(y.iter().copied()).collect()
}

fn unit_square(
    text: ChartText<'_>,
    (lines, guides): (&[Named], &[Named]),
    join: Join,
) -> Result<String> {
    fn series(named: &[Named]) -> Vec<Series<'_>> {
        named.iter().map(|(name, points)| Series { name, points }).collect()
    }
    let unit = Some((0.0, 1.0));
    Ok(LineChart {
        series: &series(lines),
        guides: &series(guides),
        x_range: unit,
        y_range: unit,
        join,
        ..LineChart::default()
    }
    .svg(text)?)
}
