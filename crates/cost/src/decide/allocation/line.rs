//! The global maximum of a function on an interval, as far as a grid sees its peaks.

/// Points of the grid.
const GRID: usize = 41;
/// Peaks of the grid that are refined.
const PEAKS: usize = 3;
/// Golden sections: 0.618^60 of a grid step.
const SECTIONS: usize = 60;

/// A maximum.
#[derive(Debug, Clone, Copy)]
pub(super) struct Maximum {
    pub(super) at: f64,
    pub(super) value: f64,
}

/// The highest of the grid, of the golden sections around its highest peaks, and of both ends.
pub(super) fn maximum(function: &dyn Fn(f64) -> f64, [low, high]: [f64; 2]) -> Maximum {
    let point = |at: f64| Maximum { at, value: function(at) };
    if low >= high {
        return point(low);
    }
    let step = (high - low) / (GRID - 1) as f64;
    let place = |index: usize| if index + 1 == GRID { high } else { low + step * index as f64 };
    let grid: Vec<Maximum> = (0..GRID).map(|index| point(place(index))).collect();
    let value = |index: usize| grid.get(index).map_or(f64::NEG_INFINITY, |one| one.value);
    let is_peak = |&index: &usize| {
        let left = index.checked_sub(1).map_or(f64::NEG_INFINITY, value);
        value(index) >= left && value(index) >= value(index + 1) && value(index).is_finite()
    };
    let mut peaks: Vec<usize> = (0..GRID).filter(is_peak).collect();
    peaks.sort_by(|&one, &other| value(other).total_cmp(&value(one)));
    let refined = peaks.into_iter().take(PEAKS).map(|index| {
        let around = [place(index.saturating_sub(1)), place((index + 1).min(GRID - 1))];
        golden(function, around)
    });
    // Ties go to the grid, whose ends are exact.
    let higher = |best: Maximum, one: Maximum| if one.value > best.value { one } else { best };
    let start = Maximum { at: low, value: f64::NEG_INFINITY };
    let on_grid = grid.iter().copied().fold(start, higher);
    refined.fold(on_grid, higher)
}

fn golden(function: &dyn Fn(f64) -> f64, [mut low, mut high]: [f64; 2]) -> Maximum {
    let ratio = (5.0_f64.sqrt() - 1.0) / 2.0;
    let (mut left, mut right) = (high - ratio * (high - low), low + ratio * (high - low));
    let (mut at_left, mut at_right) = (function(left), function(right));
    for _ in 0..SECTIONS {
        if at_left >= at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - ratio * (high - low);
            at_left = function(left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + ratio * (high - low);
            at_right = function(right);
        }
    }
    if at_left >= at_right {
        Maximum { at: left, value: at_left }
    } else {
        Maximum { at: right, value: at_right }
    }
}
