//! The fused optimizer against its definition, and its state's round trip.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use tch::{Device, Kind, Tensor};
use tunewise_torch::{AdamW, AdamWConfig, Error, ParameterGroup};

const STEPS: usize = 10;
const LEARNING_RATE: f64 = 1e-2;

fn parameter(values: &[f32]) -> Tensor {
    Tensor::from_slice(values).set_requires_grad(true)
}

fn optimizer(parameter: &Tensor, weight_decay: f64) -> AdamW {
    let parameters = vec![("weight".to_owned(), parameter.shallow_clone())];
    let group = ParameterGroup { parameters, weight_decay, learning_rate_scale: 1.0 };
    AdamW::new(vec![group], AdamWConfig::default()).unwrap()
}

/// The gradient of sum(w^2 * scale / 2), which differs from step to step.
fn backward(parameter: &Tensor, step: usize) {
    let scale = (step as f64).cos() + 0.5;
    (parameter * parameter * (scale / 2.0)).sum(Kind::Float).f_backward().unwrap();
}

fn values(tensor: &Tensor) -> Vec<f64> {
    Vec::<f64>::try_from(tensor.to_kind(Kind::Double)).unwrap()
}

/// Algorithm 2 of Loshchilov and Hutter (2019) in f64.
fn by_definition(start: &[f64], weight_decay: f64) -> Vec<f64> {
    let config = AdamWConfig::default();
    let (mut m, mut v) = (vec![0.0; start.len()], vec![0.0; start.len()]);
    let mut w = start.to_vec();
    for t in 1..=STEPS {
        let scale = ((t - 1) as f64).cos() + 0.5;
        for i in 0..w.len() {
            let g = w[i] * scale;
            w[i] *= 1.0 - LEARNING_RATE * weight_decay;
            m[i] = config.adam_beta1 * m[i] + (1.0 - config.adam_beta1) * g;
            v[i] = config.adam_beta2 * v[i] + (1.0 - config.adam_beta2) * g * g;
            let m_hat = m[i] / (1.0 - config.adam_beta1.powi(t as i32));
            let v_hat = v[i] / (1.0 - config.adam_beta2.powi(t as i32));
            w[i] -= LEARNING_RATE * m_hat / (v_hat.sqrt() + config.adam_epsilon);
        }
    }
    w
}

#[test]
fn ten_steps_follow_the_definition() {
    let start = [1.0f32, -2.0, 0.5, 3.25];
    for weight_decay in [0.0, 0.1] {
        let weight = parameter(&start);
        let mut adamw = optimizer(&weight, weight_decay);
        for step in 0..STEPS {
            backward(&weight, step);
            adamw.step(LEARNING_RATE).unwrap();
            adamw.zero_grad().unwrap();
        }
        let expected = by_definition(&start.map(f64::from), weight_decay);
        for (got, want) in values(&weight).iter().zip(expected) {
            // Float has 24 bits; ten steps of rounding.
            approx::assert_relative_eq!(*got, want, max_relative = 2e-6);
        }
    }
}

#[test]
fn clipping_scales_to_the_norm_and_reports_the_one_before() {
    let weight = parameter(&[3.0, 4.0]);
    let adamw = optimizer(&weight, 0.0);
    (&weight * &weight).sum(Kind::Float).f_backward().unwrap(); // gradient (6, 8), norm 10
    assert_eq!(adamw.clip_grad_norm(0.0).unwrap().double_value(&[]), 10.0);
    assert_eq!(values(&weight.grad()), [6.0, 8.0]);
    assert_eq!(adamw.clip_grad_norm(20.0).unwrap().double_value(&[]), 10.0);
    assert_eq!(values(&weight.grad()), [6.0, 8.0]);
    assert_eq!(adamw.clip_grad_norm(1.0).unwrap().double_value(&[]), 10.0);
    let clipped = values(&weight.grad());
    approx::assert_relative_eq!(clipped[0], 0.6, max_relative = 1e-6);
    approx::assert_relative_eq!(clipped[1], 0.8, max_relative = 1e-6);
}

#[test]
fn a_parameter_without_gradient_stays_and_zero_grad_undefines() {
    let (used, unused) = (parameter(&[1.0]), parameter(&[1.0]));
    let named = |name: &str, t: &Tensor| (name.to_owned(), t.shallow_clone());
    let group = ParameterGroup {
        parameters: vec![named("used", &used), named("unused", &unused)],
        weight_decay: 0.5,
        learning_rate_scale: 1.0,
    };
    let mut adamw = AdamW::new(vec![group], AdamWConfig::default()).unwrap();
    backward(&used, 0);
    adamw.step(LEARNING_RATE).unwrap();
    assert!(values(&used)[0] < 1.0);
    assert_eq!(values(&unused), [1.0]);
    adamw.zero_grad().unwrap();
    assert!(!used.grad().defined());
    assert!(matches!(adamw.clip_grad_norm(1.0), Err(Error::Libtorch { .. })));
}

#[test]
fn a_saved_state_continues_bit_for_bit() {
    let straight = parameter(&[1.0, -2.0]);
    let mut first = optimizer(&straight, 0.01);
    for step in 0..4 {
        backward(&straight, step);
        first.step(LEARNING_RATE).unwrap();
        first.zero_grad().unwrap();
    }
    let resumed = straight.copy().detach().set_requires_grad(true);
    let mut second = optimizer(&resumed, 0.01);
    let state = first.state();
    let find = |name: &str| state.iter().find(|(n, _)| n == name).map(|(_, t)| t.shallow_clone());
    second.load_state(find).unwrap();
    for step in 4..8 {
        for (weight, adamw) in [(&straight, &mut first), (&resumed, &mut second)] {
            backward(weight, step);
            adamw.step(LEARNING_RATE).unwrap();
            adamw.zero_grad().unwrap();
        }
    }
    assert_eq!(values(&straight), values(&resumed));
}

#[test]
fn a_state_that_does_not_fit_is_refused_by_name() {
    let weight = parameter(&[1.0, -2.0]);
    let mut adamw = optimizer(&weight, 0.0);
    let error = adamw.load_state(|_| None).unwrap_err().to_string();
    assert_eq!(error, "optimizer state `exp_avg.weight`: expected shape [2] of Float, got nothing");
    let wrong = |_: &str| Some(Tensor::zeros([3], (Kind::Float, Device::Cpu)));
    assert!(adamw.load_state(wrong).unwrap_err().to_string().ends_with("got [3] of Float"));
}

#[test]
fn only_float_leaves_are_accepted() {
    let frozen = Tensor::from_slice(&[1.0f32]);
    let parameters = vec![("frozen".to_owned(), frozen)];
    let group = ParameterGroup { parameters, weight_decay: 0.0, learning_rate_scale: 1.0 };
    let error = AdamW::new(vec![group], AdamWConfig::default()).unwrap_err();
    assert!(error.to_string().contains("`frozen`"), "{error}");
}

#[test]
fn a_group_learns_at_its_share_of_the_rate() {
    let (whole, half) = (parameter(&[1.0, -2.0]), parameter(&[1.0, -2.0]));
    let mut at_full = optimizer(&whole, 0.1);
    let mut scaled = AdamW::new(
        vec![ParameterGroup {
            parameters: vec![("weight".to_owned(), half.shallow_clone())],
            weight_decay: 0.1,
            learning_rate_scale: 0.5,
        }],
        AdamWConfig::default(),
    )
    .unwrap();
    for step in 0..STEPS {
        backward(&whole, step);
        backward(&half, step);
        at_full.step(LEARNING_RATE).unwrap();
        scaled.step(2.0 * LEARNING_RATE).unwrap();
        at_full.zero_grad().unwrap();
        scaled.zero_grad().unwrap();
    }
    assert_eq!(values(&half), values(&whole));
}
