//! Points, with lines through some of them.

use kuva::plot::legend::LegendPosition;
use kuva::plot::{LinePlot, ScatterPlot};
use kuva::render::plots::Plot;

use crate::render::{COLORS, GREY, log_ticks, svg};
use crate::{ChartText, Error, Result, Scale, Series};

/// Named points.
#[derive(Debug, Clone, Copy)]
pub struct Points<'a> {
    /// What the legend calls them; no entry if empty.
    pub name: &'a str,
    /// The points (x, y); those that are not finite are left out.
    pub points: &'a [(f64, f64)],
    /// A word beside each point, `[points]`, or none at all.
    pub labels: &'a [String],
}

/// Points in one frame, such as plans by cost and quality with their Pareto front.
///
/// | field | default | meaning |
/// | --- | --- | --- |
/// | `groups` | none | the points, a colour a group |
/// | `lines` | none | thin grey lines, behind the points |
/// | `x_scale`, `y_scale` | linear | how the axes are divided |
#[derive(Debug, Clone, Copy, Default)]
pub struct Scatter<'a> {
    /// The points.
    pub groups: &'a [Points<'a>],
    /// Thin lines behind the points.
    pub lines: &'a [Series<'a>],
    /// How the horizontal axis is divided.
    pub x_scale: Scale,
    /// How the vertical axis is divided.
    pub y_scale: Scale,
}

impl Scatter<'_> {
    /// The chart, with a legend.
    ///
    /// # Errors
    /// [`Error::NothingToDraw`] if no point can be shown, [`Error::Shape`] if there are labels but not
    /// one a point.
    ///
    /// ```
    /// use tunewise_plot::{ChartText, Points, Scatter, Series};
    ///
    /// # fn main() -> tunewise_plot::Result<()> {
    /// let plans = [(1.0, 0.7), (2.0, 0.6), (3.0, 0.9)];
    /// let front = [(1.0, 0.7), (3.0, 0.9)];
    /// let scatter = Scatter {
    ///     groups: &[Points { name: "plans", points: &plans, labels: &[] }],
    ///     lines: &[Series { name: "Pareto front", points: &front }],
    ///     ..Scatter::default()
    /// };
    /// let text = ChartText { title: "Plans", x_label: "cost", y_label: "macro F1" };
    /// assert!(scatter.svg(text)?.contains("Pareto front"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn svg(&self, text: ChartText<'_>) -> Result<String> {
        let lines = self.lines.iter().filter_map(|line| {
            let points: Vec<(f64, f64)> =
                line.points.iter().copied().filter(|&point| self.shows(point)).collect();
            let plot = LinePlot::new().with_data(points.iter().copied()).with_color(GREY);
            let plot = if line.name.is_empty() { plot } else { plot.with_legend(line.name) };
            (!points.is_empty()).then(|| Plot::Line(plot.with_stroke_width(1.5)))
        });
        let mut plots: Vec<Plot> = lines.collect();
        let behind = plots.len();
        for (group, color) in self.groups.iter().zip(COLORS.into_iter().cycle()) {
            plots.extend(self.group(group, color)?);
        }
        if plots.len() == behind {
            return Err(Error::NothingToDraw);
        }
        let mut layout = text.layout(&plots).with_legend_position(LegendPosition::OutsideRightTop);
        if self.x_scale == Scale::Log {
            layout = layout.with_log_x().with_x_tick_format(log_ticks());
        }
        if self.y_scale == Scale::Log {
            layout = layout.with_log_y().with_y_tick_format(log_ticks());
        }
        Ok(svg(plots, layout))
    }

    fn group(&self, group: &Points<'_>, color: &str) -> Result<Option<Plot>> {
        let Points { name, points, labels } = *group;
        if !labels.is_empty() && labels.len() != points.len() {
            let (got, expected) = (labels.len(), points.len());
            return Err(Error::Shape { what: "labels of points", got, expected });
        }
        let shown = || points.iter().enumerate().filter(|(_, point)| self.shows(**point));
        let plot = ScatterPlot::new().with_data(shown().map(|(_, &point)| point));
        let plot = plot.with_color(color).with_size(4.5);
        let plot = if name.is_empty() { plot } else { plot.with_legend(name) };
        let words = shown().map(|(index, _)| labels.get(index).cloned().unwrap_or_default());
        let plot =
            if labels.is_empty() { plot } else { plot.with_labels(words).with_repel_labels() };
        Ok(shown().next().map(|_| Plot::Scatter(plot)))
    }

    fn shows(&self, (x, y): (f64, f64)) -> bool {
        self.x_scale.shows(x) && self.y_scale.shows(y)
    }
}
