//! `manifest.json`: what the files of a checkpoint must be.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::Context;
use crate::{Error, Result, files};

const FILE: &str = "manifest.json";

#[derive(Serialize, Deserialize)]
struct Manifest {
    files: BTreeMap<String, Entry>,
}

#[derive(PartialEq, Serialize, Deserialize)]
struct Entry {
    bytes: u64,
    sha256: String,
}

/// Records size and SHA-256 of every file of the folder.
pub(super) fn write(dir: &Path) -> Result<()> {
    let mut manifest = Manifest { files: BTreeMap::new() };
    for entry in fs::read_dir(dir).at(dir)? {
        let entry = entry.at(dir)?;
        let (sha256, bytes) = files::sha256(&entry.path())?;
        let name = entry.file_name().to_string_lossy().into_owned();
        manifest.files.insert(name, Entry { bytes, sha256 });
    }
    files::write_json(&dir.join(FILE), &manifest)
}

/// Checks that every file of the folder is what was written.
pub(super) fn verify(dir: &Path) -> Result<()> {
    let damaged = |path: &Path, reason: String| {
        Err(Error::CheckpointDamaged { path: path.to_owned(), reason })
    };
    let path = dir.join(FILE);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) => return damaged(&path, error.to_string()),
    };
    let manifest: Manifest = match serde_json::from_slice(&bytes) {
        Ok(manifest) => manifest,
        Err(error) => return damaged(&path, error.to_string()),
    };
    for (name, expected) in &manifest.files {
        let path = dir.join(name);
        let got = match fs::metadata(&path) {
            Ok(metadata) => metadata.len(),
            Err(error) => return damaged(&path, error.to_string()),
        };
        if got != expected.bytes {
            return damaged(&path, format!("{got} bytes, expected {}", expected.bytes));
        }
        if files::sha256(&path)?.0 != expected.sha256 {
            return damaged(&path, "its contents are not those written (SHA-256)".to_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_flipped_bit_and_any_cut_is_found() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a"), b"abc").unwrap();
        fs::write(dir.path().join("b"), b"").unwrap();
        write(dir.path()).unwrap();
        verify(dir.path()).unwrap();
        for name in ["a", FILE] {
            let path = dir.path().join(name);
            let good = fs::read(&path).unwrap();
            for bit in 0..good.len() * 8 {
                let mut bytes = good.clone();
                bytes[bit / 8] ^= 1 << (bit % 8);
                fs::write(&path, &bytes).unwrap();
                let same = name == FILE && blank(&good, &bytes);
                assert!(verify(dir.path()).is_err() || same, "bit {bit} of {name}");
            }
            for length in 0..good.len() - 1 {
                fs::write(&path, &good[..length]).unwrap();
                assert!(verify(dir.path()).is_err(), "{length} bytes of {name}");
            }
            fs::write(&path, &good).unwrap();
        }
        fs::remove_file(dir.path().join("b")).unwrap();
        let error = verify(dir.path()).unwrap_err().to_string();
        assert!(error.contains("b: damaged: No such file"), "{error}");
    }

    /// Whether two manifests say the same: white space and the case of a digit do not count.
    fn blank(a: &[u8], b: &[u8]) -> bool {
        let read = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).ok();
        read(a) == read(b)
    }
}
