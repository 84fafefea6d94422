//! Pictures as SVG text, drawn by the `kuva` crate. Names are escaped; the same input gives the same
//! bytes.

use std::sync::Arc;

use kuva::backend::svg::SvgBackend;
use kuva::plot::{ColorMap, Heatmap, LinePlot};
use kuva::render::annotations::TextAnnotation;
use kuva::render::layout::{Layout, TickFormat};
use kuva::render::plots::Plot;
use kuva::render::render::render_multiple;

use crate::{ConfusionMatrix, Error, Label, Result};

/// Above this many labels, counts no longer fit the cells.
const LABELS_WITH_COUNTS: usize = 20;

/// The matrix as a heat map: true labels down, predicted labels across, bluer for more rows; up to
/// 20 labels with the counts.
///
/// # Errors
/// [`Error::NothingToDraw`] for a matrix without labels.
pub fn confusion_matrix<L: Label>(matrix: &ConfusionMatrix<L>, title: &str) -> Result<String> {
    let names: Vec<String> = matrix.labels().iter().map(L::to_string).collect();
    if names.is_empty() {
        return Err(Error::NothingToDraw);
    }
    // kuva counts rows from the bottom; a matrix is read from the top.
    let rows: Vec<Vec<f64>> =
        matrix.rows().map(|row| row.iter().map(|&count| count as f64).collect()).rev().collect();
    let mut layout_names = names.clone();
    layout_names.reverse();
    let heatmap = Heatmap::new().with_data(rows.clone()).with_color_map(pale_blue());
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0) as f64;
    let side = (names.len() as f64 * 13.0).max(320.0) + 8.0 * longest;
    let plots = vec![Plot::Heatmap(heatmap)];
    let mut layout = Layout::auto_from_plots(&plots)
        .with_title(title)
        .with_x_label("predicted label")
        .with_y_label("true label")
        .with_x_categories(names)
        .with_y_categories(layout_names)
        .with_colorbar_tick_format(TickFormat::Integer)
        .with_x_tick_rotate(-90.0)
        .with_tick_size(11)
        .with_width(side + 160.0)
        .with_height(side + 120.0);
    if rows.len() <= LABELS_WITH_COUNTS {
        for (y, row) in rows.iter().enumerate() {
            for (x, count) in row.iter().enumerate() {
                let place = (x as f64 + 1.0, y as f64 + 1.0);
                layout = layout.with_annotation(TextAnnotation::new(
                    format!("{count}"),
                    place.0,
                    place.1,
                ));
            }
        }
    }
    Ok(render(plots, layout))
}

/// White to a blue on which black print can be read.
fn pale_blue() -> ColorMap {
    ColorMap::Custom(Arc::new(|share| {
        let mix = |end: f64| (255.0 + (end - 255.0) * share.clamp(0.0, 1.0)).round();
        format!("rgb({},{},{})", mix(90.0), mix(160.0), mix(215.0))
    }))
}

/// The picture, with the ids that kuva numbers through the whole process numbered from 1.
fn render(plots: Vec<Plot>, layout: Layout) -> String {
    const ID: &str = "kuva-clip-";
    let svg = SvgBackend.render_scene(&render_multiple(plots, layout));
    let mut pieces = svg.split(ID);
    let mut out = pieces.next().unwrap_or_default().to_owned();
    let mut seen: Vec<&str> = Vec::new();
    for piece in pieces {
        let digits = piece.len() - piece.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, rest) = piece.split_at(digits);
        let known = seen.iter().position(|id| *id == number).unwrap_or_else(|| {
            seen.push(number);
            seen.len() - 1
        });
        out.push_str(&format!("{ID}{}{rest}", known + 1));
    }
    out
}

/// A named line.
#[derive(Debug, Clone, Copy)]
pub struct Series<'a> {
    /// What the legend calls it.
    pub name: &'a str,
    /// Its points (x, y); those that are not finite are left out.
    pub points: &'a [(f64, f64)],
}

/// What a line chart is called.
#[derive(Debug, Clone, Copy)]
pub struct ChartText<'a> {
    /// Above the chart.
    pub title: &'a str,
    /// Below the horizontal axis.
    pub x_label: &'a str,
    /// Beside the vertical axis.
    pub y_label: &'a str,
}

/// Lines in one frame, with a legend.
///
/// # Errors
/// [`Error::NothingToDraw`] if no point is finite.
pub fn line_chart(text: ChartText<'_>, series: &[Series<'_>]) -> Result<String> {
    const COLORS: [&str; 4] = ["#1f77b4", "#d62728", "#2ca02c", "#9467bd"];
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
    let layout = Layout::auto_from_plots(&plots)
        .with_title(text.title)
        .with_x_label(text.x_label)
        .with_y_label(text.y_label);
    Ok(render(plots, layout))
}
