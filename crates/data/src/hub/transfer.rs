//! The bytes of a file, from an answer to the disk.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::cache::io;
use super::client::{Answer, response};
use super::{Download, HubError, names};
use crate::Result;

const CHUNK: usize = 1 << 16;

/// A file about to be received.
pub(super) struct Incoming<'a> {
    answer: Answer,
    file: &'a str,
    /// Bytes that are here already and that the answer goes on from.
    start: u64,
    total: Option<u64>,
    /// How long the next bytes may take.
    patience: Duration,
}

impl<'a> Incoming<'a> {
    /// The rest of a file of which `begun` bytes are here, or all of it if the answer begins anew.
    pub(super) fn new(answer: Answer, begun: u64, file: &'a str, patience: Duration) -> Self {
        let header =
            |name: &str| answer.response.headers().get(name).and_then(|value| value.to_str().ok());
        let range = format!("bytes {begun}-");
        let goes_on = answer.response.status() == 206
            && header("content-range").is_some_and(|given| given.starts_with(&range));
        let start = if goes_on { begun } else { 0 };
        let encoded = header("content-encoding").is_some();
        let rest = header("content-length").filter(|_| !encoded).and_then(|n| n.parse().ok());
        let total = answer.linked_size.or(rest.map(|rest: u64| start.saturating_add(rest)));
        Self { answer, file, start, total, patience }
    }

    /// Writes the bytes after those that are there, up to the size that was announced.
    pub(super) fn receive(
        self,
        partial: &Path,
        progress: &mut dyn FnMut(Download<'_>),
    ) -> Result<()> {
        let Self { answer, file, start, total, patience } = self;
        let mut out = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(partial)
            .map_err(io(partial))?;
        out.set_len(start).and_then(|()| out.seek(SeekFrom::End(0))).map_err(io(partial))?;
        let mut body = answer.response.into_body().into_reader();
        let mut buffer = vec![0; CHUNK];
        let mut received = start;
        progress(Download { file, received, total });
        loop {
            let read = match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if is_silence(&error) => {
                    out.sync_all().map_err(io(partial))?;
                    let (file, seconds) = (file.to_owned(), patience.as_secs_f64());
                    return Err(HubError::Stalled { file, got: received, seconds }.into());
                }
                Err(_) if total.is_some() => break, // told below, with the bytes that came
                Err(error) => return Err(response(&answer.url, format!("{file}: {error}"))),
            };
            received += read as u64;
            if let Some(expected) = total.filter(|&total| received > total) {
                drop(out);
                fs::remove_file(partial).map_err(io(partial))?;
                return Err(HubError::TooLong { file: file.to_owned(), expected }.into());
            }
            out.write_all(buffer.get(..read).unwrap_or_default()).map_err(io(partial))?;
            progress(Download { file, received, total });
        }
        out.sync_all().map_err(io(partial))?;
        match total {
            Some(expected) if received != expected => {
                let file = file.to_owned();
                Err(HubError::Truncated { file, got: received, expected }.into())
            }
            _ => Ok(()),
        }
    }
}

/// Whether a read was given up because nothing came.
fn is_silence(error: &std::io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    matches!(inner, Some(ureq::Error::Timeout(ureq::Timeout::PerRead)))
}

/// Compares the SHA-256 that the hub announces, if it does; discards what differs.
pub(super) fn check_hash(partial: &Path, etag: &str, file: &str) -> Result<()> {
    if !names::is_sha256(etag) {
        return Ok(());
    }
    let mut hasher = Sha256::new();
    let mut bytes = File::open(partial).map_err(io(partial))?;
    let mut buffer = vec![0; CHUNK];
    loop {
        match bytes.read(&mut buffer).map_err(io(partial))? {
            0 => break,
            read => hasher.update(buffer.get(..read).unwrap_or_default()),
        }
    }
    let got: String = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    if got.eq_ignore_ascii_case(etag) {
        return Ok(());
    }
    fs::remove_file(partial).map_err(io(partial))?;
    let (file, expected) = (file.to_owned(), etag.to_owned());
    Err(HubError::Hash { file, got, expected }.into())
}
