//! Swings around a base value.

use kuva::plot::ScatterPlot;
use kuva::plot::legend::{LegendEntry, LegendPosition, LegendShape};
use kuva::render::color::Color;
use kuva::render::layout::{ComputedLayout, Layout};
use kuva::render::plots::Plot;
use kuva::render::render::{Primitive, Scene, TextAnchor};

use crate::render::{COLORS, svg_with};
use crate::{ChartText, Error, Result};

const BAR_HEIGHT: f64 = 18.0;
const ROW_HEIGHT: f64 = 28.0;

/// What one input does to the outcome.
#[derive(Debug, Clone, Copy)]
pub struct Swing<'a> {
    /// The input.
    pub name: &'a str,
    /// The outcome with the input at its low end.
    pub low: f64,
    /// The outcome with the input at its high end.
    pub high: f64,
    /// What stands at the low bar's end, such as the input's value; may be empty.
    pub low_text: &'a str,
    /// What stands at the high bar's end; may be empty.
    pub high_text: &'a str,
}

impl Swing<'_> {
    fn size(&self) -> f64 {
        (self.high - self.low).abs()
    }
}

/// A tornado diagram: horizontal bars around a base value, widest swing on top.
#[derive(Debug, Clone, Copy)]
pub struct Tornado<'a> {
    /// The outcome with every input at its base.
    pub base: f64,
    /// A bar pair an input, in any order.
    pub swings: &'a [Swing<'a>],
    /// What the legend calls low ends, such as `low input`; an empty name stays out of the legend.
    pub low_name: &'a str,
    /// What the legend calls high ends.
    pub high_name: &'a str,
}

impl Tornado<'_> {
    /// The diagram; `text.y_label` may be empty.
    ///
    /// # Errors
    /// [`Error::NothingToDraw`] without bars, [`Error::NotFinite`] for a value that is not finite.
    ///
    /// ```
    /// use tunewise_plot::{ChartText, Swing, Tornado};
    ///
    /// # fn main() -> tunewise_plot::Result<()> {
    /// let wage = Swing { name: "wage", low: 0.9, high: 0.5, low_text: "10", high_text: "40" };
    /// let tornado =
    ///     Tornado { base: 0.7, swings: &[wage], low_name: "low input", high_name: "high input" };
    /// let text = ChartText { title: "Sensitivity", x_label: "effectiveness", y_label: "" };
    /// assert!(tornado.svg(text)?.contains("wage"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn svg(&self, text: ChartText<'_>) -> Result<String> {
        self.check()?;
        let mut swings = self.swings.to_vec();
        swings.sort_by(|a, b| a.size().total_cmp(&b.size())); // kuva counts rows from the bottom
        let plots = vec![self.invisible_ends(&swings)];
        let layout = self.layout(text, &plots, &swings);
        Ok(svg_with(plots, layout, |scene, place| {
            for (row, swing) in (1..).zip(&swings) {
                self.draw(scene, place, (place.map_y(f64::from(row)), swing));
            }
            scene.add(vertical(place, self.base));
        }))
    }

    fn check(&self) -> Result<()> {
        let fault =
            |what, name: &str, got| Err(Error::NotFinite { what, name: name.to_owned(), got });
        if self.swings.is_empty() {
            return Err(Error::NothingToDraw);
        }
        if !self.base.is_finite() {
            return fault("value of a tornado", "base", self.base);
        }
        let ends = self.swings.iter().flat_map(|swing| [(swing, swing.low), (swing, swing.high)]);
        match ends.into_iter().find(|(_, value)| !value.is_finite()) {
            Some((swing, got)) => fault("swing of a tornado", swing.name, got),
            None => Ok(()),
        }
    }

    /// Points that only make the axes wide enough: a margin is for the texts, on a side that has any.
    fn invisible_ends(&self, swings: &[Swing<'_>]) -> Plot {
        let values = swings.iter().flat_map(|swing| [swing.low, swing.high]).chain([self.base]);
        let low = values.clone().fold(f64::INFINITY, f64::min);
        let high = values.fold(f64::NEG_INFINITY, f64::max);
        let margin = if high > low { 0.12 * (high - low) } else { 0.1 * high.abs().max(1.0) };
        let bare = low == self.base && swings.iter().all(|swing| swing.low_text.is_empty());
        let left = if bare { 0.0 } else { margin };
        let corners = [(low - left, 0.5), (high + margin, swings.len() as f64 + 0.5)];
        Plot::Scatter(ScatterPlot::new().with_data(corners).with_size(0.0))
    }

    fn layout(&self, text: ChartText<'_>, plots: &[Plot], swings: &[Swing<'_>]) -> Layout {
        let entry = |label: &str, color: &str| LegendEntry {
            label: label.to_owned(),
            color: color.to_owned(),
            shape: LegendShape::Rect,
            dasharray: None,
        };
        let [high, low, ..] = COLORS;
        let named = [(self.low_name, low), (self.high_name, high)];
        let named = named.into_iter().filter(|(name, _)| !name.is_empty());
        let entries = named.map(|(name, color)| entry(name, color)).collect();
        let names: Vec<String> = swings.iter().map(|swing| swing.name.to_owned()).collect();
        let rows = swings.len() as f64;
        text.layout(plots)
            .with_y_categories(names)
            .with_y_axis_min(0.5)
            .with_y_axis_max(rows + 0.5)
            .with_legend_entries(entries)
            .with_legend_position(LegendPosition::OutsideRightTop)
            .with_height((ROW_HEIGHT * rows + 110.0).max(220.0))
    }

    /// Both bars of one input, the longer one first so that the shorter stays visible on the same side.
    fn draw(&self, scene: &mut Scene, place: &ComputedLayout, (y, swing): (f64, &Swing<'_>)) {
        let [high_color, low_color, ..] = COLORS;
        let mut ends = [
            (swing.low, low_color, swing.low_text, swing.low > swing.high),
            (swing.high, high_color, swing.high_text, swing.high >= swing.low),
        ];
        ends.sort_by(|a, b| (b.0 - self.base).abs().total_cmp(&(a.0 - self.base).abs()));
        for (value, color, label, rightmost) in ends {
            let (from, to) = (place.map_x(self.base), place.map_x(value));
            scene.add(Primitive::Rect {
                x: from.min(to),
                y: y - BAR_HEIGHT / 2.0,
                width: (to - from).abs(),
                height: BAR_HEIGHT,
                fill: Color::from(color),
                stroke: None,
                stroke_width: None,
                opacity: Some(0.85),
            });
            let (gap, anchor) =
                if rightmost { (4.0, TextAnchor::Start) } else { (-4.0, TextAnchor::End) };
            scene.add(Primitive::Text {
                x: to + gap,
                y: y + 4.0,
                content: label.to_owned(),
                size: 11,
                anchor,
                rotate: None,
                bold: false,
                color: None,
            });
        }
    }
}

/// A thin line over the whole height.
fn vertical(place: &ComputedLayout, x: f64) -> Primitive {
    Primitive::Line {
        x1: place.map_x(x),
        y1: place.margin_top,
        x2: place.map_x(x),
        y2: place.height - place.margin_bottom,
        stroke: Color::from("#333333"),
        stroke_width: 1.0,
        stroke_dasharray: None,
    }
}
