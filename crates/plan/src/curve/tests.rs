use super::*;

/// Runs with a known curve and noise.
struct World {
    ceiling: f64,
    scale: f64,
    exponent: f64,
    /// Rows that pretraining was worth.
    offset: f64,
    noise: f64,
}

impl World {
    fn expected(&self, rows: f64) -> f64 {
        self.ceiling - self.scale * (rows + self.offset).powf(-self.exponent)
    }

    fn pilots(&self, stream: &mut Stream) -> Vec<Observation> {
        let sizes = [200.0, 400.0, 800.0, 1600.0];
        let runs = sizes.into_iter().flat_map(|rows| [rows; 3]);
        let run = |rows: f64| {
            let quality = (self.expected(rows) + self.noise * normal(stream)).clamp(0.0, 1.0);
            Observation { rows, quality }
        };
        runs.map(run).collect()
    }
}

fn fit(pilots: &[Observation], seed: u64) -> LearningCurve {
    let data = CurveData { model: "m", pilots, validation_rows: 800, chance: 0.4, seed };
    LearningCurve::fit(&data).unwrap()
}

#[test]
fn intervals_hold_what_they_promise() {
    let mut stream = Stream::new(5, 0);
    let (mut inside, mut near, mut all) = (0_u32, 0_u32, 0_u32);
    for ceiling in [0.8, 0.9, 0.97] {
        for exponent in [0.25, 0.5, 0.9] {
            for noise in [0.004, 0.01] {
                for offset in [0.0_f64, 800.0] {
                    // The gap that is left at 200 rows: a quarter of the quality.
                    let scale = 0.2 * (200.0 + offset).powf(exponent);
                    let world = World { ceiling, scale, exponent, offset, noise };
                    for repetition in 0..4 {
                        let forecast = fit(&world.pilots(&mut stream), repetition).forecast(6400.0);
                        let measured = world.expected(6400.0) + noise * normal(&mut stream);
                        inside += u32::from(forecast.low <= measured && measured <= forecast.high);
                        near += u32::from((forecast.quality - measured).abs() <= 0.02);
                        all += 1;
                    }
                }
            }
        }
    }
    let share = f64::from(inside) / f64::from(all);
    assert!((0.65..=0.95).contains(&share), "{inside} of {all} inside, {near} within 2 points");
    assert!(f64::from(near) / f64::from(all) > 0.8, "{near} of {all} within 2 points");
}

#[test]
fn more_pilots_and_less_noise_narrow_the_interval() {
    let width = |noise: f64| {
        let world = World { ceiling: 0.9, scale: 3.0, exponent: 0.5, offset: 0.0, noise };
        let forecast = fit(&world.pilots(&mut Stream::new(3, 0)), 1).forecast(6400.0);
        forecast.high - forecast.low
    };
    assert!(width(0.002) < width(0.01) && width(0.01) < width(0.03));
}

#[test]
fn the_curve_is_not_known_beyond_what_it_is_at_the_pilots() {
    let world = World { ceiling: 0.9, scale: 3.0, exponent: 0.5, offset: 0.0, noise: 0.005 };
    let curve = fit(&world.pilots(&mut Stream::new(3, 0)), 1);
    let width = |rows: f64| {
        let forecast = curve.forecast(rows);
        forecast.curve_high - forecast.curve_low
    };
    assert!(width(1600.0) < width(6400.0) && width(6400.0) < width(25_600.0));
    let forecast = curve.forecast(6400.0);
    assert!(forecast.low <= forecast.curve_low && forecast.curve_high <= forecast.high);
    let [low, middle, high] = curve.ceiling();
    assert!(low < middle && middle < high && low > 0.8);
}

#[test]
fn slices_at_the_level_of_guessing_are_left_out() {
    let mut pilots: Vec<Observation> = [(100.0, 0.41), (200.0, 0.5), (400.0, 0.7), (800.0, 0.8)]
        .into_iter()
        .flat_map(|(rows, quality)| [-0.01, 0.01].map(|luck| (rows, quality + luck)))
        .map(|(rows, quality)| Observation { rows, quality })
        .collect();
    assert_eq!(fit(&pilots, 1).left_out(), [100]);
    // Three sizes stay, whatever they are.
    pilots.retain(|pilot| pilot.rows < 800.0);
    assert!(fit(&pilots, 1).left_out().is_empty());
}

#[test]
fn a_perfect_score_and_a_flat_curve_have_answers() {
    for quality in [1.0, 0.6, 0.0] {
        let sizes = [50.0, 100.0, 200.0].into_iter().flat_map(|rows| [rows; 2]);
        let pilots: Vec<_> = sizes.map(|rows| Observation { rows, quality }).collect();
        let forecast = fit(&pilots, 1).forecast(800.0);
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
    let two = [Observation { rows: 10.0, quality: 0.5 }; 5];
    let expected =
        "no learning curve of <b>: 5 pilots of 1 sizes, expected at least 4 of at least 3";
    assert_eq!(fault(&two, 10), expected);
    let bad = [Observation { rows: 10.0, quality: f64::NAN }];
    assert!(fault(&bad, 10).contains("has the quality NaN"));
    assert!(fault(&two, 0).contains("no validation rows"));
}

#[test]
fn the_same_pilots_and_seed_give_the_same_answer() {
    let world = World { ceiling: 0.9, scale: 3.0, exponent: 0.5, offset: 0.0, noise: 0.005 };
    let pilots = world.pilots(&mut Stream::new(3, 0));
    assert_eq!(fit(&pilots, 1).forecast(6400.0), fit(&pilots, 1).forecast(6400.0));
}
