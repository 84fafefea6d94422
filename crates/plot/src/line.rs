//! Lines in one frame.

use kuva::plot::legend::{LegendEntry, LegendPosition, LegendShape};
use kuva::plot::{BandPlot, LinePlot, LineStyle, ScatterPlot};
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;

use crate::render::{
    BAND_OPACITY, COLORS, GREY, large_ticks, legend_entry, log_ticks, svg, thinned,
};
use crate::{ChartText, Error, Points, Result};

/// The smallest number that a logarithmic axis shows.
const SMALLEST_ON_LOG: f64 = 1e-10;

/// A named line.
#[derive(Debug, Clone, Copy)]
pub struct Series<'a> {
    /// What the legend calls it; no entry if empty.
    pub name: &'a str,
    /// Its points (x, y); those that are not finite are left out.
    pub points: &'a [(f64, f64)],
}

/// An interval around a line, as a shaded band.
#[derive(Debug, Clone, Copy)]
pub struct Band<'a> {
    /// What the legend calls it; no entry if empty.
    pub name: &'a str,
    /// Its points (x, low, high); those that are not finite are left out.
    pub points: &'a [(f64, f64, f64)],
}

/// How an axis is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    /// Equal steps are equal differences.
    #[default]
    Linear,
    /// Equal steps are equal ratios; what is below 1e-10 is left out.
    Log,
}

impl Scale {
    /// Whether the axis has a place for the value.
    pub(crate) fn shows(self, value: f64) -> bool {
        value.is_finite() && (self == Self::Linear || value >= SMALLEST_ON_LOG)
    }

    /// Where on the axis, in units of its own.
    fn place(self, value: f64) -> f64 {
        if self == Self::Log { value.ln() } else { value }
    }
}

/// How points are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Join {
    /// By straight lines.
    #[default]
    Straight,
    /// Each value holds up to the next point.
    Step,
}

/// Lines with what may surround them. Band `i` has the colour of line `i`; where the eight colours come
/// again the lines are dashed, then dotted.
///
/// | field | default | meaning |
/// | --- | --- | --- |
/// | `series` | none | the lines |
/// | `bands` | none | shaded, behind the lines |
/// | `points` | none | dots before the lines, in their colours: what a line was fitted to |
/// | `guides` | none | dashed grey lines: a diagonal, a threshold, a chance level |
/// | `x_scale`, `y_scale` | linear | how the axes are divided |
/// | `x_range`, `y_range` | what the data needs | ends of the axes |
/// | `join` | straight | how points are joined |
#[derive(Debug, Clone, Copy, Default)]
pub struct LineChart<'a> {
    /// The lines.
    pub series: &'a [Series<'a>],
    /// Shaded, behind the lines.
    pub bands: &'a [Band<'a>],
    /// Dots in the colours of the lines; words beside them are not drawn.
    pub points: &'a [Points<'a>],
    /// Dashed grey lines.
    pub guides: &'a [Series<'a>],
    /// How the horizontal axis is divided.
    pub x_scale: Scale,
    /// How the vertical axis is divided.
    pub y_scale: Scale,
    /// Ends of the horizontal axis.
    pub x_range: Option<(f64, f64)>,
    /// Ends of the vertical axis.
    pub y_range: Option<(f64, f64)>,
    /// How points are joined.
    pub join: Join,
}

/// Lines in one frame, with a legend.
///
/// # Errors
/// [`Error::NothingToDraw`] if no point is finite.
pub fn line_chart(text: ChartText<'_>, series: &[Series<'_>]) -> Result<String> {
    LineChart { series, ..LineChart::default() }.svg(text)
}

impl LineChart<'_> {
    /// The chart, with a legend.
    ///
    /// # Errors
    /// [`Error::NothingToDraw`] if no point of a line or band can be shown; [`Error::Range`] for a range
    /// that is not finite, rising and, on a logarithmic axis, positive.
    ///
    /// ```
    /// use tunewise_plot::{Band, ChartText, LineChart, Scale, Series};
    ///
    /// # fn main() -> tunewise_plot::Result<()> {
    /// let text = ChartText { title: "Learning curve", x_label: "rows", y_label: "macro F1" };
    /// let chart = LineChart {
    ///     series: &[Series { name: "fit", points: &[(100.0, 0.7), (1e4, 0.9)] }],
    ///     bands: &[Band { name: "95 %", points: &[(100.0, 0.6, 0.8), (1e4, 0.85, 0.95)] }],
    ///     x_scale: Scale::Log,
    ///     ..LineChart::default()
    /// };
    /// assert!(chart.svg(text)?.starts_with("<svg"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn svg(&self, text: ChartText<'_>) -> Result<String> {
        let colors = || COLORS.into_iter().cycle();
        let bands =
            self.bands.iter().zip(colors()).filter_map(|(band, color)| self.band(band, color));
        let lines = self.series.iter().zip(colors()).enumerate();
        let lines = lines.filter_map(|(index, (line, color))| {
            let plot = self.line(line)?.with_color(color).with_stroke_width(2.0);
            Some(plot.with_line_style(style(index)))
        });
        let mut plots: Vec<Plot> = bands.map(Plot::Band).chain(lines.map(Plot::Line)).collect();
        if plots.is_empty() {
            return Err(Error::NothingToDraw);
        }
        let dots = self.points.iter().zip(colors());
        plots.extend(dots.filter_map(|(dots, color)| self.dots(dots, color)).map(Plot::Scatter));
        let guides = self.guides.iter().filter_map(|guide| {
            self.line(guide).map(|plot| plot.with_color(GREY).with_line_style(LineStyle::Dashed))
        });
        plots.splice(0..0, guides.map(Plot::Line));
        let layout = self.ranged(text.layout(&plots))?.with_legend_entries(self.legend());
        Ok(svg(plots, layout))
    }

    fn line(&self, series: &Series<'_>) -> Option<LinePlot> {
        let shown = series.points.iter().copied().filter(|&(x, y)| self.shows(x, &[y]));
        let points = seen(shown.collect(), (self.x_scale, self.y_scale));
        let line = LinePlot::new().with_data(points.iter().copied());
        let line = if self.join == Join::Step { line.with_step() } else { line };
        (!points.is_empty()).then_some(line)
    }

    fn band(&self, band: &Band<'_>, color: &str) -> Option<BandPlot> {
        let shown = || band.points.iter().filter(|&&(x, low, high)| self.shows(x, &[low, high]));
        let (x, low, high) = (shown().map(|p| p.0), shown().map(|p| p.1), shown().map(|p| p.2));
        let plot = BandPlot::new(x, low, high).with_color(color).with_opacity(BAND_OPACITY);
        shown().next().map(|_| plot)
    }

    fn dots(&self, dots: &Points<'_>, color: &str) -> Option<ScatterPlot> {
        let shown = || dots.points.iter().copied().filter(|&(x, y)| self.shows(x, &[y]));
        let plot = ScatterPlot::new().with_data(shown()).with_color(color).with_size(3.5);
        shown().next().map(|_| plot)
    }

    /// Guides, lines, dots, bands: what has a name.
    fn legend(&self) -> Vec<LegendEntry> {
        let colors = || COLORS.into_iter().cycle();
        let guides = self.guides.iter();
        let guides = guides.map(|guide| LegendEntry {
            dasharray: Some("4 3".to_owned()),
            ..legend_entry(guide.name, GREY, LegendShape::Line)
        });
        let lines = self.series.iter().zip(colors()).enumerate();
        let lines = lines.map(|(index, (line, color))| LegendEntry {
            dasharray: style(index).dasharray(),
            ..legend_entry(line.name, color, LegendShape::Line)
        });
        let dots = self.points.iter().zip(colors());
        let dots = dots.map(|(it, color)| legend_entry(it.name, color, LegendShape::Circle));
        let bands = self.bands.iter().zip(colors());
        // The band's colour is that of its line, thinned: as opaque as it looks on white.
        let bands = bands
            .map(|(band, color)| legend_entry(band.name, &thinned(color, 1), LegendShape::Rect));
        guides
            .chain(lines)
            .chain(dots)
            .chain(bands)
            .filter(|entry| !entry.label.is_empty())
            .collect()
    }

    fn shows(&self, x: f64, ys: &[f64]) -> bool {
        self.x_scale.shows(x) && ys.iter().all(|&y| self.y_scale.shows(y))
    }

    /// The largest coordinate that is drawn, in size.
    fn size(&self, of: fn((f64, f64)) -> f64) -> f64 {
        let lines = self.series.iter().flat_map(|line| line.points).map(|&point| of(point));
        let bands = self.bands.iter().flat_map(|band| band.points);
        let bands = bands.flat_map(|&(x, low, high)| [of((x, low)), of((x, high))]);
        let shown = lines.chain(bands).filter(|value| value.is_finite());
        shown.fold(0.0, |most, value| most.max(value.abs()))
    }

    fn ranged(&self, mut layout: Layout) -> Result<Layout> {
        if self.x_scale == Scale::Log {
            layout = layout.with_log_x().with_x_tick_format(log_ticks());
        } else if let Some(ticks) = large_ticks(self.size(|(x, _)| x)) {
            layout = layout.with_x_tick_format(ticks);
        }
        if self.y_scale == Scale::Log {
            layout = layout.with_log_y().with_y_tick_format(log_ticks());
        } else if let Some(ticks) = large_ticks(self.size(|(_, y)| y)) {
            layout = layout.with_y_tick_format(ticks);
        }
        if let Some((low, high)) = checked(self.x_range, self.x_scale, "x_range")? {
            layout = layout.with_x_axis_min(low).with_x_axis_max(high);
        }
        if let Some((low, high)) = checked(self.y_range, self.y_scale, "y_range")? {
            layout = layout.with_y_axis_min(low).with_y_axis_max(high);
        }
        Ok(layout.with_legend_position(LegendPosition::OutsideRightTop))
    }
}

/// How a line is drawn that others have the colour of.
fn style(index: usize) -> LineStyle {
    match index / COLORS.len() {
        0 => LineStyle::Solid,
        1 => LineStyle::Dashed,
        _ => LineStyle::Dotted,
    }
}

/// The points that can be told from the one before on a chart of some hundred pixels, and the last.
fn seen(points: Vec<(f64, f64)>, (x_scale, y_scale): (Scale, Scale)) -> Vec<(f64, f64)> {
    const STEPS: f64 = 2000.0;
    let places = || points.iter().map(|&(x, y)| (x_scale.place(x), y_scale.place(y)));
    let span = |of: fn((f64, f64)) -> f64| {
        let low = places().map(of).fold(f64::INFINITY, f64::min);
        (places().map(of).fold(f64::NEG_INFINITY, f64::max) - low) / STEPS
    };
    let (wide, high) = (span(|place| place.0), span(|place| place.1));
    let last = points.len().saturating_sub(1);
    let mut before = None;
    let keep = |(index, place): (usize, (f64, f64))| {
        let far = before.is_none_or(|(x, y): (f64, f64)| {
            (place.0 - x).abs() > wide || (place.1 - y).abs() > high
        });
        if far || index == last {
            before = Some(place);
        }
        far || index == last
    };
    let kept: Vec<bool> = places().enumerate().map(keep).collect();
    points.into_iter().zip(kept).filter_map(|(point, kept)| kept.then_some(point)).collect()
}

fn checked(
    range: Option<(f64, f64)>,
    scale: Scale,
    name: &'static str,
) -> Result<Option<(f64, f64)>> {
    match range {
        Some((low, high))
            if !(low.is_finite() && high.is_finite() && low < high)
                || (scale == Scale::Log && low < SMALLEST_ON_LOG) =>
        {
            Err(Error::Range { name, low, high })
        }
        range => Ok(range),
    }
}
