//! Sobol and Latin hypercube designs: SciPy's numbers, and the properties that make them designs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use proptest::prelude::*;
use serde::Deserialize;
use tunewise_cost::uncertainty::{Scramble, Sobol, latin_hypercube};

#[derive(Deserialize)]
struct First {
    d8_first1024_times1024: Vec<Vec<u32>>,
}

#[derive(Deserialize)]
struct Point {
    index: u64,
    point: Vec<u32>,
}

#[test]
fn the_first_1024_points_are_scipys() {
    let first: First = serde_json::from_str(include_str!("fixtures/sobol_sequence.json")).unwrap();
    assert_eq!(first.d8_first1024_times1024.len(), 1024);
    for (point, expected) in Sobol::new(8).unwrap().zip(first.d8_first1024_times1024) {
        let expected: Vec<f64> = expected.into_iter().map(|x| f64::from(x) / 1024.0).collect();
        assert_eq!(point, expected);
    }
}

#[test]
fn far_points_in_64_dimensions_are_scipys() {
    let points: Vec<Point> =
        serde_json::from_str(include_str!("fixtures/sobol_scipy.json")).unwrap();
    let mut sobol = Sobol::new(64).unwrap();
    for Point { index, point } in points {
        let expected: Vec<f64> = point.iter().map(|&x| f64::from(x) / 2_f64.powi(30)).collect();
        assert_eq!(sobol.point(index), expected, "{index}");
        sobol.skip_to(index);
        assert_eq!(sobol.next().unwrap(), expected, "{index}");
    }
}

#[test]
fn dimensions_out_of_range_are_named() {
    for dimensions in [0, 65] {
        assert_eq!(
            Sobol::new(dimensions).unwrap_err().to_string(),
            format!("Sobol dimensions is {dimensions}, expected a whole number from 1 to 64")
        );
    }
    assert!(Sobol::new(2).unwrap().fill_column(2, 0, &mut [0.0]).is_err());
    assert!(latin_hypercube(0, 1, 0).is_err());
}

/// How many of `points` fall in each box of a grid with `rows` by `columns` boxes.
fn boxes(points: &[Vec<f64>], axes: (usize, usize), rows: usize, columns: usize) -> Vec<usize> {
    let mut counts = vec![0; rows * columns];
    for point in points {
        let row = (point[axes.0] * rows as f64) as usize;
        let column = (point[axes.1] * columns as f64) as usize;
        counts[row * columns + column] += 1;
    }
    counts
}

fn any_scramble() -> impl Strategy<Value = Scramble> {
    prop_oneof![Just(Scramble::Owen), Just(Scramble::LmsShift)]
}

proptest! {
    #[test]
    fn scrambling_keeps_every_stratum(
        scramble in any_scramble(), seed in any::<u64>(), skip in 0_u64..64, log_points in 1_u32..9,
    ) {
        let n = 1_usize << log_points;
        let mut sobol = Sobol::scrambled(64, scramble, seed).unwrap();
        sobol.skip_to(skip * n as u64);
        let points: Vec<_> = sobol.take(n).collect();
        for axis in 0..64 {
            prop_assert_eq!(boxes(&points, (axis, axis), n, 1), vec![1; n]);
        }
        // The first two dimensions are a (0, m, 2)-net: one point in every elementary box.
        for log_rows in 0..=log_points {
            let rows = 1 << log_rows;
            prop_assert_eq!(boxes(&points, (0, 1), rows, n / rows), vec![1; n]);
        }
    }

    #[test]
    fn a_column_is_the_points_coordinate(
        seed in any::<u64>(), first in any::<u32>(), dimension in 0_usize..5, scramble in any_scramble(),
    ) {
        let sobol = Sobol::scrambled(5, scramble, seed).unwrap();
        let mut column = [0.0; 50];
        sobol.fill_column(dimension, u64::from(first), &mut column).unwrap();
        for (index, value) in (u64::from(first)..).zip(column) {
            prop_assert_eq!(sobol.point(index)[dimension], value);
            prop_assert!(0.0 < value && value < 1.0);
        }
    }

    #[test]
    fn each_stratum_once(points in 1_usize..400, dimensions in 1_usize..6, seed in any::<u64>()) {
        for column in latin_hypercube(points, dimensions, seed).unwrap() {
            let mut strata: Vec<_> = column.iter().map(|u| (u * points as f64) as usize).collect();
            strata.sort_unstable();
            prop_assert_eq!(strata, (0..points).collect::<Vec<_>>());
        }
    }
}

/// Error of the mean of a smooth function of two variables, over many seeds.
fn root_mean_square_error(scramble: Scramble, log_points: u32) -> f64 {
    let seeds = 200;
    let total: f64 = (0..seeds)
        .map(|seed| {
            let sobol = Sobol::scrambled(2, scramble, seed).unwrap();
            let n = 1 << log_points;
            let sum: f64 = sobol.take(n).map(|x| (x[0] + x[1] * x[1]).exp()).sum();
            let dawson = 1.462_651_745_907_181_6; // integral of exp(y^2) over [0, 1]
            let exact = (std::f64::consts::E - 1.0) * dawson;
            (sum / n as f64 - exact).powi(2)
        })
        .sum();
    (total / seeds as f64).sqrt()
}

#[test]
fn scrambled_points_are_unbiased_and_converge_faster_than_random_ones() {
    for scramble in [Scramble::Owen, Scramble::LmsShift] {
        let (few, many) =
            (root_mean_square_error(scramble, 6), root_mean_square_error(scramble, 10));
        // Random points: standard deviation 1.2 over sqrt(1024) = 0.038, and a ratio of 4.
        assert!(many < 4e-4, "{scramble:?}: {many}");
        assert!(few / many > 12.0, "{scramble:?}: {few} to {many}");
    }
}

#[test]
fn seeds_differ() {
    let first = |seed| Sobol::scrambled(3, Scramble::Owen, seed).unwrap().point(0);
    assert_eq!(first(1), first(1));
    assert_ne!(first(1), first(2));
    assert_ne!(latin_hypercube(5, 2, 1).unwrap(), latin_hypercube(5, 2, 2).unwrap());
}
