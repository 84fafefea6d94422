use super::*;

/// Runs with a known curve and noise.
#[derive(Clone, Copy)]
struct World {
    ceiling: f64,
    scale: f64,
    exponent: f64,
    /// Rows that pretraining was worth.
    offset: f64,
    /// What 200 steps are short of.
    short: f64,
    noise: f64,
}

const WORLD: World =
    World { ceiling: 0.9, scale: 3.0, exponent: 0.5, offset: 0.0, short: 0.0, noise: 0.005 };
const ENDLESS: f64 = f64::INFINITY;
/// Rows and steps: three epochs of 16 rows a step, at least 200 steps, and longer ones.
const PILOTS: [(f64, f64); 6] = [
    (200.0, 200.0),
    (400.0, 200.0),
    (800.0, 200.0),
    (1600.0, 300.0),
    (800.0, 600.0),
    (1600.0, 900.0),
];
const FULL: (f64, f64) = (6400.0, 1200.0);

impl World {
    fn expected(&self, (rows, steps): (f64, f64)) -> f64 {
        let of_rows = self.scale * (rows + self.offset).powf(-self.exponent);
        let of_steps = self.short * (steps / 200.0).powf(-0.7);
        self.ceiling - of_rows.hypot(of_steps)
    }

    fn pilots(&self, stream: &mut Stream) -> Vec<Observation> {
        let runs = PILOTS.into_iter().flat_map(|run| [(run, 1), (run, 2), (run, 3)]);
        let run = |((rows, steps), seed)| {
            let luck = self.noise * normal(stream);
            let quality = (self.expected((rows, steps)) + luck).clamp(0.0, 1.0);
            Observation { rows, steps, seed, quality }
        };
        runs.map(run).collect()
    }
}

fn fit(pilots: &[Observation], seed: u64) -> LearningCurve {
    let data = CurveData { model: "m", pilots, validation_rows: 800, chance: 0.4, seed };
    LearningCurve::fit(&data).unwrap()
}

/// Of 72 repetitions, how many fall into the interval and how many within two points.
fn coverage(stream: &mut Stream, offset: f64, short: f64) -> (u32, u32) {
    let (mut inside, mut near) = (0, 0);
    for ceiling in [0.8, 0.9, 0.97] {
        for exponent in [0.25, 0.5, 0.9] {
            for noise in [0.004, 0.01] {
                // The gap that is left at 200 rows: a quarter of the quality.
                let scale = 0.2 * (200.0 + offset).powf(exponent);
                let world = World { ceiling, scale, exponent, offset, short, noise };
                for repetition in 0..4 {
                    let curve = fit(&world.pilots(stream), repetition);
                    let forecast = curve.forecast(FULL.0, FULL.1);
                    let measured = world.expected(FULL) + noise * normal(stream);
                    inside += u32::from(forecast.low <= measured && measured <= forecast.high);
                    near += u32::from((forecast.quality - measured).abs() <= 0.02);
                }
            }
        }
    }
    (inside, near)
}

#[test]
fn intervals_hold_what_they_promise() {
    std::thread::scope(|threads| {
        for (offset, short) in [(0.0, 0.0), (800.0, 0.0), (0.0, 0.1), (800.0, 0.1)] {
            threads.spawn(move || {
                let (inside, near) = coverage(&mut Stream::new(5, 0), offset, short);
                let [inside, near] = [inside, near].map(|count| f64::from(count) / 72.0);
                let what = format!("offset {offset}, short {short}: inside {inside}, near {near}");
                assert!((0.65..=0.95).contains(&inside) && near > 0.8, "{what}");
            });
        }
    });
}

#[test]
fn more_pilots_and_less_noise_narrow_the_interval() {
    let width = |noise: f64| {
        let world = World { noise, ..WORLD };
        let forecast = fit(&world.pilots(&mut Stream::new(3, 0)), 1).forecast(6400.0, 1200.0);
        forecast.high - forecast.low
    };
    assert!(width(0.002) < width(0.01) && width(0.01) < width(0.03));
}

#[test]
fn the_curve_is_not_known_beyond_what_it_is_at_the_pilots() {
    let curve = fit(&WORLD.pilots(&mut Stream::new(3, 0)), 1);
    let width = |rows: f64| {
        let forecast = curve.forecast(rows, ENDLESS);
        forecast.curve_high - forecast.curve_low
    };
    assert!(width(1600.0) < width(6400.0) && width(6400.0) < width(25_600.0));
    let forecast = curve.forecast(6400.0, ENDLESS);
    assert!(forecast.low <= forecast.curve_low && forecast.curve_high <= forecast.high);
    let [low, middle, high] = curve.ceiling();
    assert!(low < middle && middle < high && low > 0.8);
}

#[test]
fn what_steps_are_short_of_is_told_from_what_rows_are() {
    let world = World { short: 0.15, noise: 0.002, ..WORLD };
    let curve = fit(&world.pilots(&mut Stream::new(3, 0)), 1);
    // As long as the shorter pilots, as the longer ones, and trained to the end.
    for steps in [300.0, 900.0, ENDLESS] {
        let (forecast, truth) = (curve.forecast(1600.0, steps), world.expected((1600.0, steps)));
        assert!((forecast.quality - truth).abs() < 0.015, "{steps}: {forecast:?} {truth}");
    }
    let (forecast, truth) = (curve.forecast(FULL.0, FULL.1), world.expected(FULL));
    assert!((forecast.quality - truth).abs() < 0.012, "{forecast:?} {truth}");
    assert!(forecast.curve_low < truth && truth < forecast.curve_high, "{forecast:?} {truth}");
}

#[test]
fn slices_at_the_level_of_guessing_are_left_out() {
    let mut pilots: Vec<Observation> = [(100.0, 0.41), (200.0, 0.5), (400.0, 0.7), (800.0, 0.8)]
        .into_iter()
        .flat_map(|(rows, quality)| [(1, -0.01), (2, 0.01)].map(|luck| (rows, quality, luck)))
        .map(|(rows, quality, (seed, luck))| Observation {
            rows,
            steps: ENDLESS,
            seed,
            quality: quality + luck,
        })
        .collect();
    assert_eq!(fit(&pilots, 1).left_out(), [100]);
    // Three sizes stay, whatever they are.
    pilots.retain(|pilot| pilot.rows < 800.0);
    assert!(fit(&pilots, 1).left_out().is_empty());
}

#[test]
fn a_perfect_score_and_a_flat_curve_have_answers() {
    for quality in [1.0, 0.6, 0.0] {
        let sizes = [50.0, 100.0, 200.0].into_iter().flat_map(|rows| [(rows, 1), (rows, 2)]);
        let pilots: Vec<_> =
            sizes.map(|(rows, seed)| Observation { rows, steps: ENDLESS, seed, quality }).collect();
        // The law lets more rows always help, if by ever so little.
        let forecast = fit(&pilots, 1).forecast(800.0, ENDLESS);
        let ends = [forecast.low, forecast.quality, forecast.high];
        assert!(ends.iter().all(|end| (0.0..=1.0).contains(end)), "{ends:?}");
        assert!(forecast.low <= quality + 1e-4 && forecast.quality >= quality - 0.05, "{ends:?}");
    }
}

#[test]
fn what_is_no_curve_is_said() {
    let fault = |pilots: &[Observation], validation_rows: usize| {
        let data = CurveData { model: "<b>", pilots, validation_rows, chance: 0.5, seed: 1 };
        LearningCurve::fit(&data).unwrap_err().to_string()
    };
    let one = Observation { rows: 10.0, steps: 9.0, seed: 1, quality: 0.5 };
    let two = [one; 5];
    let expected =
        "no learning curve of <b>: 5 pilots of 1 sizes, expected at least 4 of at least 3";
    assert_eq!(fault(&two, 10), expected);
    assert!(fault(&[Observation { quality: f64::NAN, ..one }], 10).contains("has the quality NaN"));
    assert!(fault(&[Observation { steps: 0.0, ..one }], 10).contains("10 rows has 0 steps"));
    assert!(fault(&two, 0).contains("no validation rows"));
}

#[test]
fn the_same_pilots_and_seed_give_the_same_answer() {
    let pilots = WORLD.pilots(&mut Stream::new(3, 0));
    let forecast = || fit(&pilots, 1).forecast(6400.0, 1200.0);
    assert_eq!(forecast(), forecast());
}

#[test]
fn a_block_says_of_the_noise_what_its_runs_do() {
    // Two seeds with two lengths each: the density of four normal numbers, with means integrated out as
    // they are at their best, is that of the half differences between seeds.
    let run =
        |seed: u64, steps: f64, quality: f64| Observation { rows: 10.0, steps, seed, quality };
    let runs = [run(1, 5.0, 0.5), run(1, 9.0, 0.6), run(2, 5.0, 0.7), run(2, 9.0, 0.75)];
    let all = blocks::blocks(&runs, 10.0, 5.0);
    assert_eq!((all.len(), all[0].errors.len()), (1, 2));
    let (variance, shared) = (0.02_f64, 0.5_f64);
    let (short, long) = ((0.7 - 0.5) / 2_f64.sqrt(), (0.75 - 0.6) / 2_f64.sqrt());
    let covariance =
        nalgebra::Matrix2::new(variance, shared * variance, shared * variance, variance);
    let off = nalgebra::Vector2::new(short, long);
    let expected =
        covariance.determinant().ln() + off.dot(&(covariance.try_inverse().unwrap() * off));
    assert!((all[0].misfit(variance, shared) - expected).abs() < 1e-9);
    // A seed that has one length alone is a block of its own.
    assert_eq!(blocks::blocks(&[&runs[..], &[run(3, 5.0, 0.5)]].concat(), 10.0, 5.0).len(), 2);
}
