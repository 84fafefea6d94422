//! A thread that owns the model, and the queue before it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tunewise_data::EncodedTexts;

use crate::train::Predictions;
use crate::{Error, Result};

/// What turns rows of tokens into rows of logits.
pub(super) type Compute = Box<dyn FnMut(&EncodedTexts) -> Result<Predictions> + Send>;

/// What is computed together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) max_rows: usize,
    pub(super) max_wait: Duration,
    pub(super) queue_capacity: usize,
}

/// A request.
struct Job {
    rows: EncodedTexts,
    reply: oneshot::Sender<Result<Predictions>>,
}

/// Requests that are not answered yet, and their largest number of late.
#[derive(Debug, Default)]
struct Load {
    open: AtomicUsize,
    peak: AtomicUsize,
}

impl Load {
    fn open(&self) {
        let open = self.open.fetch_add(1, Ordering::Relaxed) + 1;
        self.peak.fetch_max(open, Ordering::Relaxed);
    }

    fn close(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    /// The peak since the last call.
    fn take_peak(&self) -> usize {
        self.peak.swap(self.open.load(Ordering::Relaxed), Ordering::Relaxed)
    }
}

/// The queue's end at the callers. Dropping it answers what is queued and ends the thread.
#[derive(Debug)]
pub(super) struct MicroBatcher {
    queue: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
    load: Arc<Load>,
    capacity: usize,
}

impl MicroBatcher {
    pub(super) fn start(compute: Compute, limits: Limits) -> Result<Self> {
        let (queue, jobs) = sync_channel(limits.queue_capacity);
        let load = Arc::new(Load::default());
        let worker = Worker { jobs, compute, limits, load: Arc::clone(&load) };
        let thread = std::thread::Builder::new()
            .name("tunewise-classifier".to_owned())
            .spawn(move || worker.run())
            .map_err(|source| Error::Thread { source })?;
        Ok(Self { queue: Some(queue), thread: Some(thread), load, capacity: limits.queue_capacity })
    }

    /// Queues rows, waiting for room.
    pub(super) fn send(&self, rows: EncodedTexts) -> Result<Reply> {
        self.enqueue(rows, |queue, job| queue.send(job).map_err(|_| Error::Stopped))
    }

    /// Queues rows if there is room.
    pub(super) fn try_send(&self, rows: EncodedTexts) -> Result<Reply> {
        let full = Error::QueueFull { capacity: self.capacity };
        self.enqueue(rows, |queue, job| match queue.try_send(job) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => Err(full),
            Err(TrySendError::Disconnected(_)) => Err(Error::Stopped),
        })
    }

    fn enqueue(
        &self,
        rows: EncodedTexts,
        send: impl FnOnce(&SyncSender<Job>, Job) -> Result<()>,
    ) -> Result<Reply> {
        let queue = self.queue.as_ref().ok_or(Error::Stopped)?;
        let (reply, answer) = oneshot::channel();
        self.load.open();
        send(queue, Job { rows, reply }).inspect_err(|_| self.load.close())?;
        Ok(answer)
    }
}

/// Where the answer to a request arrives; an error if the thread is gone.
pub(super) type Reply = oneshot::Receiver<Result<Predictions>>;

impl Drop for MicroBatcher {
    fn drop(&mut self) {
        drop(self.queue.take());
        // A waker run by the thread may drop the last handle: a thread cannot wait for itself.
        let thread = self.thread.take();
        let foreign = |thread: &JoinHandle<()>| thread.thread().id() != std::thread::current().id();
        if let Some(thread) = thread.filter(foreign) {
            let _ = thread.join(); // a panic there was answered to its callers
        }
    }
}

struct Worker {
    jobs: Receiver<Job>,
    compute: Compute,
    limits: Limits,
    load: Arc<Load>,
}

impl Worker {
    fn run(mut self) {
        while let Some(jobs) = self.gather() {
            self.answer(jobs);
        }
    }

    /// The next requests to compute together; `None` once no handle is left.
    ///
    /// Waiting pays only for requests that are likely to come: it ends when as many are there as were
    /// open at a time of late. A single caller never waits.
    fn gather(&mut self) -> Option<Vec<Job>> {
        let first = self.jobs.recv().ok()?;
        let deadline = Instant::now() + self.limits.max_wait;
        let expected = self.load.take_peak();
        let mut rows = first.rows.len();
        let mut jobs = vec![first];
        while rows < self.limits.max_rows {
            let job = self.jobs.try_recv().ok().or_else(|| {
                let wait = deadline.saturating_duration_since(Instant::now());
                let worth = jobs.len() < expected && !wait.is_zero();
                worth.then(|| self.jobs.recv_timeout(wait).ok()).flatten()
            });
            let Some(job) = job else { break };
            rows += job.rows.len();
            jobs.push(job);
        }
        Some(jobs)
    }

    /// Computes requests together; if that fails one by one, so that each gets its own error.
    fn answer(&mut self, jobs: Vec<Job>) {
        let (jobs, left): (Vec<_>, Vec<_>) =
            jobs.into_iter().partition(|job| !job.reply.is_closed());
        left.iter().for_each(|_| self.load.close());
        match self.compute_together(&jobs) {
            Ok(answers) => {
                jobs.into_iter().zip(answers).for_each(|(job, answer)| self.reply(job, Ok(answer)));
            }
            Err(_) if jobs.len() > 1 => jobs.into_iter().for_each(|job| self.answer(vec![job])),
            Err(error) => {
                if let Some(job) = jobs.into_iter().next() {
                    self.reply(job, Err(error));
                }
            }
        }
    }

    fn reply(&self, job: Job, answer: Result<Predictions>) {
        self.load.close();
        // Sending wakes the caller; its waker is foreign code.
        let _ = catch_unwind(AssertUnwindSafe(|| job.reply.send(answer)));
    }

    fn compute_together(&mut self, jobs: &[Job]) -> Result<Vec<Predictions>> {
        let Some((first, more)) = jobs.split_first() else { return Ok(Vec::new()) };
        let mut rows = first.rows.clone();
        more.iter().for_each(|job| rows.append(&job.rows));
        let compute = AssertUnwindSafe(|| (self.compute)(&rows));
        let logits = catch_unwind(compute).unwrap_or_else(|panic| {
            let message = panic.downcast_ref::<&str>().map(|message| (*message).to_owned());
            let message = message.or_else(|| panic.downcast_ref::<String>().cloned());
            Err(Error::Panicked { message: message.unwrap_or_default() })
        })?;
        Ok(logits.split(jobs.iter().map(|job| job.rows.len())))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use tunewise_data::{Casing, Dataset, Example, Tokenizer};

    use super::*;

    const VOCAB: &str = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\nc\nd\ne\n";

    /// One row whose third token is that of `text`.
    fn rows(text: &str) -> EncodedTexts {
        let tokenizer = Tokenizer::from_vocab_text(VOCAB, Casing::Cased).unwrap();
        let example = Example { text: text.to_owned(), text_pair: None, label: None, line: 1 };
        tokenizer.encode_dataset(&Dataset::new("memory", vec![example], None), 8).unwrap()
    }

    /// Answers each row with its second token; panics at `d`, fails at `e`.
    fn second_tokens(rows: &EncodedTexts) -> Result<Predictions> {
        let tokens: Vec<u32> = (0..rows.len()).map(|row| rows.row(row).unwrap().0[1]).collect();
        assert!(!tokens.contains(&8), "a d");
        if tokens.contains(&9) {
            return Err(Error::Internal { what: "an e" });
        }
        Ok(Predictions::of_values(tokens.into_iter().map(|id| id as f32).collect()))
    }

    fn limits() -> Limits {
        Limits { max_rows: 8, max_wait: Duration::ZERO, queue_capacity: 8 }
    }

    fn value(reply: Reply) -> Result<f32> {
        reply.recv().unwrap_or(Err(Error::Stopped)).map(|answer| answer.rows().next().unwrap()[0])
    }

    /// A batcher whose thread is busy until the sender is dropped, and the sizes of its batches.
    fn held(limits: Limits) -> (MicroBatcher, mpsc::Sender<()>, mpsc::Receiver<usize>) {
        let (hold, held) = mpsc::channel::<()>();
        let (sizes, seen) = mpsc::channel();
        let compute = move |rows: &EncodedTexts| {
            sizes.send(rows.len()).unwrap();
            let _ = held.recv();
            second_tokens(rows)
        };
        (MicroBatcher::start(Box::new(compute), limits).unwrap(), hold, seen)
    }

    #[test]
    fn what_waits_together_is_computed_together_up_to_the_limit() {
        let (batcher, hold, seen) = held(Limits { max_rows: 3, ..limits() });
        let first = batcher.send(rows("a")).unwrap();
        assert_eq!(seen.recv().unwrap(), 1);
        let more: Vec<Reply> =
            "bcab".chars().map(|c| batcher.send(rows(&c.to_string())).unwrap()).collect();
        drop(hold);
        let answers: Vec<f32> =
            std::iter::once(first).chain(more).map(|reply| value(reply).unwrap()).collect();
        assert_eq!(answers, [5.0, 6.0, 7.0, 5.0, 6.0]);
        assert_eq!(seen.try_iter().collect::<Vec<_>>(), [3, 1]);
    }

    #[test]
    fn a_panic_and_an_error_reach_their_own_callers_and_the_thread_goes_on() {
        let (batcher, hold, _seen) = held(limits());
        let first = batcher.send(rows("a")).unwrap();
        let queued: Vec<Reply> =
            "bdec".chars().map(|c| batcher.send(rows(&c.to_string())).unwrap()).collect();
        drop(hold);
        assert_eq!(value(first).unwrap(), 5.0);
        let mut answers = queued.into_iter().map(value);
        assert_eq!(answers.next().unwrap().unwrap(), 6.0);
        let panicked = answers.next().unwrap().unwrap_err().to_string();
        assert_eq!(panicked, "the prediction panicked: a d");
        assert_eq!(answers.next().unwrap().unwrap_err().to_string(), "internal: an e");
        assert_eq!(answers.next().unwrap().unwrap(), 7.0);
        assert_eq!(value(batcher.send(rows("a")).unwrap()).unwrap(), 5.0);
    }

    #[test]
    fn a_full_queue_is_said_and_what_is_queued_at_the_end_is_answered() {
        let (batcher, hold, seen) = held(Limits { queue_capacity: 1, ..limits() });
        let first = batcher.try_send(rows("a")).unwrap();
        seen.recv().unwrap(); // the thread has taken it
        let second = batcher.try_send(rows("b")).unwrap();
        let full = batcher.try_send(rows("c")).unwrap_err();
        assert!(matches!(full, Error::QueueFull { capacity: 1 }), "{full}");
        drop(hold);
        drop(batcher);
        assert_eq!((value(first).unwrap(), value(second).unwrap()), (5.0, 6.0));
    }

    #[test]
    fn a_single_caller_does_not_wait_for_others() {
        let an_hour = Duration::from_secs(3600);
        let limits = Limits { max_wait: an_hour, ..limits() };
        let batcher = MicroBatcher::start(Box::new(second_tokens), limits).unwrap();
        for _ in 0..3 {
            assert_eq!(value(batcher.send(rows("a")).unwrap()).unwrap(), 5.0);
        }
    }

    #[test]
    fn what_nobody_waits_for_is_not_computed() {
        let (batcher, hold, seen) = held(limits());
        let first = batcher.send(rows("a")).unwrap();
        assert_eq!(seen.recv().unwrap(), 1);
        drop(batcher.send(rows("b")).unwrap());
        let last = batcher.send(rows("c")).unwrap();
        drop(hold);
        assert_eq!((value(first).unwrap(), value(last).unwrap()), (5.0, 7.0));
        assert_eq!(seen.try_iter().sum::<usize>(), 1);
    }
}
