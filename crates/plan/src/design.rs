//! Which pilots to run.

use serde::{Deserialize, Serialize};
use tunewise_cost::uncertainty::Stream;

use crate::forecast::Recipe;
use crate::pilot::Pilot;
use crate::{Error, Result};

/// Fewest rows of a slice.
const LEAST_ROWS: usize = 32;
/// Rows that every label has in a slice, on the average.
const LEAST_A_LABEL: usize = 2;
/// Sizes that a curve needs: two make a line, whatever bends it.
const LEAST_SLICES: usize = 3;
/// The largest slices, which have longer runs too: on small ones rows set the limit, not steps.
const LONGER_SLICES: usize = 2;
/// Apart at least: slices of like size say nothing about the curve.
const LEAST_SPAN: usize = 4;

/// How pilots are laid out: slices of the rows, the largest of at most `max_share` of `full_rows`, each
/// half of the next; every model and seed on every slice, on the two largest for more epochs too: what runs
/// lack for want of steps goes another way than what they lack for want of rows.
///
/// | field | default | meaning |
/// | --- | --- | --- |
/// | `full_rows` | | rows that labelling could reach |
/// | `max_share` | 0.25 | the share of them that pilots may use |
/// | `slices` | 4 | sizes, each `ratio` times the one before |
/// | `ratio` | 2 | |
/// | `seeds` | 3 | runs of a size, length and model |
/// | `longer` | 3 | times the epochs of the longer runs |
/// | `seed` | 42 | from which all seeds follow |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Design {
    /// Rows that labelling could reach.
    pub full_rows: usize,
    /// The share of them that pilots may use, in (0, 1].
    pub max_share: f64,
    /// Sizes; at least 3.
    pub slices: usize,
    /// A size by the one before; above 1.
    pub ratio: f64,
    /// Runs of a size, length and model; at least 2, since one cannot tell noise from progress.
    pub seeds: usize,
    /// How many times the epochs of the longer runs; above 1.
    pub longer: f64,
    /// From which all seeds follow.
    pub seed: u64,
}

impl Design {
    /// The default for so many rows.
    #[must_use]
    pub fn new(full_rows: usize) -> Self {
        Self { full_rows, max_share: 0.25, slices: 4, ratio: 2.0, seeds: 3, longer: 3.0, seed: 42 }
    }

    /// The rows that pilots use, in the order in which labelling would come by them: those of labels
    /// `classes` (a number a row), at most `max_share` of `full_rows`, every label in its share.
    ///
    /// # Errors
    /// [`Error::Setting`] for a setting out of its range, [`Error::TooFewRows`] if the slices would be
    /// too small for the labels.
    ///
    /// ```
    /// let classes: Vec<usize> = (0..1000).map(|row| row % 2).collect();
    /// let pool = tunewise_plan::Design::new(2000).pool(&classes)?;
    /// assert_eq!(pool.len(), 500);
    /// assert_eq!(pool.iter().filter(|&&row| classes[row] == 0).count(), 250);
    /// # Ok::<(), tunewise_plan::Error>(())
    /// ```
    pub fn pool(&self, classes: &[usize]) -> Result<Vec<usize>> {
        self.check()?;
        let most = (self.max_share * self.full_rows as f64) as usize;
        let mut order = stratified_order(classes, self.seed);
        order.truncate(most);
        let labels = count(classes);
        let expected = LEAST_SPAN * least_rows(labels);
        if order.len() < expected {
            let share = format!(
                "{} there, at most {} of {}",
                classes.len(),
                percent(self.max_share),
                self.full_rows
            );
            return Err(Error::TooFewRows { rows: order.len(), share, classes: labels, expected });
        }
        Ok(order)
    }

    /// The sizes for a pool of so many rows and labels, ascending.
    ///
    /// ```
    /// assert_eq!(tunewise_plan::Design::new(4000).sizes(1000, 2), [125, 250, 500, 1000]);
    /// ```
    #[must_use]
    pub fn sizes(&self, pool: usize, labels: usize) -> Vec<usize> {
        let steps = self.slices.saturating_sub(1).max(1) as f64;
        let least = least_rows(labels) as f64;
        let smallest = (pool as f64 / self.ratio.powf(steps)).max(least);
        let factor = (pool as f64 / smallest).powf(1.0 / steps);
        let size = |step: usize| (smallest * factor.powf(step as f64)).round() as usize;
        let mut sizes: Vec<usize> = (0..self.slices).map(size).collect();
        sizes.dedup();
        sizes
    }

    /// The pilots of so many models that train by a recipe: the smallest first, then the longer ones.
    ///
    /// ```
    /// use tunewise_plan::{Design, Recipe};
    ///
    /// let design = Design::new(4000);
    /// let recipe = Recipe { epochs: 3.0, least_steps: 100.0, batch: 16.0 };
    /// let pilots = design.pilots(&recipe, 2, &design.sizes(1000, 2));
    /// let (first, last) = (pilots[0], pilots[35]);
    /// assert_eq!((pilots.len(), first.rows, first.epochs), (36, 125, 13.0));
    /// assert_eq!((last.rows, last.epochs, last.seed), (1000, 9.0, 44));
    /// ```
    #[must_use]
    pub fn pilots(&self, recipe: &Recipe, models: usize, sizes: &[usize]) -> Vec<Pilot> {
        let largest = sizes.iter().skip(sizes.len().saturating_sub(LONGER_SLICES));
        let own = sizes.iter().map(|&rows| (rows, 1.0));
        let mut pilots = Vec::new();
        for (rows, times) in own.chain(largest.map(|&rows| (rows, self.longer))) {
            let epochs = times * recipe.epochs(rows as f64);
            for run in 0..self.seeds {
                let seed = self.seed.wrapping_add(run as u64);
                for model in 0..models {
                    pilots.push(Pilot { number: pilots.len(), model, rows, seed, epochs });
                }
            }
        }
        pilots
    }

    fn check(&self) -> Result<()> {
        let fault = |name: &str, got: String, expected: &str| {
            Err(Error::Setting { name: name.to_owned(), got, expected: expected.to_owned() })
        };
        if !(self.max_share > 0.0 && self.max_share <= 1.0) {
            return fault("max_share", self.max_share.to_string(), "a share above 0 and at most 1");
        }
        if self.slices < LEAST_SLICES {
            return fault("slices", self.slices.to_string(), "at least 3");
        }
        if !(self.ratio > 1.0 && self.ratio.is_finite()) {
            return fault("ratio", self.ratio.to_string(), "a number above 1");
        }
        if self.seeds < 2 {
            return fault("seeds", self.seeds.to_string(), "at least 2");
        }
        if !(self.longer > 1.0 && self.longer.is_finite()) {
            return fault("longer", self.longer.to_string(), "a number above 1");
        }
        Ok(())
    }
}

/// The rows of one pilot: the first of the pool in an order of the seed's own, so that the slices of a
/// seed are nested, and those of other seeds are other draws. `classes` has a number a row of the file.
#[must_use]
pub fn slice(pool: &[usize], classes: &[usize], pilot: &Pilot) -> Vec<usize> {
    let of_pool: Vec<usize> =
        pool.iter().map(|&row| classes.get(row).copied().unwrap_or(0)).collect();
    let order = stratified_order(&of_pool, pilot.seed.wrapping_add(1 << 32));
    order.into_iter().take(pilot.rows).filter_map(|place| pool.get(place).copied()).collect()
}

/// All rows in a random order of which every beginning has every class in its share; the first rows are
/// one of each class.
///
/// ```
/// let classes = [0, 0, 0, 0, 0, 0, 1, 1, 2];
/// let order = tunewise_plan::stratified_order(&classes, 7);
/// let mut first: Vec<usize> = order[..3].iter().map(|&row| classes[row]).collect();
/// first.sort();
/// assert_eq!(first, [0, 1, 2]);
/// ```
#[must_use]
pub fn stratified_order(classes: &[usize], seed: u64) -> Vec<usize> {
    let most = classes.iter().max().map_or(0, |&class| class + 1);
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); most];
    for (row, &class) in classes.iter().enumerate() {
        if let Some(rows) = rows.get_mut(class) {
            rows.push(row);
        }
    }
    let mut stream = Stream::new(seed, 0);
    let mut keyed: Vec<(f64, usize)> = Vec::with_capacity(classes.len());
    for rows in &mut rows {
        stream.shuffle(rows);
        let all = rows.len() as f64;
        for (place, &row) in rows.iter().enumerate() {
            // The first of a class comes before everything else, whatever its class.
            let key = if place == 0 { -1.0 } else { (place as f64 + stream.uniform()) / all };
            keyed.push((key, row));
        }
    }
    keyed.sort_by(|one, other| one.0.total_cmp(&other.0)); // stable
    keyed.into_iter().map(|(_, row)| row).collect()
}

fn least_rows(labels: usize) -> usize {
    LEAST_ROWS.max(LEAST_A_LABEL * labels)
}

/// Classes that occur.
pub(crate) fn count(classes: &[usize]) -> usize {
    let mut seen = classes.to_vec();
    seen.sort_unstable();
    seen.dedup();
    seen.len()
}

pub(crate) fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_beginning_has_every_class_in_its_share(
            classes in prop::collection::vec(0..4_usize, 40..200), seed in 0..50_u64, part in 0.1..1.0_f64,
        ) {
            let order = stratified_order(&classes, seed);
            let take = (part * classes.len() as f64) as usize;
            for class in 0..4 {
                let all = classes.iter().filter(|&&it| it == class).count() as f64;
                let here = order[..take].iter().filter(|&&row| classes[row] == class).count() as f64;
                // A row of the class more or less, and the one that came first.
                prop_assert!((here - all * part).abs() <= 5.0, "{here} of {all} in {part}");
            }
            let mut sorted = order;
            sorted.sort_unstable();
            prop_assert_eq!(sorted, (0..classes.len()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn slices_of_a_seed_are_nested_and_the_largest_is_the_pool() {
        let classes: Vec<usize> = (0..900).map(|row| row % 3).collect();
        let design = Design::new(900);
        let pool = design.pool(&classes).unwrap();
        let recipe = Recipe { epochs: 1.0, least_steps: 0.0, batch: 16.0 };
        let pilots = design.pilots(&recipe, 1, &design.sizes(pool.len(), 3));
        let of_seed: Vec<Vec<usize>> = pilots
            .iter()
            .filter(|pilot| pilot.seed == 43)
            .map(|pilot| slice(&pool, &classes, pilot))
            .collect();
        // Four slices, and the two largest once more for the longer runs.
        assert_eq!(of_seed.len(), 6);
        assert_eq!(of_seed[2..4], of_seed[4..]);
        assert!(of_seed[..4].windows(2).all(|pair| pair[1].starts_with(&pair[0])));
        let mut largest = of_seed[3].clone();
        largest.sort_unstable();
        let mut all = pool.clone();
        all.sort_unstable();
        assert_eq!(largest, all);
        let other = slice(&pool, &classes, &Pilot { seed: 44, ..pilots[0] });
        assert_ne!(other, of_seed[0]);
    }

    #[test]
    fn too_few_rows_are_said_with_what_would_do() {
        let classes: Vec<usize> = (0..400).map(|row| row % 50).collect();
        let fault = Design::new(400).pool(&classes).unwrap_err().to_string();
        assert_eq!(
            fault,
            "100 rows for pilots (400 there, at most 25 % of 400) are too few for 50 labels: expected at least 400"
        );
        let design = Design { max_share: 1.5, ..Design::new(400) };
        let fault = design.pool(&classes).unwrap_err().to_string();
        assert_eq!(fault, "`max_share` is 1.5, expected a share above 0 and at most 1");
    }
}
