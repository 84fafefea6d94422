//! Which trial trains next: successive halving without rounds.

use std::cmp::Ordering;

/// What is known of a trial.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Standing {
    /// Its score after each rung that it has done, the lowest rung first; more is better, NaN if it
    /// failed there.
    pub scores: Vec<f64>,
    /// Whether it trains for the next rung right now.
    pub is_running: bool,
}

/// A trial to train to the end of a rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job {
    /// Which trial, counted from 0; a new one if no other has that number yet.
    pub trial: usize,
    /// Which rung, counted from 0.
    pub rung: usize,
}

/// Asynchronous successive halving (ASHA): a pure function from what is known to what to do.
///
/// All trials start in rung 0. Of those that have done a rung, the best one in `reduction_factor`
/// go on to the next; whoever asks for work gets the highest promotion that is due, else a new trial.
/// Nobody waits for a rung to fill, so any number of workers can ask.
///
/// One rule is added: when no trial is left to start and none in the last rung has a score, the best
/// trial of the highest rung goes on until one has. The paper's search has no end; a search of a few
/// trials would otherwise leave none trained to the end.
///
/// # Reference
/// Li, Jamieson, Rostamizadeh, Gonina, Ben-tzur, Hardt, Recht and Talwalkar 2020, *A System for
/// Massively Parallel Hyperparameter Tuning*, algorithm 2 (`get_job`).
///
/// ```
/// use tunewise_bert::search::{Job, Standing, SuccessiveHalving};
///
/// let halving = SuccessiveHalving { trials: 9, rungs: 3, reduction_factor: 3 };
/// let done = |score| Standing { scores: vec![score], is_running: false };
/// let standings = [done(0.7), done(0.9), done(0.8)];
/// assert_eq!(halving.next(&standings), Some(Job { trial: 1, rung: 1 }));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SuccessiveHalving {
    /// Trials that are started.
    pub trials: usize,
    /// Rungs; the last is the whole run.
    pub rungs: usize,
    /// One in so many goes on; at least 2.
    pub reduction_factor: usize,
}

impl SuccessiveHalving {
    /// What to train next, given every trial started so far in the order of their numbers; `None` if
    /// there is nothing to do, or nothing until a running trial is done.
    #[must_use]
    pub fn next(&self, standings: &[Standing]) -> Option<Job> {
        let promotion = (1..self.rungs).rev().find_map(|rung| self.promotion(standings, rung));
        promotion.or_else(|| self.start(standings)).or_else(|| self.closing(standings))
    }

    /// Which trials are of no more use: those that failed, and those that enough others are better
    /// than for them never to go on, whatever is still to come. Only a failure of those others can
    /// bring one back.
    #[must_use]
    pub fn out(&self, standings: &[Standing]) -> Vec<bool> {
        let mut out: Vec<bool> = standings.iter().map(|s| has_failed(s) && !s.is_running).collect();
        // Trials that may yet come to the rung at hand.
        let first = standings.iter().filter(|standing| standing.scores.is_empty()).count();
        let mut coming = first + self.trials.saturating_sub(standings.len());
        for rung in 1..self.rungs {
            let ranked = ranked(standings, rung - 1);
            let places = self.places(ranked.len() + coming).max(1); // one by the added rule
            for (rank, trial) in ranked.into_iter().enumerate() {
                let stays = standings.get(trial).is_some_and(|s| s.scores.len() == rung);
                let is_running = standings.get(trial).is_some_and(|s| s.is_running);
                if let Some(out) = out.get_mut(trial).filter(|_| stays) {
                    *out |= rank >= places && !is_running;
                    coming += usize::from(!*out);
                }
            }
        }
        out
    }

    /// How many of a rung's trials go on.
    fn places(&self, trials: usize) -> usize {
        trials / self.reduction_factor.max(2)
    }

    /// The best trial that is due in `rung`, having done the one below.
    fn promotion(&self, standings: &[Standing], rung: usize) -> Option<Job> {
        let ranked = ranked(standings, rung - 1);
        let places = self.places(ranked.len());
        let due = |&trial: &usize| waits(standings.get(trial), rung);
        ranked.into_iter().take(places).find(due).map(|trial| Job { trial, rung })
    }

    fn start(&self, standings: &[Standing]) -> Option<Job> {
        let trial = standings.len();
        (trial < self.trials).then_some(Job { trial, rung: 0 })
    }

    /// The added rule.
    fn closing(&self, standings: &[Standing]) -> Option<Job> {
        let whole = |s: &Standing| s.scores.len() >= self.rungs && has_score(s);
        if standings.iter().any(|standing| standing.is_running || whole(standing)) {
            return None;
        }
        let best = |rung: usize| {
            let ranked = ranked(standings, rung - 1);
            ranked.into_iter().find(|&trial| waits(standings.get(trial), rung))
        };
        (1..self.rungs).rev().find_map(|rung| best(rung).map(|trial| Job { trial, rung }))
    }
}

/// Whether the trial has done all rungs below `rung` well and does nothing now.
fn waits(standing: Option<&Standing>, rung: usize) -> bool {
    standing.is_some_and(|s| s.scores.len() == rung && !s.is_running && has_score(s))
}

fn has_score(standing: &Standing) -> bool {
    standing.scores.last().is_some_and(|score| !score.is_nan())
}

fn has_failed(standing: &Standing) -> bool {
    standing.scores.last().is_some_and(|score| score.is_nan())
}

/// The trials that have done a rung, the best first; of equal ones the first started.
fn ranked(standings: &[Standing], rung: usize) -> Vec<usize> {
    let scored = standings.iter().enumerate();
    let scored = scored.filter_map(|(trial, s)| Some((trial, *s.scores.get(rung)?)));
    let mut scored: Vec<(usize, f64)> = scored.collect();
    scored.sort_by(|a, b| better_first(a.1, b.1).then(a.0.cmp(&b.0)));
    scored.into_iter().map(|(trial, _)| trial).collect()
}

/// Orders scores from the best down, NaN last.
pub(super) fn better_first(a: f64, b: f64) -> Ordering {
    a.is_nan().cmp(&b.is_nan()).then(b.partial_cmp(&a).unwrap_or(Ordering::Equal))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NINE: SuccessiveHalving = SuccessiveHalving { trials: 9, rungs: 3, reduction_factor: 3 };

    fn done(scores: &[f64]) -> Standing {
        Standing { scores: scores.to_vec(), is_running: false }
    }

    /// Runs a search whose trial `i` scores `score(i, rung)`, one job after the other, and checks that
    /// only the best of a rung go on.
    fn sequential(
        halving: SuccessiveHalving,
        score: impl Fn(usize, usize) -> f64,
    ) -> (Vec<Job>, Vec<Standing>) {
        let (mut jobs, mut standings) = (Vec::new(), Vec::<Standing>::new());
        while let Some(job) = halving.next(&standings) {
            if job.trial == standings.len() {
                standings.push(Standing::default());
            }
            if let Some(below) = job.rung.checked_sub(1) {
                let ranked = ranked(&standings, below);
                let places = (ranked.len() / halving.reduction_factor).max(1);
                let better = ranked.iter().take_while(|&&other| other != job.trial);
                let better = better.filter(|&&other| has_score(&standings[other])).count();
                assert!(better < places, "{job:?} is not among the best {places}");
            }
            standings[job.trial].scores.push(score(job.trial, job.rung));
            jobs.push(job);
        }
        (jobs, standings)
    }

    #[test]
    fn nine_trials_halve_to_three_and_one_by_hand() {
        // Each trial is worse than those before it. Of three trials the first goes on, of six the first
        // two, of nine the first three, of which the first goes on again.
        let (jobs, _) = sequential(NINE, |trial, _| -(trial as f64));
        let pairs: Vec<_> = jobs.iter().map(|job| (job.trial, job.rung)).collect();
        let expected = [
            [(0, 0), (1, 0), (2, 0), (0, 1)].as_slice(),
            &[(3, 0), (4, 0), (5, 0), (1, 1)],
            &[(6, 0), (7, 0), (8, 0), (2, 1), (0, 2)],
        ]
        .concat();
        assert_eq!(pairs, expected);
    }

    #[test]
    fn a_worker_gets_the_highest_promotion_and_running_trials_are_left_alone() {
        let mut standings =
            vec![done(&[0.9, 0.9]), done(&[0.8, 0.8]), done(&[0.7, 0.7]), done(&[0.6])];
        standings.extend((0..5).map(|i| done(&[0.1 * f64::from(i)])));
        assert_eq!(NINE.next(&standings), Some(Job { trial: 0, rung: 2 }));
        standings[0].is_running = true;
        assert_eq!(NINE.next(&standings), None); // all places are taken, all trials started
        let more = SuccessiveHalving { trials: 10, ..NINE };
        assert_eq!(more.next(&standings), Some(Job { trial: 9, rung: 0 }));
    }

    #[test]
    fn of_few_trials_the_best_is_trained_to_the_end() {
        let two = SuccessiveHalving { trials: 2, rungs: 3, reduction_factor: 3 };
        let (jobs, _) = sequential(two, |trial, _| -(trial as f64));
        let last: Vec<_> = jobs[2..].iter().map(|job| (job.trial, job.rung)).collect();
        assert_eq!(last, [(0, 1), (0, 2)]);
        // It fails on its last rung: the other takes its place.
        let (jobs, _) =
            sequential(
                two,
                |trial, rung| {
                    if trial == 0 && rung == 2 { f64::NAN } else { -(trial as f64) }
                },
            );
        let last: Vec<_> = jobs[2..].iter().map(|job| (job.trial, job.rung)).collect();
        assert_eq!(last, [(0, 1), (0, 2), (1, 1), (1, 2)]);
        assert_eq!(sequential(two, |_, _| f64::NAN).0.len(), 2);
    }

    #[test]
    fn who_can_never_go_on_is_out() {
        // Of nine trials three can go on: the fourth is out.
        let standings =
            [done(&[0.9, 0.5]), done(&[0.8]), done(&[0.7]), done(&[0.6]), done(&[f64::NAN])];
        assert_eq!(NINE.out(&standings), [false, false, false, true, true]);
        // With nobody to come, the better of two takes the one place that the added rule has.
        let two = SuccessiveHalving { trials: 2, ..NINE };
        assert_eq!(two.out(&[done(&[0.9, 0.5]), done(&[0.8, 0.6])]), [true, false]);
        assert_eq!(two.out(&[done(&[0.9, 0.5, 0.5]), done(&[0.8])]), [false, true]);
    }

    fn scores() -> impl Strategy<Value = (SuccessiveHalving, Vec<f64>)> {
        (1usize..40, 1usize..5, 2usize..5).prop_flat_map(|(trials, rungs, reduction_factor)| {
            let halving = SuccessiveHalving { trials, rungs, reduction_factor };
            let score = prop_oneof![9 => -1.0..1.0f64, 1 => Just(f64::NAN)];
            (Just(halving), prop::collection::vec(score, trials))
        })
    }

    proptest! {
        /// Constant scores: every trial starts once, only the best of a rung go on, and the best trial is trained to the end.
        #[test]
        fn a_search_ends_with_the_best_trial_whole((halving, scores) in scores()) {
            let (jobs, standings) = sequential(halving, |trial, _| scores[trial]);
            prop_assert_eq!(jobs.iter().filter(|job| job.rung == 0).count(), halving.trials);
            let best = ranked(&standings, 0)[0];
            if !scores[best].is_nan() {
                prop_assert_eq!(standings[best].scores.len(), halving.rungs);
            }
        }

        /// Any number of workers that finish in any order: no trial runs twice at once, none skips a
        /// rung, one that is out never comes back, and the search ends.
        #[test]
        fn workers_in_any_order_agree_with_the_rules(
            (halving, scores) in scores(), workers in 1usize..6, order in prop::collection::vec(any::<prop::sample::Index>(), 1..300)
        ) {
            let mut standings: Vec<Standing> = Vec::new();
            let mut running: Vec<Job> = Vec::new();
            let mut out = Vec::new();
            let mut order = order.into_iter().cycle();
            loop {
                while running.len() < workers {
                    let Some(job) = halving.next(&standings) else { break };
                    if job.trial == standings.len() {
                        standings.push(Standing::default());
                    }
                    prop_assert!(!standings[job.trial].is_running);
                    prop_assert!(!out.get(job.trial).is_some_and(|&out| out));
                    prop_assert_eq!(standings[job.trial].scores.len(), job.rung);
                    standings[job.trial].is_running = true;
                    running.push(job);
                }
                if running.is_empty() { break }
                let job = running.swap_remove(order.next().unwrap().index(running.len()));
                standings[job.trial].is_running = false;
                standings[job.trial].scores.push(scores[job.trial]);
                out = halving.out(&standings);
            }
            prop_assert_eq!(standings.len(), halving.trials);
        }
    }
}
