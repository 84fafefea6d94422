//! From a file of texts to files of alerts, over any number of restarts.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::alert::AlertRecord;
use super::options::MonitorOptions;
use super::stream::{Monitor, Outcome};
use super::text::ScoredText;
use crate::{Error, Result};

/// The files of a replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayPaths {
    /// Alerts, a JSON object a line.
    pub alerts: PathBuf,
    /// Lines that do not count, each with its number and why: nothing is lost.
    pub skipped: PathBuf,
    /// What a restart goes on from.
    pub state: PathBuf,
}

/// What is saved.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    /// Bytes and lines of the input that are done.
    bytes: u64,
    lines: u64,
    /// Lengths of the outputs at that moment.
    alerts_bytes: u64,
    skipped_bytes: u64,
    monitor: Monitor,
}

/// Texts in, alerts out. The state says how far the input was read and how long the outputs were; a restart cuts
/// the outputs back to that and reads on from there, so that whatever a killed run had written since is
/// written again, the same, once.
#[derive(Debug)]
pub struct Replay {
    paths: ReplayPaths,
    saved: Saved,
    alerts: File,
    skipped: File,
    save_lines: u64,
}

impl Replay {
    /// Begins, or goes on from the state if there is one.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Argument`] for a setting; [`Error::State`] for a state that is damaged, of
    /// other settings, or of longer outputs than are there.
    pub fn open(paths: ReplayPaths, options: MonitorOptions) -> Result<Self> {
        let name = paths.state.display().to_string();
        let saved = match std::fs::read_to_string(&paths.state) {
            Ok(text) => {
                let fault = |error: serde_json::Error| Error::State {
                    file: name.clone(),
                    what: format!("no state that was saved here: {error}"),
                };
                let saved: Saved = serde_json::from_str(&text).map_err(fault)?;
                saved.monitor.check(&options, &name)?;
                saved
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let monitor = Monitor::new(options)?;
                Saved { bytes: 0, lines: 0, alerts_bytes: 0, skipped_bytes: 0, monitor }
            }
            Err(source) => return Err(Error::Io { path: paths.state, source }),
        };
        let alerts = cut(&paths.alerts, saved.alerts_bytes)?;
        let skipped = cut(&paths.skipped, saved.skipped_bytes)?;
        Ok(Self { paths, saved, alerts, skipped, save_lines: 1000 })
    }

    /// The monitor.
    #[must_use]
    pub fn monitor(&self) -> &Monitor {
        &self.saved.monitor
    }

    /// Saves after so many lines, 1000 by default, besides at the end.
    #[must_use]
    pub fn saving_every(mut self, lines: u64) -> Self {
        self.save_lines = lines.max(1);
        self
    }

    /// Reads a file from where the state stopped to its end, then closes all buckets and saves. `stop`, once
    /// true, ends it after a line, saved.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::State`] if the file is shorter than what was read of it.
    pub fn run_file(&mut self, input: &Path, stop: &AtomicBool) -> Result<()> {
        let file =
            File::open(input).map_err(|source| Error::Io { path: input.to_owned(), source })?;
        self.run_from(file, input, stop)
    }

    /// The same of anything that can be read from a place; `name` stands for it in messages.
    ///
    /// # Errors
    /// As [`Replay::run_file`].
    pub fn run_from(
        &mut self,
        mut input: impl Read + Seek,
        name: &Path,
        stop: &AtomicBool,
    ) -> Result<()> {
        let io = |source| Error::Io { path: name.to_owned(), source };
        let length = input.seek(SeekFrom::End(0)).map_err(io)?;
        if length < self.saved.bytes {
            let what = format!(
                "{} bytes of {} were read, but it has {length}: it is another file",
                self.saved.bytes,
                name.display()
            );
            return Err(Error::State { file: self.paths.state.display().to_string(), what });
        }
        input.seek(SeekFrom::Start(self.saved.bytes)).map_err(io)?;
        self.run(BufReader::new(input), name, stop)
    }

    /// Reads lines as they come, such as standard input, to their end. After a restart the sender repeats
    /// what it cannot know to be saved: texts with ids are counted once.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn run_live(&mut self, input: impl BufRead, stop: &AtomicBool) -> Result<()> {
        self.run(input, Path::new("standard input"), stop)
    }

    fn run(&mut self, mut input: impl BufRead, name: &Path, stop: &AtomicBool) -> Result<()> {
        let mut line = Vec::new();
        let mut unsaved = 0;
        while !stop.load(Ordering::Relaxed) {
            line.clear();
            let io = |source| Error::Io { path: name.to_owned(), source };
            let bytes = input.read_until(b'\n', &mut line).map_err(io)?;
            if bytes == 0 {
                let records = self.saved.monitor.finish();
                self.write_alerts(&records)?;
                break;
            }
            self.saved.bytes += bytes as u64;
            self.saved.lines += 1;
            self.take(&line)?;
            unsaved += 1;
            if unsaved >= self.save_lines {
                self.save()?;
                unsaved = 0;
            }
        }
        self.save()
    }

    fn take(&mut self, line: &[u8]) -> Result<()> {
        let text = String::from_utf8_lossy(line);
        let text = text.trim();
        if text.is_empty() {
            return Ok(());
        }
        let why = match ScoredText::from_json(text) {
            Err(fault) => fault.to_string(),
            Ok(scored) => {
                let (outcome, records) = self.saved.monitor.push(scored);
                self.write_alerts(&records)?;
                match outcome {
                    Outcome::Counted => return Ok(()),
                    Outcome::Duplicate => "repeats a text".to_owned(),
                    Outcome::Late { behind_ms } => {
                        format!(
                            "its bucket is closed: {} behind the newest text",
                            seconds(behind_ms)
                        )
                    }
                    Outcome::Ahead { ahead_ms } => format!(
                        "{} ahead of all others, more than max_ahead_ms allows",
                        seconds(ahead_ms)
                    ),
                }
            }
        };
        let record = json!({ "line": self.saved.lines, "why": why, "text": text });
        write_line(&mut self.skipped, &self.paths.skipped, &record.to_string())
    }

    fn write_alerts(&mut self, records: &[AlertRecord]) -> Result<()> {
        for record in records {
            let text = serde_json::to_string(record).map_err(|error| Error::State {
                file: self.paths.alerts.display().to_string(),
                what: error.to_string(),
            })?;
            write_line(&mut self.alerts, &self.paths.alerts, &text)?;
        }
        Ok(())
    }

    /// First the outputs, then the state that counts on them.
    fn save(&mut self) -> Result<()> {
        let length = |file: &File, path: &Path| {
            let io = |source| Error::Io { path: path.to_owned(), source };
            file.sync_all().map_err(io)?;
            Ok::<u64, Error>(file.metadata().map_err(io)?.len())
        };
        self.saved.alerts_bytes = length(&self.alerts, &self.paths.alerts)?;
        self.saved.skipped_bytes = length(&self.skipped, &self.paths.skipped)?;
        let text = serde_json::to_string(&self.saved).map_err(|error| Error::State {
            file: self.paths.state.display().to_string(),
            what: error.to_string(),
        })?;
        replace(&self.paths.state, &text)
    }
}

fn seconds(milliseconds: i64) -> String {
    format!("{} s", milliseconds as f64 / 1000.0)
}

fn write_line(file: &mut File, path: &Path, line: &str) -> Result<()> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    file.write_all(format!("{line}\n").as_bytes()).map_err(io)
}

/// Opens an output at its end, cut back to the length it had when the state was saved.
fn cut(path: &Path, length: u64) -> Result<File> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    let mut file =
        OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(io)?;
    let found = file.metadata().map_err(io)?.len();
    if found < length {
        let what = format!("it has {found} bytes, but had {length} when the state was saved");
        return Err(Error::State { file: path.display().to_string(), what });
    }
    file.set_len(length).map_err(io)?;
    file.seek(SeekFrom::End(0)).map_err(io)?;
    Ok(file)
}

/// Writes a file whole: to a temporary name, synced, renamed.
pub(crate) fn replace(path: &Path, text: &str) -> Result<()> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(io)?;
    file.write_all(text.as_bytes()).map_err(io)?;
    file.as_file().sync_all().map_err(io)?;
    readable(file.as_file()).map_err(io)?;
    file.persist(path).map_err(|error| io(error.error))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)
}

/// Temporary files are the owner's alone; what they become is for all to read.
#[cfg(unix)]
fn readable(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &File) -> std::io::Result<()> {
    Ok(())
}
