//! Lines in one frame.

use kuva::plot::LinePlot;
use kuva::render::plots::Plot;

use crate::render::{COLORS, svg};
use crate::{ChartText, Error, Result};

/// A named line.
#[derive(Debug, Clone, Copy)]
pub struct Series<'a> {
    /// What the legend calls it.
    pub name: &'a str,
    /// Its points (x, y); those that are not finite are left out.
    pub points: &'a [(f64, f64)],
}

/// Lines in one frame, with a legend.
///
/// # Errors
/// [`Error::NothingToDraw`] if no point is finite.
pub fn line_chart(text: ChartText<'_>, series: &[Series<'_>]) -> Result<String> {
    let line = |(series, color): (&Series<'_>, &str)| {
        let finite = series.points.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite());
        let points: Vec<(f64, f64)> = finite.collect();
        let line = LinePlot::new()
            .with_data(points.iter().copied())
            .with_color(color)
            .with_stroke_width(2.0);
        (!points.is_empty()).then(|| Plot::Line(line.with_legend(series.name)))
    };
    let plots: Vec<Plot> = series.iter().zip(COLORS.into_iter().cycle()).filter_map(line).collect();
    if plots.is_empty() {
        return Err(Error::NothingToDraw);
    }
    let layout = text.layout(&plots);
    Ok(svg(plots, layout))
}
