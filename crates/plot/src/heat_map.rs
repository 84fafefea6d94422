//! A square table as coloured cells.

use std::sync::Arc;

use kuva::plot::{ColorMap, Heatmap};
use kuva::render::annotations::TextAnnotation;
use kuva::render::layout::TickFormat;
use kuva::render::plots::Plot;

use crate::render::svg;
use crate::{ChartText, Error, Result};

/// Above this many names, counts no longer fit the cells.
const NAMES_WITH_COUNTS: usize = 20;

/// A square table of counts, rows and columns under the same names.
#[derive(Debug, Clone, Copy)]
pub struct HeatMap<'a> {
    /// The names, `[names]`.
    pub names: &'a [String],
    /// The counts, row-major `[names, names]`; the first row is drawn on top.
    pub counts: &'a [u64],
}

/// The table as a heat map, bluer for more; up to 20 names with the counts in the cells.
///
/// # Errors
/// [`Error::NothingToDraw`] without names, [`Error::Shape`] if the counts are not a square of them.
pub fn heat_map(text: ChartText<'_>, table: HeatMap<'_>) -> Result<String> {
    let HeatMap { names, counts } = table;
    if names.is_empty() {
        return Err(Error::NothingToDraw);
    }
    let expected = names.len() * names.len();
    if counts.len() != expected {
        return Err(Error::Shape { what: "counts of a heat map", got: counts.len(), expected });
    }
    // kuva counts rows from the bottom; a matrix is read from the top.
    let rows: Vec<Vec<f64>> = counts
        .chunks_exact(names.len())
        .map(|row| row.iter().map(|&count| count as f64).collect())
        .rev()
        .collect();
    let heatmap = Heatmap::new().with_data(rows.clone()).with_color_map(pale_blue());
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0) as f64;
    let side = (names.len() as f64 * 13.0).max(320.0) + 8.0 * longest;
    let plots = vec![Plot::Heatmap(heatmap)];
    let mut layout = text
        .layout(&plots)
        .with_x_categories(names.to_vec())
        .with_y_categories(names.iter().rev().cloned().collect())
        .with_colorbar_tick_format(TickFormat::Integer)
        .with_x_tick_rotate(-90.0)
        .with_tick_size(11)
        .with_width(side + 160.0)
        .with_height(side + 120.0);
    if names.len() <= NAMES_WITH_COUNTS {
        for (y, row) in rows.iter().enumerate() {
            for (x, count) in row.iter().enumerate() {
                let cell = TextAnnotation::new(format!("{count}"), x as f64 + 1.0, y as f64 + 1.0);
                layout = layout.with_annotation(cell);
            }
        }
    }
    Ok(svg(plots, layout))
}

/// White to a blue on which black print can be read.
fn pale_blue() -> ColorMap {
    ColorMap::Custom(Arc::new(|share| {
        let mix = |end: f64| (255.0 + (end - 255.0) * share.clamp(0.0, 1.0)).round();
        format!("rgb({},{},{})", mix(90.0), mix(160.0), mix(215.0))
    }))
}
