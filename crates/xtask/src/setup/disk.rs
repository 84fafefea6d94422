//! Space.

use std::path::Path;
use std::process::Command;

use crate::fault::{Fault, Result};
use crate::process::output;

/// Fails if the file system of `folder` has less than `needed_mb` free; a system without `df` passes.
pub(super) fn require(folder: &Path, needed_mb: u64) -> Result<()> {
    let Some(free) = free_mb(folder) else { return Ok(()) };
    if free >= needed_mb {
        return Ok(());
    }
    let what = format!("{}: {needed_mb} MB are needed and {free} MB are free", folder.display());
    Err(Fault::new(what, "make room, or check out the project on a larger disk"))
}

pub(crate) fn free_mb(folder: &Path) -> Option<u64> {
    parse(&output(Command::new("df").arg("-Pk").arg(folder))?)
}

/// The fourth column of the second line, in KiB.
fn parse(df: &str) -> Option<u64> {
    let kib: u64 = df.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    Some(kib * 1024 / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_space_is_read_and_too_little_is_a_fault() {
        let df = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/a 100 1 1000000 1% /\n";
        assert_eq!(parse(df), Some(1024));
        assert_eq!(parse("nonsense"), None);
        let fault = require(&std::env::temp_dir(), u64::MAX / 2).unwrap_err().to_string();
        assert!(fault.contains("MB are needed"), "{fault}");
    }
}
