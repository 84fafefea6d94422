//! The volume that a front dominates.

use super::{DecideError, check, dominates};

/// The volume between points and a reference point that is worse than all, exactly.
///
/// Points that are not better than the reference in every objective add nothing.
///
/// # Formula
/// The measure of ∪ [p, reference]: the sum over points of what each adds to those before it, with the
/// others limited to its own box.
///
/// # Reference
/// While, Bradstreet and Barone (2012), WFG; pymoo 0.6 `HV`.
///
/// ```
/// use tunewise_cost::decide::pareto::hypervolume;
///
/// let volume = hypervolume(&[vec![0.0, 0.5], vec![0.5, 0.0]], &[1.0, 1.0])?;
/// assert_eq!(volume, 0.75);
/// # Ok::<(), tunewise_cost::decide::DecideError>(())
/// ```
///
/// # Errors
/// If a point has not as many objectives as the reference, or one is NaN.
pub fn hypervolume(points: &[Vec<f64>], reference: &[f64]) -> Result<f64, DecideError> {
    check(points, reference.len())?;
    check(&[reference.to_vec()], reference.len())?;
    let inside = |point: &&Vec<f64>| point.iter().zip(reference).all(|(x, r)| x < r);
    let points: Vec<Vec<f64>> = points.iter().filter(inside).cloned().collect();
    Ok(volume(non_dominated(points), reference))
}

fn volume(mut points: Vec<Vec<f64>>, reference: &[f64]) -> f64 {
    if reference.len() == 1 {
        let least = points.iter().flatten().copied().fold(f64::INFINITY, f64::min);
        return reference.first().map_or(0.0, |r| (r - least).max(0.0));
    }
    // The worst in the last objective first: then limited fronts shrink fastest.
    points.sort_by(|one, other| last(other).total_cmp(&last(one)));
    let mut sum = 0.0;
    for (index, point) in points.iter().enumerate() {
        let own: f64 = point.iter().zip(reference).map(|(x, r)| r - x).product();
        let limited = points
            .iter()
            .skip(index + 1)
            .map(|other| point.iter().zip(other).map(|(x, y)| x.max(*y)).collect::<Vec<f64>>());
        let limited: Vec<Vec<f64>> = non_dominated(limited.collect());
        sum += if limited.is_empty() { own } else { own - volume(limited, reference) };
    }
    sum
}

fn last(point: &[f64]) -> f64 {
    point.last().copied().unwrap_or(0.0)
}

/// The front, each point once.
fn non_dominated(points: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let mut kept: Vec<Vec<f64>> = Vec::with_capacity(points.len());
    for point in points {
        if kept.iter().any(|one| *one == point || dominates(one, &point)) {
            continue;
        }
        kept.retain(|one| !dominates(&point, one));
        kept.push(point);
    }
    kept
}
