//! Confidence against accuracy.

use kuva::plot::legend::LegendPosition;
use kuva::plot::{LinePlot, LineStyle, MarkerShape, ScatterPlot};
use kuva::render::color::Color;
use kuva::render::layout::{Layout, TickFormat};
use kuva::render::plots::Plot;
use kuva::render::render::Primitive;

use crate::render::{COLORS, GREY, round_step, svg, svg_with, text_width};
use crate::{ChartText, Error, Result};

const CURVE_HEIGHT: f64 = 400.0;
const COUNTS_HEIGHT: f64 = 140.0;
/// Of the axes of both panels.
const AXIS_WIDTH: f64 = 380.0;
/// Of a bin's bars together, in pixels.
const BARS_WIDTH: f64 = 10.0;
const LEFT: f64 = 76.0;
const PERFECT: &str = "perfect";

/// Rows of like confidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConfidenceBin {
    /// Mean confidence of its rows; not shown if not finite.
    pub confidence: f64,
    /// Share of its rows that are right.
    pub accuracy: f64,
    /// Number of rows.
    pub count: u64,
}

/// The bins of one model.
#[derive(Debug, Clone, Copy)]
pub struct Reliability<'a> {
    /// What the legend calls it.
    pub name: &'a str,
    /// Its bins.
    pub bins: &'a [ConfidenceBin],
}

/// A reliability diagram: accuracy over confidence with the diagonal of perfect calibration, and below
/// it how many rows each bin has.
///
/// # Errors
/// [`Error::NothingToDraw`] if no bin has rows.
///
/// # Reference
/// Guo, Pleiss, Sun and Weinberger (2017), On Calibration of Modern Neural Networks, figure 1;
/// `sklearn.calibration.CalibrationDisplay`.
///
/// ```
/// use tunewise_plot::{ChartText, ConfidenceBin, Reliability, reliability_diagram};
///
/// # fn main() -> tunewise_plot::Result<()> {
/// let bin = ConfidenceBin { confidence: 0.97, accuracy: 0.88, count: 120 };
/// let text = ChartText { title: "Reliability", x_label: "confidence", y_label: "accuracy" };
/// let svg = reliability_diagram(text, &[Reliability { name: "model", bins: &[bin] }])?;
/// assert!(svg.contains("perfect"));
/// # Ok(())
/// # }
/// ```
pub fn reliability_diagram(text: ChartText<'_>, models: &[Reliability<'_>]) -> Result<String> {
    if !models.iter().flat_map(|model| model.bins).any(|bin| shown(&bin)) {
        return Err(Error::NothingToDraw);
    }
    let diagonal = LinePlot::new().with_data([(0.0, 0.0), (1.0, 1.0)]);
    let diagonal =
        diagonal.with_color(GREY).with_line_style(LineStyle::Dashed).with_legend(PERFECT);
    let mut plots = vec![Plot::Line(diagonal)];
    for (model, color) in models.iter().zip(COLORS.into_iter().cycle()) {
        let points = || model.bins.iter().filter(shown).map(|bin| (bin.confidence, bin.accuracy));
        let line = LinePlot::new().with_data(points()).with_color(color).with_stroke_width(2.0);
        plots.push(Plot::Line(line.with_legend(model.name)));
        let marks = ScatterPlot::new().with_data(points()).with_color(color).with_size(4.0);
        plots.push(Plot::Scatter(marks.with_marker(MarkerShape::Square)));
    }
    let upper = ChartText { x_label: "", ..text };
    let layout = upper.layout(&plots).with_y_axis_min(0.0).with_y_axis_max(1.0);
    let layout = panel(layout, models, CURVE_HEIGHT)
        .with_force_margins_y(45.0, 26.0)
        .with_legend_position(LegendPosition::OutsideRightTop);
    Ok(stacked(
        &svg(plots, layout),
        &counts_panel(text, models),
        LEFT + AXIS_WIDTH + right_margin(models),
    ))
}

/// A bar at the mean confidence of each bin, those of several models beside each other.
fn counts_panel(text: ChartText<'_>, models: &[Reliability<'_>]) -> String {
    let counts = models.iter().flat_map(|model| model.bins).map(|bin| bin.count);
    let most = counts.max().unwrap_or(1).max(1) as f64 * 1.05;
    let frame = ScatterPlot::new().with_data([(0.0, 0.0), (1.0, most)]).with_size(0.0);
    let plots = vec![Plot::Scatter(frame)];
    let text = ChartText { title: "", y_label: "rows", ..text };
    let layout = text.layout(&plots).with_y_axis_min(0.0).with_y_axis_max(most);
    let layout = panel(layout, models, COUNTS_HEIGHT)
        .with_force_margins_y(14.0, 48.0)
        .with_y_tick_format(TickFormat::Integer)
        .with_y_tick_step(round_step(most / 2.5).max(1.0));
    let width = BARS_WIDTH / models.len() as f64;
    svg_with(plots, layout, |scene, place| {
        for ((model, color), number) in models.iter().zip(COLORS.into_iter().cycle()).zip(0u32..) {
            for bin in model.bins.iter().filter(shown) {
                let top = place.map_y(bin.count as f64);
                let left = place.map_x(bin.confidence) - BARS_WIDTH / 2.0;
                scene.add(Primitive::Rect {
                    x: left + width * f64::from(number),
                    y: top,
                    width,
                    height: place.map_y(0.0) - top,
                    fill: Color::from(color),
                    stroke: None,
                    stroke_width: None,
                    opacity: Some(0.85),
                });
            }
        }
    })
}

fn shown(bin: &&ConfidenceBin) -> bool {
    bin.count > 0 && bin.confidence.is_finite() && bin.accuracy.is_finite()
}

/// The margin for the legend, the same in both panels, so that their axes stand above each other.
fn right_margin(models: &[Reliability<'_>]) -> f64 {
    let widths = models.iter().map(|model| text_width(model.name, 12.0));
    widths.fold(text_width(PERFECT, 12.0), f64::max) + 70.0
}

fn panel(layout: Layout, models: &[Reliability<'_>], height: f64) -> Layout {
    let right = right_margin(models);
    layout
        .with_x_axis_min(0.0)
        .with_x_axis_max(1.0)
        .with_width(LEFT + AXIS_WIDTH + right)
        .with_height(height)
        .with_force_margins(LEFT, right)
}

/// Two pictures, one below the other; the ids of the lower one are made its own.
fn stacked(upper: &str, lower: &str, width: f64) -> String {
    let height = CURVE_HEIGHT + COUNTS_HEIGHT;
    let lower = lower.replace("kuva-clip-", "kuva-clip-b");
    let lower = lower.replacen("<svg ", &format!("<svg y=\"{CURVE_HEIGHT}\" "), 1);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\">{upper}{lower}</svg>"
    )
}
