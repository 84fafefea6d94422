//! The timings are in `benches/`: `cargo bench`.
