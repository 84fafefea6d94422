//! Files read through the page cache, without a copy.

use std::fs::File;
use std::io;
use std::ops::{Deref, Range};
use std::path::Path;

use memmap2::Mmap;

/// A file's bytes, read from the page cache where they are looked at.
///
/// Meant for files that are replaced whole, by a rename: who cuts one short while it is mapped ends
/// the reading process.
#[derive(Debug)]
pub struct MappedFile {
    map: Mmap,
}

impl MappedFile {
    /// Maps the file.
    ///
    /// # Errors
    /// The system's, such as for a file that is not there.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let file = File::open(path)?;
        // SAFETY: the map is read-only and private to this value. That nobody writes to the file
        // meanwhile is the caller's to see to; checkpoints are written by rename, which leaves a
        // mapped file as it was.
        let map = unsafe { Mmap::map(&file)? };
        Ok(Self { map })
    }

    /// Takes the pages of a range out of the process's memory; they are read again if looked at.
    #[cfg(unix)]
    pub fn release(&self, range: Range<usize>) {
        use memmap2::UncheckedAdvice::DontNeed;
        let end = range.end.min(self.map.len());
        let Some(length) = end.checked_sub(range.start).filter(|&length| length > 0) else {
            return;
        };
        // SAFETY: the map is of a file and never written to, so its pages come back from the file.
        let done = unsafe { self.map.unchecked_advise_range(DontNeed, range.start, length) };
        drop(done); // a hint: where it is refused, the pages stay
    }

    /// Nothing: this system keeps the pages.
    #[cfg(not(unix))]
    pub fn release(&self, _range: Range<usize>) {}
}

impl Deref for MappedFile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.map
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn released_pages_come_back_and_a_replaced_file_stays_as_it_was() -> io::Result<()> {
        let path = std::env::temp_dir().join(format!("tunewise-mapped-{}", std::process::id()));
        let bytes: Vec<u8> = (0..100_000u32).map(|i| (i % 251) as u8).collect();
        std::fs::write(&path, &bytes)?;
        let mapped = MappedFile::open(&path)?;
        assert_eq!(*mapped, *bytes);
        mapped.release(5000..90_000);
        mapped.release(99_999..200_000);
        mapped.release(7..7);
        let other = path.with_extension("new");
        std::fs::write(&other, b"other")?;
        std::fs::rename(&other, &path)?;
        assert_eq!(*mapped, *bytes);
        assert_eq!(*MappedFile::open(&path)?, *b"other");
        std::fs::remove_file(&path)?;
        assert!(MappedFile::open(&path).is_err());
        Ok(())
    }
}
