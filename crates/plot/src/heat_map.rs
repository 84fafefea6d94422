//! A square table as coloured cells.

use std::sync::Arc;

use kuva::plot::{ColorMap, Heatmap};
use kuva::render::color::Color;
use kuva::render::layout::{ComputedLayout, TickFormat};
use kuva::render::plots::Plot;
use kuva::render::render::{Primitive, Scene, TextAnchor};

use crate::render::{svg_with, text_width};
use crate::{ChartText, Error, Result};

/// Above this many names only the cells that are not zero have their count.
const NAMES_WITH_ZEROS: usize = 20;
/// Sizes of the counts, in pixels; where the smallest does not fit its cell, there is none.
const COUNT_SIZES: std::ops::RangeInclusive<u32> = 6..=13;

/// A square table of counts, rows and columns under the same names.
#[derive(Debug, Clone, Copy)]
pub struct HeatMap<'a> {
    /// The names, `[names]`.
    pub names: &'a [String],
    /// The counts, row-major `[names, names]`; the first row is drawn on top.
    pub counts: &'a [u64],
}

/// The table as a heat map, bluer for more, with the counts in the cells; up to 20 names with the
/// zeros too. Cells that are not zero say `row, column: count` when pointed at.
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
    let rows = counts.chunks_exact(names.len()).rev();
    let rows: Vec<Vec<f64>> =
        rows.map(|row| row.iter().map(|&count| count as f64).collect()).collect();
    let heatmap = Heatmap::new().with_data(rows).with_color_map(pale_blue());
    let longest = names.iter().map(|name| text_width(name, 11.0));
    let longest = longest.fold(0.0, f64::max);
    let side = (names.len() as f64 * 16.0).max(320.0) + longest;
    let plots = vec![Plot::Heatmap(heatmap)];
    let layout = text
        .layout(&plots)
        .with_x_categories(names.to_vec())
        .with_y_categories(names.iter().rev().cloned().collect())
        .with_colorbar_tick_format(TickFormat::Integer)
        .with_x_tick_rotate(-90.0)
        .with_tick_size(11)
        .with_width(side + 160.0)
        .with_height(side + 120.0);
    Ok(svg_with(plots, layout, |scene, place| table.draw_counts(scene, place)))
}

impl HeatMap<'_> {
    fn draw_counts(self, scene: &mut Scene, place: &ComputedLayout) {
        let names = self.names.len();
        let cell = (place.map_x(2.0) - place.map_x(1.0), place.map_y(1.0) - place.map_y(2.0));
        let most = self.counts.iter().max().map(u64::to_string).unwrap_or_default();
        let fits = |size: &u32| {
            let width = text_width(&most, f64::from(*size));
            width <= cell.0 * 0.92 && f64::from(*size) <= cell.1 * 0.8
        };
        let size = COUNT_SIZES.rev().find(fits);
        for (index, &count) in self.counts.iter().enumerate() {
            if count == 0 && names > NAMES_WITH_ZEROS {
                continue;
            }
            let (row, column) = (index / names, index % names);
            let center = (place.map_x(column as f64 + 1.0), place.map_y((names - row) as f64));
            let title = self.names.get(row).zip(self.names.get(column));
            scene.add(Primitive::GroupStart {
                transform: None,
                title: title.map(|(row, column)| format!("{row}, {column}: {count}")),
                extra_attrs: None,
            });
            scene.add(see_through(center, cell));
            if let Some(size) = size {
                scene.add(number(center, size, count));
            }
            scene.add(Primitive::GroupEnd);
        }
    }
}

/// What the pointer can rest on.
fn see_through((x, y): (f64, f64), (width, height): (f64, f64)) -> Primitive {
    Primitive::Rect {
        x: x - width / 2.0,
        y: y - height / 2.0,
        width,
        height,
        fill: Color::from("#ffffff"),
        stroke: None,
        stroke_width: None,
        opacity: Some(0.0),
    }
}

fn number((x, y): (f64, f64), size: u32, count: u64) -> Primitive {
    Primitive::Text {
        x,
        y: y + f64::from(size) * 0.36, // half the height of a digit
        content: count.to_string(),
        size,
        anchor: TextAnchor::Middle,
        rotate: None,
        bold: false,
        color: None,
    }
}

/// White for nothing, then from a visible tint to a blue on which black print can be read.
fn pale_blue() -> ColorMap {
    ColorMap::Custom(Arc::new(|share| {
        let mix = |from: f64, end: f64| (from + (end - from) * share.clamp(0.0, 1.0)).round();
        if share <= 0.0 {
            return "rgb(255,255,255)".to_owned();
        }
        format!("rgb({},{},{})", mix(228.0, 90.0), mix(239.0, 160.0), mix(250.0, 215.0))
    }))
}
