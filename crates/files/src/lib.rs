//! Files that are written whole or not at all: a reader, a crash or a full disk never leaves half of one.
//!
//! ```
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("report.txt");
//! tunewise_files::replace(&path, b"first")?;
//! tunewise_files::replace(&path, b"second")?;
//! assert_eq!(std::fs::read(&path)?, b"second");
//! # Ok::<(), std::io::Error>(())
//! ```
#![forbid(unsafe_code)]

use std::fs::File;
use std::io::{Result, Write};
use std::path::Path;

/// How the names of files and folders begin that are not whole yet. A kill may leave one behind.
pub const PARTIAL: &str = ".partial-";

/// Writes `bytes` to a temporary name in the folder of `path`, syncs, renames it to `path`, and syncs the
/// folder. What was there is replaced; after an error it is what it was. All may read the file (0644).
///
/// # Errors
/// Those of the file system: no such folder, no right to write, no room.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = parent(path);
    let mut file = tempfile::Builder::new().prefix(PARTIAL).tempfile_in(folder)?;
    file.write_all(bytes)?;
    readable(file.as_file())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    sync_folder(folder)
}

/// The folder of a path; that of a bare name is the current one.
#[must_use]
pub fn parent(path: &Path) -> &Path {
    path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes the names in a folder last, where the system has that.
///
/// # Errors
/// Those of the file system.
pub fn sync_folder(folder: &Path) -> Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Temporary files are the owner's alone; what they become is for all to read.
#[cfg(unix)]
fn readable(file: &File) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &File) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_left() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("a.json");
        replace(&path, b"long before")?;
        replace(&path, b"now")?;
        assert_eq!(fs::read(&path)?, b"now");
        assert_eq!(names(folder.path()), ["a.json"]);
        Ok(())
    }

    #[cfg(unix)]
    #[test]
    fn all_may_read_it() -> Result<()> {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("a.json");
        replace(&path, b"now")?;
        assert_eq!(fs::metadata(&path)?.permissions().mode() & 0o777, 0o644);
        Ok(())
    }

    #[test]
    fn what_cannot_be_replaced_stays() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let taken = folder.path().join("folder");
        fs::create_dir(&taken)?;
        fs::write(taken.join("kept"), "x")?;
        assert!(replace(&taken, b"new").is_err());
        assert!(replace(&folder.path().join("none/a"), b"new").is_err());
        assert_eq!(names(folder.path()), ["folder"]);
        assert_eq!(names(&taken), ["kept"]);
        Ok(())
    }

    #[test]
    fn a_bare_name_is_in_the_current_folder() {
        assert_eq!(parent(Path::new("a")), Path::new("."));
        assert_eq!(parent(Path::new("a/b")), Path::new("a"));
    }
}
