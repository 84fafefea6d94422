//! Dominance, ranks and crowding.

use std::cmp::Ordering;

use super::{DecideError, check};

/// Whether a point is nowhere worse and somewhere better than another.
///
/// # Formula
/// xᵢ ≤ yᵢ for all i and xᵢ < yᵢ for one; Deb et al. (2002), III.A.
///
/// ```
/// use tunewise_cost::decide::pareto::dominates;
///
/// assert!(dominates(&[1.0, 2.0], &[1.0, 3.0]));
/// assert!(!dominates(&[1.0, 2.0], &[1.0, 2.0]));
/// ```
#[must_use]
pub fn dominates(one: &[f64], other: &[f64]) -> bool {
    let mut pairs = one.iter().zip(other);
    pairs.clone().all(|(x, y)| x <= y) && pairs.any(|(x, y)| x < y)
}

/// The indices of the points that no other dominates, in order. Equal points are all kept.
///
/// # Formula
/// {i : no j with zⱼ ≤ zᵢ in all objectives and zⱼ < zᵢ in one}.
///
/// # Reference
/// Deb et al. (2002), NSGA-II, III.A: the first non-dominated front.
///
/// # Errors
/// If points differ in their number of objectives, or one is NaN.
///
/// ```
/// use tunewise_cost::decide::pareto::front;
///
/// let points = [[1.0, 2.0], [2.0, 1.0], [1.0, 2.0], [2.0, 2.0]].map(Vec::from);
/// assert_eq!(front(&points)?, [0, 1, 2]);
/// # Ok::<(), tunewise_cost::decide::DecideError>(())
/// ```
pub fn front(points: &[Vec<f64>]) -> Result<Vec<usize>, DecideError> {
    check(points, points.first().map_or(0, Vec::len))?;
    // Only what comes before a point in the order of its objectives can beat it, and if something does,
    // something on the front does.
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|&one, &other| lexicographic(&points[one], &points[other]));
    let mut kept: Vec<usize> = Vec::new();
    for index in order {
        if !kept.iter().rev().any(|&one| dominates(&points[one], &points[index])) {
            kept.push(index);
        }
    }
    kept.sort_unstable();
    Ok(kept)
}

fn lexicographic(one: &[f64], other: &[f64]) -> Ordering {
    // 0 and -0 are one number: not by total order.
    let unequal = one.iter().zip(other).find(|(x, y)| x != y);
    unequal.and_then(|(x, y)| x.partial_cmp(y)).unwrap_or(Ordering::Equal)
}

/// The front each point is on: 0 if no other dominates it, 1 if only points of front 0 do, and so on.
///
/// # Reference
/// Fast non-dominated sorting: Deb et al. (2002), NSGA-II, III.A.
///
/// ```
/// use tunewise_cost::decide::pareto::ranks;
///
/// let points = vec![vec![1.0, 1.0], vec![2.0, 2.0], vec![3.0, 1.5]];
/// assert_eq!(ranks(&points)?, [0, 1, 1]);
/// # Ok::<(), tunewise_cost::decide::DecideError>(())
/// ```
///
/// # Errors
/// As [`front`].
pub fn ranks(points: &[Vec<f64>]) -> Result<Vec<usize>, DecideError> {
    check(points, points.first().map_or(0, Vec::len))?;
    let beats = |one: &Vec<f64>| -> Vec<usize> {
        let all = points.iter().enumerate();
        all.filter(|(_, other)| dominates(one, other)).map(|(index, _)| index).collect()
    };
    let beaten: Vec<Vec<usize>> = points.iter().map(beats).collect();
    let mut above = vec![0_usize; points.len()];
    for &index in beaten.iter().flatten() {
        above[index] += 1;
    }
    let mut ranks = vec![0; points.len()];
    let mut current: Vec<usize> = (0..points.len()).filter(|&index| above[index] == 0).collect();
    let mut rank = 0;
    while !current.is_empty() {
        let mut next = Vec::new();
        for index in current {
            ranks[index] = rank;
            for &worse in &beaten[index] {
                above[worse] -= 1;
                if above[worse] == 0 {
                    next.push(worse);
                }
            }
        }
        (current, rank) = (next, rank + 1);
    }
    Ok(ranks)
}

/// The crowding distance of each point among all given: large where its neighbours are far.
///
/// # Formula
/// Σ over objectives of (next − previous)/(max − min), divided by the number of objectives; infinite at
/// the ends. A second copy of a point gets 0; two points or fewer are infinite.
///
/// # Reference
/// Deb et al. (2002), III.B; pymoo 0.6 `RankAndCrowding`, which divides and drops copies so.
///
/// ```
/// use tunewise_cost::decide::pareto::crowding;
///
/// let front = vec![vec![0.0, 4.0], vec![1.0, 1.0], vec![4.0, 0.0]];
/// assert_eq!(crowding(&front)?, [f64::INFINITY, 1.0, f64::INFINITY]);
/// # Ok::<(), tunewise_cost::decide::DecideError>(())
/// ```
///
/// # Errors
/// As [`front`].
pub fn crowding(points: &[Vec<f64>]) -> Result<Vec<f64>, DecideError> {
    let objectives = points.first().map_or(0, Vec::len);
    check(points, objectives)?;
    if points.len() <= 2 {
        return Ok(vec![f64::INFINITY; points.len()]);
    }
    let first = |(index, point): (usize, &Vec<f64>)| {
        (!points.iter().take(index).any(|other| other == point)).then_some(index)
    };
    let unique: Vec<usize> = points.iter().enumerate().filter_map(first).collect();
    let mut distance = vec![0.0; points.len()];
    let columns = (0..objectives).map(|objective| points.iter().map(move |point| point[objective]));
    for column in columns {
        let column: Vec<f64> = column.collect();
        let value = |index: usize| column[index];
        let mut order = unique.clone();
        order.sort_by(|&one, &other| value(one).total_cmp(&value(other)));
        let ends = order.first().zip(order.last());
        let Some((&low, &high)) = ends else { continue };
        let range = value(high) - value(low);
        if range == 0.0 {
            continue;
        }
        distance[low] = f64::INFINITY;
        distance[high] = f64::INFINITY;
        for window in order.windows(3) {
            if let [before, middle, after] = *window {
                distance[middle] += (value(after) - value(before)) / range / objectives as f64;
            }
        }
    }
    Ok(distance)
}
