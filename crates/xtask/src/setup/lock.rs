//! One set-up at a time.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::fault::{At, Fault, Result};

/// A file that holds this process's number while it sets up.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
}

impl Lock {
    /// Takes the lock; one whose process is gone is taken over.
    pub(super) fn take(path: &Path) -> Result<Self> {
        for _ in 0..2 {
            match OpenOptions::new().write(true).create_new(true).open(path) {
                Ok(mut file) => {
                    file.write_all(std::process::id().to_string().as_bytes()).at(path)?;
                    return Ok(Self { path: path.to_owned() });
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    let owner = fs::read_to_string(path).unwrap_or_default();
                    if Path::new("/proc").join(owner.trim()).is_dir() && !owner.trim().is_empty() {
                        let what = format!("another set-up is running (process {})", owner.trim());
                        return Err(Fault::new(what, "wait for it to end"));
                    }
                    fs::remove_file(path).at(path)?;
                }
                Err(error) => return Err(error).at(path),
            }
        }
        Err(Fault::new(format!("cannot take {}", path.display()), "remove it and try again"))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A lock that stays behind is taken over, since this process will be gone.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_set_up_waits_and_a_dead_ones_lock_is_taken_over() {
        let path = std::env::temp_dir().join(format!("xtask-lock-{}", std::process::id()));
        let first = Lock::take(&path).unwrap();
        assert!(Lock::take(&path).unwrap_err().to_string().contains("another set-up"));
        drop(first);
        fs::write(&path, "4294967295").unwrap(); // above the largest process number
        drop(Lock::take(&path).unwrap());
        assert!(!path.exists());
    }
}
