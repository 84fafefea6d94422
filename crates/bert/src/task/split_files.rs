//! One labelled file to three.

use std::path::Path;

use tunewise_data::Dataset;
use tunewise_data::split::three_way;

use crate::error::Context;
use crate::{Result, files};

/// The names of the files, in the order of [`split_file`]'s counts.
const NAMES: [&str; 3] = ["train.csv", "calibration.csv", "test.csv"];

/// Writes a data set as `train.csv`, `calibration.csv` and `test.csv` into `folder`, which is made if it is
/// not there: of every class the share `test`, and of what is left the share `calibration`, chosen by `seed`
/// ([`three_way`]). Returns the rows of each file.
///
/// # Errors
/// [`crate::Error::Data`] for shares outside (0, 1), [`crate::Error::Io`].
pub fn split_file(
    dataset: &Dataset,
    (test, calibration): (f64, f64),
    seed: u64,
    folder: impl AsRef<Path>,
) -> Result<[usize; 3]> {
    let folder = folder.as_ref();
    let split = three_way(dataset, test, calibration, seed)?;
    std::fs::create_dir_all(folder).at(folder)?;
    let parts = [&split.train, &split.calibration, &split.test];
    for (name, rows) in NAMES.iter().zip(parts) {
        files::write(&folder.join(name), dataset.select(rows)?.to_csv()?.as_bytes())?;
    }
    Ok(parts.map(Vec::len))
}
