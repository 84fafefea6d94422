//! From plots to SVG text.

use kuva::backend::svg::SvgBackend;
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;
use kuva::render::render::render_multiple;

/// What a chart is called.
#[derive(Debug, Clone, Copy)]
pub struct ChartText<'a> {
    /// Above the chart.
    pub title: &'a str,
    /// Below the horizontal axis.
    pub x_label: &'a str,
    /// Beside the vertical axis.
    pub y_label: &'a str,
}

impl ChartText<'_> {
    /// The layout that fits the plots, with these words.
    pub(crate) fn layout(self, plots: &[Plot]) -> Layout {
        Layout::auto_from_plots(plots)
            .with_title(self.title)
            .with_x_label(self.x_label)
            .with_y_label(self.y_label)
    }
}

/// The colours of lines and bars, in order.
pub(crate) const COLORS: [&str; 4] = ["#1f77b4", "#d62728", "#2ca02c", "#9467bd"];

/// The picture, with the ids that kuva numbers through the whole process numbered from 1.
pub(crate) fn svg(plots: Vec<Plot>, layout: Layout) -> String {
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
