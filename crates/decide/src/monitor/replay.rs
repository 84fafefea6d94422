//! From a file of texts to files of alerts, over any number of restarts.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::alert::AlertRecord;
use super::options::MonitorOptions;
use super::scoring::{LineScorer, Ready};
use super::stream::{Monitor, Outcome};
use crate::error::argument;
use crate::file::replace_file;
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
    unsaved: u64,
    page: Option<(PathBuf, String)>,
}

/// Lines that wait to be taken in.
const WAITING: usize = 1024;
/// How often a reader of lines that do not come looks whether to stop.
const IDLE: Duration = Duration::from_millis(200);

/// What there is to take in.
enum Input {
    Lines(Vec<Vec<u8>>),
    /// No line for a while.
    Idle,
    End,
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
        let page = None;
        Ok(Self { paths, saved, alerts, skipped, save_lines: 1000, unsaved: 0, page })
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

    /// Writes the page, with that title, whenever the state is saved.
    #[must_use]
    pub fn with_page(mut self, path: PathBuf, title: &str) -> Self {
        self.page = Some((path, title.to_owned()));
        self
    }

    /// Reads a file of scored texts from where the state stopped to its end, then closes all buckets and saves.
    /// `stop`, once true, ends it after a line, saved.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::State`] if the file is shorter than what was read of it.
    pub fn run_file(&mut self, input: &Path, stop: &AtomicBool) -> Result<()> {
        self.score_file(input, &mut Ready, stop)
    }

    /// The same of texts that `scorer` gives topic and sentiment: [`Ready`] of those that have them,
    /// [`Scored`](super::Scored) by a model. Batches end at multiples of the scorer's batch, counted in lines of the file, so that
    /// a restart computes the same ones.
    ///
    /// # Errors
    /// As [`Replay::run_file`]; [`Error::Model`].
    pub fn score_file(
        &mut self,
        input: &Path,
        scorer: &mut impl LineScorer,
        stop: &AtomicBool,
    ) -> Result<()> {
        let file =
            File::open(input).map_err(|source| Error::Io { path: input.to_owned(), source })?;
        self.run_seekable((file, input), scorer, stop)
    }

    /// [`Replay::run_file`] of anything that can be read from a place; `name` stands for it in messages.
    ///
    /// # Errors
    /// As [`Replay::run_file`].
    pub fn run_from(
        &mut self,
        input: impl Read + Seek,
        name: &Path,
        stop: &AtomicBool,
    ) -> Result<()> {
        self.run_seekable((input, name), &mut Ready, stop)
    }

    fn run_seekable(
        &mut self,
        (mut input, name): (impl Read + Seek, &Path),
        scorer: &mut impl LineScorer,
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
        let mut input = BufReader::new(input);
        let batch = scorer.batch().max(1) as u64;
        let next = |lines_done: u64| {
            let mut lines = Vec::new();
            for _ in 0..batch - lines_done % batch {
                let mut line = Vec::new();
                if input.read_until(b'\n', &mut line).map_err(io)? == 0 {
                    break;
                }
                lines.push(line);
            }
            Ok(if lines.is_empty() { Input::End } else { Input::Lines(lines) })
        };
        self.run(next, scorer, stop)
    }

    /// Reads lines as they come, such as standard input, to their end: what has come is taken in at once, in
    /// batches no larger than the scorer's, and saved whenever nothing comes. After a restart the sender
    /// repeats what it cannot know to be saved: texts with ids are counted once.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Model`].
    pub fn run_live(
        &mut self,
        input: impl BufRead + Send + 'static,
        scorer: &mut impl LineScorer,
        stop: &AtomicBool,
    ) -> Result<()> {
        let io = |source| Error::Io { path: PathBuf::from("standard input"), source };
        let (sender, lines) = sync_channel(WAITING);
        let read = move || {
            let mut input = input;
            loop {
                let mut line = Vec::new();
                let read = input.read_until(b'\n', &mut line);
                let end = !matches!(read, Ok(bytes) if bytes > 0);
                let line = read.map(|_| line).map_err(io);
                if sender.send(line).is_err() || end {
                    break;
                }
            }
        };
        std::thread::Builder::new().name("lines".to_owned()).spawn(read).map_err(io)?;
        let batch = scorer.batch().max(1);
        self.run(|_| arrived(&lines, batch), scorer, stop)
    }

    fn run(
        &mut self,
        mut next: impl FnMut(u64) -> Result<Input>,
        scorer: &mut impl LineScorer,
        stop: &AtomicBool,
    ) -> Result<()> {
        while !stop.load(Ordering::Relaxed) {
            match next(self.saved.lines)? {
                Input::Lines(lines) => self.take(&lines, scorer)?,
                Input::Idle if self.unsaved > 0 => self.save()?,
                Input::Idle => {}
                Input::End => {
                    let records = self.saved.monitor.finish();
                    self.write_alerts(&records)?;
                    break;
                }
            }
            if self.unsaved >= self.save_lines {
                self.save()?;
            }
        }
        self.save()
    }

    fn take(&mut self, lines: &[Vec<u8>], scorer: &mut impl LineScorer) -> Result<()> {
        let texts: Vec<String> =
            lines.iter().map(|line| String::from_utf8_lossy(line).trim().to_owned()).collect();
        let words: Vec<&str> =
            texts.iter().map(String::as_str).filter(|it| !it.is_empty()).collect();
        let mut scores = scorer.score_lines(&words)?.into_iter();
        for (line, text) in lines.iter().zip(&texts) {
            self.saved.bytes += line.len() as u64;
            self.saved.lines += 1;
            self.unsaved += 1;
            if text.is_empty() {
                continue;
            }
            let scored =
                scores.next().ok_or_else(|| argument("scores", "fewer", "one for each text"))?;
            let why = match scored {
                Err(fault) => fault.to_string(),
                Ok(scored) => {
                    let (outcome, records) = self.saved.monitor.push(scored);
                    self.write_alerts(&records)?;
                    match why(outcome) {
                        Some(why) => why,
                        None => continue,
                    }
                }
            };
            let record = json!({ "line": self.saved.lines, "why": why, "text": text });
            write_line(&mut self.skipped, &self.paths.skipped, &record.to_string())?;
        }
        Ok(())
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
        replace_file(&self.paths.state, &text)?;
        self.unsaved = 0;
        match &self.page {
            Some((path, title)) => self.saved.monitor.write_page(path, title),
            None => Ok(()),
        }
    }
}

/// The lines that are there, or one that comes within a while.
fn arrived(lines: &Receiver<Result<Vec<u8>>>, batch: usize) -> Result<Input> {
    let first = match lines.recv_timeout(IDLE) {
        Ok(line) => line?,
        Err(RecvTimeoutError::Timeout) => return Ok(Input::Idle),
        Err(RecvTimeoutError::Disconnected) => return Ok(Input::End),
    };
    let more = std::iter::from_fn(|| lines.try_recv().ok()).take(batch - 1);
    let mut batch = std::iter::once(Ok(first)).chain(more).collect::<Result<Vec<_>>>()?;
    batch.retain(|line| !line.is_empty()); // the end, after which nothing comes
    Ok(if batch.is_empty() { Input::End } else { Input::Lines(batch) })
}

/// Why a text does not count, if it does not.
fn why(outcome: Outcome) -> Option<String> {
    match outcome {
        Outcome::Counted => None,
        Outcome::Duplicate => Some("repeats a text".to_owned()),
        Outcome::Late { behind_ms } => {
            Some(format!("its bucket is closed: {} behind the newest text", seconds(behind_ms)))
        }
        Outcome::Ahead { ahead_ms } => Some(format!(
            "{} ahead of all others, more than max_ahead_ms allows",
            seconds(ahead_ms)
        )),
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
