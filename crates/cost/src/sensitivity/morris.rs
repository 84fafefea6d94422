//! Morris screening: elementary effects along trajectories.

use serde::Serialize;

use crate::uncertainty::Stream;
use crate::uncertainty::statistics::{Moments, check_sample};
use crate::{Error, Result};

/// Trajectories on a grid: each goes from a random point through one step in every input, in random order.
///
/// # Reference
/// M. D. Morris, "Factorial sampling plans for preliminary computational experiments", Technometrics 33
/// (1991) 161-174; mu* of F. Campolongo, J. Cariboni and A. Saltelli, Environmental Modelling and Software
/// 22 (2007) 1509-1518.
///
/// ```
/// use tunewise_cost::sensitivity::Trajectories;
///
/// # fn main() -> tunewise_cost::Result<()> {
/// let trajectories = Trajectories::random(2, 4, 10, 42)?;
/// let columns = trajectories.coordinates(0.0);
/// let y: Vec<f64> = columns[0].iter().zip(&columns[1]).map(|(x1, x2)| 3.0 * x1 - x2).collect();
/// let effects = trajectories.effects(&y)?;
/// assert!((effects[0].mu - 3.0).abs() < 1e-12 && (effects[1].mu_star - 1.0).abs() < 1e-12);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trajectories {
    levels: u32,
    dimensions: usize,
    /// Levels of each point, from 0; `dimensions + 1` points a trajectory.
    points: Vec<Vec<u32>>,
}

/// What one input does, over all trajectories.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ElementaryEffects {
    /// Mean of the effects.
    pub mu: f64,
    /// Mean of their absolute values: the input's importance.
    pub mu_star: f64,
    /// Their standard deviation, over n - 1: interactions and curvature. NaN for a single trajectory.
    pub sigma: f64,
}

impl Trajectories {
    /// `count` random trajectories on a grid of `levels` values for each of `dimensions` inputs.
    ///
    /// # Errors
    /// If there is no input or no trajectory, or `levels` is not an even number of at least 2.
    ///
    /// ```
    /// use tunewise_cost::sensitivity::Trajectories;
    ///
    /// // Three inputs: a trajectory is a point and a step in each.
    /// let columns = Trajectories::random(3, 4, 10, 42)?.coordinates(0.0);
    /// assert_eq!((columns.len(), columns[0].len()), (3, 10 * (3 + 1)));
    /// assert!(Trajectories::random(3, 5, 10, 42).is_err()); // half of 5 levels is no level
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    pub fn random(dimensions: usize, levels: u32, count: usize, seed: u64) -> Result<Self> {
        check(dimensions, levels, count)?;
        let trajectory =
            |number| random_trajectory(dimensions, levels, &mut Stream::new(seed, number));
        let points = (0..count as u64).flat_map(trajectory).collect();
        Ok(Self { levels, dimensions, points })
    }

    /// Trajectories made elsewhere: levels of each point, from 0.
    ///
    /// # Errors
    /// As [`random`](Self::random); [`Error::Trajectory`] where the points are no trajectories: each has
    /// one point more than there are inputs, and each step moves one input by half of the levels, every input once.
    ///
    /// ```
    /// use tunewise_cost::sensitivity::Trajectories;
    /// # fn main() -> tunewise_cost::Result<()> {
    /// let steps = vec![vec![0, 0], vec![0, 2], vec![2, 2]];
    /// assert!(Trajectories::new(4, steps).is_ok());
    /// assert!(Trajectories::new(4, vec![vec![0, 0], vec![0, 1], vec![2, 1]]).is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(levels: u32, points: Vec<Vec<u32>>) -> Result<Self> {
        let dimensions = points.first().map_or(0, Vec::len);
        check(dimensions, levels, points.len() / (dimensions + 1))?;
        let trajectories = Self { levels, dimensions, points };
        trajectories.check_steps()?;
        Ok(trajectories)
    }

    /// The points, a column each input: level `i` of `p` is `margin + (1 - 2 margin) i / (p - 1)`.
    ///
    /// With a margin above 0 the ends of the cube, which an unbounded distribution cannot take, are left
    /// out. Effects are by the change in level, whatever the margin.
    ///
    /// ```
    /// use tunewise_cost::sensitivity::Trajectories;
    ///
    /// let trajectory = Trajectories::new(4, vec![vec![0, 1], vec![2, 1], vec![2, 3]])?;
    /// assert_eq!(trajectory.coordinates(0.0), [[0.0, 2.0 / 3.0, 2.0 / 3.0], [1.0 / 3.0, 1.0 / 3.0, 1.0]]);
    /// assert_eq!(trajectory.coordinates(0.25)[1][2], 0.75);
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn coordinates(&self, margin: f64) -> Vec<Vec<f64>> {
        let scale = (1.0 - 2.0 * margin) / f64::from(self.levels - 1);
        let coordinate = |level: &u32| margin + scale * f64::from(*level);
        (0..self.dimensions)
            .map(|input| {
                self.points.iter().filter_map(|point| point.get(input)).map(coordinate).collect()
            })
            .collect()
    }

    /// The elementary effects from the function's values at the points, in their order.
    ///
    /// # Formula
    /// ```text
    /// EE = (y_after - y_before) / (+-delta)    where delta = p / (2 (p - 1))
    /// ```
    ///
    /// # Errors
    /// [`Error::Length`] unless there is a value for each point; [`Error::SampleValue`] for one that is
    /// not finite.
    pub fn effects(&self, y: &[f64]) -> Result<Vec<ElementaryEffects>> {
        if y.len() != self.points.len() {
            let (got, expected) = (y.len(), self.points.len());
            return Err(Error::Length { field: "values of the function", got, expected });
        }
        check_sample("elementary effects", y, 1)?;
        let delta = f64::from(self.levels) / (2.0 * f64::from(self.levels - 1));
        let mut effects = vec![(Moments::default(), Moments::default()); self.dimensions];
        for (row, (input, rising)) in self.steps() {
            let change =
                y.get(row + 1).zip(y.get(row)).map_or(f64::NAN, |(after, before)| after - before);
            let effect = change / if rising { delta } else { -delta };
            if let Some((plain, absolute)) = effects.get_mut(input) {
                plain.push(effect);
                absolute.push(effect.abs());
            }
        }
        let summary = |(plain, absolute): (Moments, Moments)| ElementaryEffects {
            mu: plain.mean(),
            mu_star: absolute.mean(),
            sigma: plain.variance().sqrt(),
        };
        Ok(effects.into_iter().map(summary).collect())
    }

    /// The row before each step, the input that moves, and whether it rises.
    fn steps(&self) -> impl Iterator<Item = (usize, (usize, bool))> + '_ {
        let inside = move |row: &usize| !(row + 1).is_multiple_of(self.dimensions + 1);
        let pairs = self.points.iter().zip(self.points.iter().skip(1)).enumerate();
        pairs.filter(move |(row, _)| inside(row)).filter_map(|(row, (before, after))| {
            let mut moves =
                before.iter().zip(after).enumerate().filter(|(_, (old, new))| old != new);
            moves.next().map(|(input, (old, new))| (row, (input, new > old)))
        })
    }

    fn check_steps(&self) -> Result<()> {
        let whole = self.points.len().is_multiple_of(self.dimensions + 1);
        let jump = self.levels / 2;
        for (number, trajectory) in self.points.chunks(self.dimensions + 1).enumerate() {
            let mut moved = vec![0; self.dimensions];
            let mut fits = whole && trajectory.iter().all(|point| self.is_on_grid(point));
            for pair in trajectory.windows(2) {
                let [before, after] = pair else { continue };
                for ((count, old), new) in moved.iter_mut().zip(before).zip(after) {
                    *count += usize::from(old != new);
                    fits &= old == new || old.abs_diff(*new) == jump;
                }
                let changed = before.iter().zip(after).filter(|(old, new)| old != new).count();
                fits &= changed == 1;
            }
            if !fits || moved.iter().any(|&count| count != 1) {
                return Err(Error::Trajectory { number });
            }
        }
        Ok(())
    }

    fn is_on_grid(&self, point: &[u32]) -> bool {
        point.len() == self.dimensions && point.iter().all(|&level| level < self.levels)
    }
}

fn check(dimensions: usize, levels: u32, count: usize) -> Result<()> {
    let field = |field, value, rule| Err(Error::Field { field, value, rule });
    if dimensions == 0 {
        return field("inputs of a Morris design", 0.0, "at least 1");
    }
    if levels < 2 || !levels.is_multiple_of(2) {
        return field("levels", f64::from(levels), "an even number of at least 2");
    }
    if count == 0 {
        return field("trajectories", 0.0, "at least 1");
    }
    Ok(())
}

/// A random start, then one step of half the levels in each input, up from the lower half or down from the
/// upper, in random order.
fn random_trajectory(dimensions: usize, levels: u32, stream: &mut Stream) -> Vec<Vec<u32>> {
    let mut point: Vec<u32> =
        (0..dimensions).map(|_| stream.below(u64::from(levels)) as u32).collect();
    let mut order: Vec<usize> = (0..dimensions).collect();
    stream.shuffle(&mut order);
    let mut points = vec![point.clone()];
    for input in order {
        if let Some(level) = point.get_mut(input) {
            *level = (*level + levels / 2) % levels;
        }
        points.push(point.clone());
    }
    points
}
