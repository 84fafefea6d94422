//! The workspace's pictures as SVG text, drawn by the `kuva` crate: titles, names and labels are
//! escaped, and the same input gives the same bytes.
//!
//! ```
//! use tunewise_plot::{ChartText, Series, line_chart};
//!
//! # fn main() -> tunewise_plot::Result<()> {
//! let text = ChartText { title: "Loss", x_label: "step", y_label: "loss" };
//! let svg = line_chart(text, &[Series { name: "train", points: &[(0.0, 0.7), (1.0, 0.4)] }])?;
//! assert!(svg.starts_with("<svg"));
//! # Ok(())
//! # }
//! ```
//!
//! | module | what |
//! | --- | --- |
//! | `line` | [`LineChart`], [`line_chart`]: lines, bands, guides, logarithmic axes |
//! | `heat_map` | [`heat_map`]: a confusion matrix |
//! | `reliability` | [`reliability_diagram`] |
//! | `scatter` | [`Scatter`]: points with lines through them, such as a Pareto front |
//! | `tornado` | [`Tornado`]: swings around a base value |
//! | `estimates` | [`Estimates`]: numbers with their intervals |
//! | `escape` | [`escaped`]: words in a page around pictures |
//! | `histogram` | [`Histogram`]: values in bins, with marked quantiles |
//!
//! Plain numbers and names go in, so that the crates that measure depend on no plotting crate's types.
#![forbid(unsafe_code)]

mod error;
mod escape;
mod estimates;
mod heat_map;
mod histogram;
mod line;
mod reliability;
mod render;
mod scatter;
mod tornado;

pub use error::{Error, Result};
pub use escape::escaped;
pub use estimates::{Estimate, Estimates};
pub use heat_map::{HeatMap, heat_map};
pub use histogram::{Histogram, Mark};
pub use line::{Band, Join, LineChart, Scale, Series, line_chart};
pub use reliability::{ConfidenceBin, Reliability, reliability_diagram};
pub use render::ChartText;
pub use scatter::{Points, Scatter};
pub use tornado::{Swing, Tornado};
