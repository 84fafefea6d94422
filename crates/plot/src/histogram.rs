//! How values are spread.

use kuva::plot::Histogram as KuvaHistogram;
use kuva::render::color::Color;
use kuva::render::layout::{ComputedLayout, TickFormat};
use kuva::render::plots::Plot;
use kuva::render::render::{Primitive, Scene, TextAnchor};

use crate::render::{COLORS, round_step, svg_with};
use crate::{ChartText, Error, Result};

/// Bars at most.
const MOST_BINS: usize = 80;
/// Rows that the marks' names take in turn, so that neighbours do not overlap.
const NAME_ROWS: usize = 4;
const NAME_HEIGHT: f64 = 14.0;

/// A named value, as a vertical line.
#[derive(Debug, Clone, Copy)]
pub struct Mark<'a> {
    /// What stands beside the line, such as `median 0.71`.
    pub name: &'a str,
    /// Where the line stands.
    pub value: f64,
}

/// Values counted in bins of equal width, with marks such as quantiles.
///
/// | field | default | meaning |
/// | --- | --- | --- |
/// | `values` | none | what is counted; those that are not finite are left out |
/// | `marks` | none | vertical lines |
/// | `bins` | by Freedman and Diaconis' rule, at most 80 | number of bars |
#[derive(Debug, Clone, Copy, Default)]
pub struct Histogram<'a> {
    /// What is counted.
    pub values: &'a [f64],
    /// Vertical lines; those that are not finite are left out.
    pub marks: &'a [Mark<'a>],
    /// Number of bars.
    pub bins: Option<usize>,
}

impl Histogram<'_> {
    /// The chart.
    ///
    /// # Errors
    /// [`Error::NothingToDraw`] if no value is finite.
    ///
    /// # Reference
    /// Freedman and Diaconis (1981), On the histogram as a density estimator: width 2 IQR / n^(1/3).
    ///
    /// ```
    /// use tunewise_plot::{ChartText, Histogram, Mark};
    ///
    /// # fn main() -> tunewise_plot::Result<()> {
    /// let histogram = Histogram {
    ///     values: &[0.1, 0.4, 0.5, 0.6],
    ///     marks: &[Mark { name: "median", value: 0.45 }],
    ///     bins: None,
    /// };
    /// let text = ChartText { title: "Outcomes", x_label: "effectiveness", y_label: "runs" };
    /// assert!(histogram.svg(text)?.contains("median"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn svg(&self, text: ChartText<'_>) -> Result<String> {
        let mut values: Vec<f64> = self.values.iter().copied().filter(|x| x.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        let (edges, counts) = binned(&values, self.bins).ok_or(Error::NothingToDraw)?;
        let most = counts.iter().copied().fold(0.0, f64::max);
        let ends = edges.first().copied().zip(edges.last().copied());
        let bars = KuvaHistogram::from_bins(edges, counts).with_color(COLORS[0]);
        let plots = vec![Plot::Histogram(bars)];
        let mut layout = text.layout(&plots).with_y_tick_format(TickFormat::Auto);
        // Room above the bars for the names of the marks, and beside them for marks further out.
        let rows = self.marks.len().min(NAME_ROWS) as f64;
        layout = layout.with_y_axis_min(0.0).with_y_axis_max(most * (1.05 + 0.06 * rows));
        if let Some((low, high)) = ends {
            let marks = self.marks.iter().map(|mark| mark.value).filter(|x| x.is_finite());
            let (low, high) = marks.fold((low, high), |(low, high), x| (low.min(x), high.max(x)));
            let (low, high, step) = round_ends(low, high);
            layout = layout.with_x_axis_min(low).with_x_axis_max(high).with_x_tick_step(step);
        }
        Ok(svg_with(plots, layout, |scene, place| self.draw_marks(scene, place)))
    }

    fn draw_marks(&self, scene: &mut Scene, place: &ComputedLayout) {
        let mut marks: Vec<&Mark<'_>> =
            self.marks.iter().filter(|mark| mark.value.is_finite()).collect();
        marks.sort_by(|a, b| a.value.total_cmp(&b.value));
        let middle = place.margin_left + place.plot_width() / 2.0;
        for (mark, row) in marks.iter().zip((0..NAME_ROWS).cycle()) {
            let x = place.map_x(mark.value);
            scene.add(Primitive::Line {
                x1: x,
                y1: place.margin_top,
                x2: x,
                y2: place.height - place.margin_bottom,
                stroke: Color::from(COLORS[1]),
                stroke_width: 1.5,
                stroke_dasharray: Some("5 3".to_owned()),
            });
            let (gap, anchor) =
                if x > middle { (-4.0, TextAnchor::End) } else { (4.0, TextAnchor::Start) };
            scene.add(Primitive::Text {
                x: x + gap,
                y: place.margin_top + NAME_HEIGHT * (row as f64 + 0.8),
                content: mark.name.to_owned(),
                size: 11,
                anchor,
                rotate: None,
                bold: false,
                color: None,
            });
        }
    }
}

/// The ends moved out to whole steps, and the step.
fn round_ends(low: f64, high: f64) -> (f64, f64, f64) {
    let step = round_step((high - low) / 6.0);
    ((low / step).floor() * step, (high / step).ceil() * step, step)
}

/// Edges and counts of bins of equal width over sorted finite values.
fn binned(sorted: &[f64], bins: Option<usize>) -> Option<(Vec<f64>, Vec<f64>)> {
    let (&low, &high) = sorted.first().zip(sorted.last())?;
    let half = 0.5 * (low.abs() * 1e-3).max(1e-3);
    let (low, high) = if high > low { (low, high) } else { (low - half, high + half) };
    let bins = bins.unwrap_or_else(|| freedman_diaconis(sorted, high - low)).clamp(1, MOST_BINS);
    let width = (high - low) / bins as f64;
    let mut counts = vec![0.0; bins];
    for value in sorted {
        let bin = (((value - low) / width) as usize).min(bins - 1);
        if let Some(count) = counts.get_mut(bin) {
            *count += 1.0;
        }
    }
    Some(((0..=bins).map(|edge| low + width * edge as f64).collect(), counts))
}

fn freedman_diaconis(sorted: &[f64], range: f64) -> usize {
    let at = |share: f64| sorted.get((share * (sorted.len() - 1) as f64) as usize);
    let spread = at(0.75).zip(at(0.25)).map_or(0.0, |(upper, lower)| upper - lower);
    let bins = range * (sorted.len() as f64).cbrt() / (2.0 * spread);
    if bins.is_finite() { bins.ceil() as usize } else { 10 }
}
