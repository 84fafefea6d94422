//! From plots to SVG text.

use std::sync::Arc;

use kuva::backend::svg::SvgBackend;
use kuva::plot::legend::{LegendEntry, LegendShape};
use kuva::render::layout::{ComputedLayout, Layout, TickFormat};
use kuva::render::plots::Plot;
use kuva::render::render::{Scene, render_multiple};

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
pub(crate) const COLORS: [&str; 8] =
    ["#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#e377c2"];

/// What only helps to read the rest.
pub(crate) const GREY: &str = "#888888";

/// How much a band hides what is behind it.
pub(crate) const BAND_OPACITY: f64 = 0.18;

/// A word of the legend, with the colour `#rrggbb` of what it names.
pub(crate) fn legend_entry(label: &str, color: &str, shape: LegendShape) -> LegendEntry {
    LegendEntry { label: label.to_owned(), color: color.to_owned(), shape, dasharray: None }
}

/// A colour `#rrggbb` as so many bands of it look on white, one on the other.
pub(crate) fn thinned(color: &str, bands: i32) -> String {
    let opacity = 1.0 - (1.0 - BAND_OPACITY).powi(bands);
    let part = |at: usize| {
        let digits = color.get(at..at + 2).unwrap_or_default();
        let full = f64::from(u8::from_str_radix(digits, 16).unwrap_or(u8::MAX));
        (255.0 + (full - 255.0) * opacity).round()
    };
    format!("rgb({},{},{})", part(1), part(3), part(5))
}

/// About how wide a text of that size in pixels is: Latin letters and digits are 0.64 of it, Chinese,
/// Japanese and Korean ones as wide as high.
pub(crate) fn text_width(text: &str, size: f64) -> f64 {
    text.chars().map(|c| if c < '\u{2e80}' { 0.64 * size } else { size }).sum()
}

/// The next step that is 1, 2 or 5 times a power of ten.
pub(crate) fn round_step(at_least: f64) -> f64 {
    let power = 10f64.powf(at_least.log10().floor());
    let step = [1.0, 2.0, 5.0].into_iter().map(|x| x * power).find(|&step| step >= at_least);
    step.unwrap_or(10.0 * power)
}

/// Ticks of a logarithmic axis as plain numbers where they are short.
pub(crate) fn log_ticks() -> TickFormat {
    TickFormat::Custom(Arc::new(|value| {
        if !(1e-4..1e6).contains(&value) {
            return format!("{value:.0e}");
        }
        let text = format!("{value:.4}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }))
}

/// Ticks of a linear axis that shows values of that size, where plain numbers would run into each other.
pub(crate) fn large_ticks(size: f64) -> Option<TickFormat> {
    const LONG: f64 = 1e6;
    let short = |text: String| match text.split_once('e') {
        Some((mantissa, exponent)) if mantissa.contains('.') => {
            let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
            format!("{mantissa}e{exponent}")
        }
        _ => text,
    };
    let format =
        move |value| if value == 0.0 { "0".to_owned() } else { short(format!("{value:.3e}")) };
    (size.is_finite() && size >= LONG).then(|| TickFormat::Custom(Arc::new(format)))
}

/// The picture.
pub(crate) fn svg(plots: Vec<Plot>, layout: Layout) -> String {
    svg_with(plots, layout, |_, _| {})
}

/// The picture with more drawn on top, at the places that the layout gives.
pub(crate) fn svg_with(
    plots: Vec<Plot>,
    layout: Layout,
    draw: impl FnOnce(&mut Scene, &ComputedLayout),
) -> String {
    let computed = ComputedLayout::from_layout(&layout);
    let mut scene = render_multiple(plots, layout);
    draw(&mut scene, &computed);
    scalable(numbered_from_one(&printable(SvgBackend.render_scene(&scene))))
}

/// With a view box, without which a page cuts the picture off where it should shrink it.
fn scalable(svg: String) -> String {
    let head = svg.split('>').next().unwrap_or_default();
    let size = |name: &str| head.split_once(&format!(" {name}=\""))?.1.split('"').next();
    match (size("width"), size("height")) {
        (Some(width), Some(height)) if !head.contains("viewBox") => {
            svg.replacen("<svg ", &format!("<svg viewBox=\"0 0 {width} {height}\" "), 1)
        }
        _ => svg,
    }
}

/// Without the characters that XML has no way to write, which kuva passes on.
fn printable(svg: String) -> String {
    let forbidden = |c: char| matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    if svg.contains(forbidden) { svg.replace(forbidden, "\u{fffd}") } else { svg }
}

/// With the ids that kuva numbers through the whole process numbered from 1.
fn numbered_from_one(svg: &str) -> String {
    const ID: &str = "kuva-clip-";
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
