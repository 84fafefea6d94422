//! Estimates with their intervals, one below the other.

use kuva::plot::ScatterPlot;
use kuva::render::color::Color;
use kuva::render::layout::ComputedLayout;
use kuva::render::plots::Plot;
use kuva::render::render::{Primitive, Scene, TextAnchor};

use crate::render::{COLORS, svg_with};
use crate::{ChartText, Error, Result};

const ROW_HEIGHT: f64 = 34.0;
const CAP: f64 = 6.0;

/// A number with its interval.
#[derive(Debug, Clone, Copy)]
pub struct Estimate<'a> {
    /// What it is of.
    pub name: &'a str,
    /// The number.
    pub value: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Numbers with their intervals, the first on top.
#[derive(Debug, Clone, Copy)]
pub struct Estimates<'a> {
    /// A row each.
    pub rows: &'a [Estimate<'a>],
}

impl Estimates<'_> {
    /// The diagram; `text.y_label` may be empty.
    ///
    /// # Errors
    /// [`Error::NothingToDraw`] without rows, [`Error::NotFinite`] for a value that is not finite.
    ///
    /// ```
    /// use tunewise_plot::{ChartText, Estimate, Estimates};
    ///
    /// # fn main() -> tunewise_plot::Result<()> {
    /// let rows = [Estimate { name: "model", value: 0.71, low: 0.68, high: 0.74 }];
    /// let text = ChartText { title: "Rankings", x_label: "NDCG@10", y_label: "" };
    /// assert!(Estimates { rows: &rows }.svg(text)?.contains("0.710"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn svg(&self, text: ChartText<'_>) -> Result<String> {
        if self.rows.is_empty() {
            return Err(Error::NothingToDraw);
        }
        let values =
            || self.rows.iter().flat_map(|row| [row.value, row.low, row.high].map(|x| (row, x)));
        if let Some((row, got)) = values().find(|(_, value)| !value.is_finite()) {
            let (what, name) = ("estimate", row.name.to_owned());
            return Err(Error::NotFinite { what, name, got });
        }
        let low = values().fold(f64::INFINITY, |low, (_, value)| low.min(value));
        let high = values().fold(f64::NEG_INFINITY, |high, (_, value)| high.max(value));
        let margin = if high > low { 0.08 * (high - low) } else { 0.1 * high.abs().max(1.0) };
        // The wider margin is for the number that stands behind each interval.
        let count = self.rows.len() as f64;
        let corners = [(low - margin, 0.5), (high + 2.5 * margin, count + 0.5)];
        let plots = vec![Plot::Scatter(ScatterPlot::new().with_data(corners).with_size(0.0))];
        let mut names: Vec<String> = self.rows.iter().map(|row| row.name.to_owned()).collect();
        names.reverse(); // kuva counts rows from the bottom
        let layout = text
            .layout(&plots)
            .with_y_categories(names)
            .with_y_axis_min(0.5)
            .with_y_axis_max(count + 0.5)
            .with_height((ROW_HEIGHT * count + 120.0).max(200.0));
        Ok(svg_with(plots, layout, |scene, place| {
            for (row, estimate) in (1..).zip(self.rows.iter().rev()) {
                draw(scene, place, place.map_y(f64::from(row)), estimate);
            }
        }))
    }
}

fn draw(scene: &mut Scene, place: &ComputedLayout, y: f64, estimate: &Estimate<'_>) {
    let [color, ..] = COLORS;
    let (low, high) = (place.map_x(estimate.low), place.map_x(estimate.high));
    let mut line = |x1, y1, x2, y2| {
        scene.add(Primitive::Line {
            x1,
            y1,
            x2,
            y2,
            stroke: Color::from(color),
            stroke_width: 2.0,
            stroke_dasharray: None,
        });
    };
    line(low, y, high, y);
    line(low, y - CAP, low, y + CAP);
    line(high, y - CAP, high, y + CAP);
    scene.add(Primitive::Circle {
        cx: place.map_x(estimate.value),
        cy: y,
        r: 5.0,
        fill: Color::from(color),
        fill_opacity: None,
        stroke: None,
        stroke_width: None,
    });
    scene.add(Primitive::Text {
        x: high + 8.0,
        y: y + 4.0,
        content: format!("{:.3}", estimate.value),
        size: 12,
        anchor: TextAnchor::Start,
        rotate: None,
        bold: false,
        color: None,
    });
}
