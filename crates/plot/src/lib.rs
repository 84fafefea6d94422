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
//! Plain numbers and names go in, so that the crates that measure depend on no plotting crate's types.
#![forbid(unsafe_code)]

mod error;
mod heat_map;
mod line;
mod render;

pub use error::{Error, Result};
pub use heat_map::{HeatMap, heat_map};
pub use line::{Series, line_chart};
pub use render::ChartText;
