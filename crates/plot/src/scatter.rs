//! Points, with lines through some of them.

use kuva::plot::legend::{LegendEntry, LegendPosition, LegendShape};
use kuva::plot::{BandPlot, LinePlot, ScatterPlot};
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;

use crate::render::{
    BAND_OPACITY, COLORS, GREY, large_ticks, legend_entry, log_ticks, svg, thinned,
};
use crate::{Band, ChartText, Error, Result, Scale, Series};

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

/// Points in one frame, such as plans by cost and quality with their Pareto front, or measurements with
/// the line fitted to them.
///
/// | field | default | meaning |
/// | --- | --- | --- |
/// | `groups` | none | the points, a colour a group |
/// | `lines` | none | thin grey lines, behind the points |
/// | `bands` | none | shaded grey, behind the lines, the widest first: each is darker than the one around it |
/// | `x_scale`, `y_scale` | linear | how the axes are divided |
#[derive(Debug, Clone, Copy, Default)]
pub struct Scatter<'a> {
    /// The points.
    pub groups: &'a [Points<'a>],
    /// Thin lines behind the points.
    pub lines: &'a [Series<'a>],
    /// Shaded, behind the lines.
    pub bands: &'a [Band<'a>],
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
            (!points.is_empty()).then(|| Plot::Line(plot.with_stroke_width(1.5)))
        });
        let bands = self.bands.iter().filter_map(|band| self.band(band).map(Plot::Band));
        let mut plots: Vec<Plot> = bands.chain(lines).collect();
        let behind = plots.len();
        for (group, color) in self.groups.iter().zip(COLORS.into_iter().cycle()) {
            plots.extend(self.group(group, color)?);
        }
        if plots.len() == behind {
            return Err(Error::NothingToDraw);
        }
        let layout = self.scaled(text.layout(&plots));
        let layout = layout.with_legend_position(LegendPosition::OutsideRightTop);
        Ok(svg(plots, layout.with_legend_entries(self.legend())))
    }

    fn scaled(&self, mut layout: Layout) -> Layout {
        let points = || self.groups.iter().flat_map(|group| group.points);
        let size = |of: fn(&(f64, f64)) -> f64| {
            points().map(of).filter(|v| v.is_finite()).fold(0.0_f64, |most, v| most.max(v.abs()))
        };
        if self.x_scale == Scale::Log {
            layout = layout.with_log_x().with_x_tick_format(log_ticks());
        } else if let Some(ticks) = large_ticks(size(|point| point.0)) {
            layout = layout.with_x_tick_format(ticks);
        }
        if self.y_scale == Scale::Log {
            layout = layout.with_log_y().with_y_tick_format(log_ticks());
        } else if let Some(ticks) = large_ticks(size(|point| point.1)) {
            layout = layout.with_y_tick_format(ticks);
        }
        layout
    }

    /// Points, lines, bands: what has a name.
    fn legend(&self) -> Vec<LegendEntry> {
        let groups = self.groups.iter().zip(COLORS.into_iter().cycle());
        let groups = groups.map(|(it, color)| legend_entry(it.name, color, LegendShape::Circle));
        let lines = self.lines.iter().map(|it| legend_entry(it.name, GREY, LegendShape::Line));
        let bands = (1..).zip(self.bands).map(|(number, band)| {
            legend_entry(band.name, &thinned(GREY, number), LegendShape::Rect)
        });
        groups.chain(lines).chain(bands).filter(|entry| !entry.label.is_empty()).collect()
    }

    fn band(&self, band: &Band<'_>) -> Option<BandPlot> {
        let within =
            |&&(x, low, high): &&(f64, f64, f64)| self.shows((x, low)) && self.shows((x, high));
        let shown = || band.points.iter().filter(within);
        let (x, low, high) = (shown().map(|p| p.0), shown().map(|p| p.1), shown().map(|p| p.2));
        let plot = BandPlot::new(x, low, high).with_color(GREY).with_opacity(BAND_OPACITY);
        shown().next().map(|_| plot)
    }

    fn group(&self, group: &Points<'_>, color: &str) -> Result<Option<Plot>> {
        let Points { points, labels, .. } = *group;
        if !labels.is_empty() && labels.len() != points.len() {
            let (got, expected) = (labels.len(), points.len());
            return Err(Error::Shape { what: "labels of points", got, expected });
        }
        let shown = || points.iter().enumerate().filter(|(_, point)| self.shows(**point));
        let plot = ScatterPlot::new().with_data(shown().map(|(_, &point)| point));
        let plot = plot.with_color(color).with_size(4.5);
        let words = shown().map(|(index, _)| labels.get(index).cloned().unwrap_or_default());
        let plot =
            if labels.is_empty() { plot } else { plot.with_labels(words).with_repel_labels() };
        Ok(shown().next().map(|_| Plot::Scatter(plot)))
    }

    fn shows(&self, (x, y): (f64, f64)) -> bool {
        self.x_scale.shows(x) && self.y_scale.shows(y)
    }
}
