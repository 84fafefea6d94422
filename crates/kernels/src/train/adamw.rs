//! AdamW over slices, and over rows whose gradient was 0 for a while.

use super::lanes::{LANES, Lanes, lanes};

/// One step's constants for parameters that share them.
///
/// # Formula
/// ```text
/// m = m + (1 - b1) (g - m)      v = b2 v + (1 - b2) g²
/// p = p (1 - lr wd) - lr / (1 - b1^t) * m / (√v / √(1 - b2^t) + eps)
/// ```
///
/// # Reference
/// Loshchilov and Hutter 2019, *Decoupled Weight Decay Regularization*, algorithm 2; the order of
/// operations is that of libtorch's fused kernel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamStep {
    /// `1 - lr wd`.
    pub shrink: f32,
    /// `1 - b1`.
    pub one_minus_beta1: f32,
    /// `b2`.
    pub beta2: f32,
    /// `1 - b2`.
    pub one_minus_beta2: f32,
    /// `lr / (1 - b1^t)`.
    pub step_size: f32,
    /// `√(1 - b2^t)`.
    pub root: f32,
    /// `eps`.
    pub epsilon: f32,
    /// What gradients are multiplied by before they are used.
    pub gradient_scale: f32,
}

impl AdamStep {
    /// The constants of step `t`, counted from 1.
    #[must_use]
    pub fn new(settings: AdamSettings, t: u64) -> Self {
        let AdamSettings { learning_rate, weight_decay, beta1, beta2, epsilon } = settings;
        let power = |beta: f64| 1.0 - beta.powf(t as f64);
        Self {
            shrink: (1.0 - learning_rate * weight_decay) as f32,
            one_minus_beta1: (1.0 - beta1) as f32,
            beta2: beta2 as f32,
            one_minus_beta2: (1.0 - beta2) as f32,
            step_size: (learning_rate / power(beta1)) as f32,
            root: power(beta2).sqrt() as f32,
            epsilon: epsilon as f32,
            gradient_scale: 1.0,
        }
    }
}

/// AdamW's settings for a group of parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamSettings {
    /// The step's rate.
    pub learning_rate: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Guard of the denominator.
    pub epsilon: f64,
}

/// Parameters with their moments, all of one length.
#[derive(Debug)]
pub struct Moving<'a> {
    /// The parameters.
    pub parameter: &'a mut [f32],
    /// First moments.
    pub exp_avg: &'a mut [f32],
    /// Second moments.
    pub exp_avg_sq: &'a mut [f32],
}

lanes! {
    /// One step along `gradient`.
    pub fn adamw(step: AdamStep, moving: Moving<'_>, gradient: &[f32]) = adamw_body
}

lanes! {
    /// As many steps with a gradient of 0, to the bit what [`adamw`] does with it.
    ///
    /// Once a step is too small to change a parameter, and later ones are smaller still, only the
    /// moments are moved on: a rounded sum with less than half a unit in the last place is its larger
    /// term.
    pub fn adamw_idle(steps: &[AdamStep], moving: Moving<'_>) = idle_body
}

lanes! {
    /// The steps' weight decay alone: all that they do to parameters whose moments are 0.
    pub fn shrink(steps: &[AdamStep], parameter: &mut [f32]) = shrink_body
}

/// The share of a parameter that surely is below half of a unit in its last place.
const NEGLIGIBLE: f32 = 1.0 / (1u32 << 25) as f32;

#[inline(always)]
fn adamw_body<V: Lanes>(step: AdamStep, moving: Moving<'_>, gradient: &[f32]) {
    let len = gradient.len();
    let (p, m, v) = (moving.parameter, moving.exp_avg, moving.exp_avg_sq);
    let (p, m, v) = (&mut p[..len], &mut m[..len], &mut v[..len]);
    for at in (0..len).step_by(LANES) {
        let g = V::load(&gradient[at..]).mul(V::splat(step.gradient_scale));
        let moments = Moments { m: V::load(&m[at..]), v: V::load(&v[at..]) }.next(step, g);
        let moved = V::load(&p[at..]).mul(V::splat(step.shrink)).add(moments.change(step));
        moved.store(&mut p[at..]);
        moments.m.store(&mut m[at..]);
        moments.v.store(&mut v[at..]);
    }
}

#[derive(Clone, Copy)]
struct Moments<V> {
    m: V,
    v: V,
}

impl<V: Lanes> Moments<V> {
    #[inline(always)]
    fn next(self, step: AdamStep, g: V) -> Self {
        Self {
            m: V::splat(step.one_minus_beta1).fma(g.sub(self.m), self.m),
            v: self.v.mul(V::splat(step.beta2)).add(V::splat(step.one_minus_beta2).mul(g).mul(g)),
        }
    }

    /// What is added to the parameter.
    #[inline(always)]
    fn change(self, step: AdamStep) -> V {
        let root = self.v.sqrt().div(V::splat(step.root)).add(V::splat(step.epsilon));
        V::splat(-step.step_size).mul(self.m).div(root)
    }
}

/// How far the steps go on until each later one surely is smaller than the one before it: from this
/// place on, the change shrinks faster than the parameter does.
#[inline(always)]
fn shrinking_from(steps: &[AdamStep]) -> usize {
    let grows = |pair: &[AdamStep]| {
        let (now, next) = (pair[0], pair[1]);
        let rate = next.step_size / now.step_size * (1.0 - now.one_minus_beta1);
        let root = (next.root / (now.root * next.beta2.sqrt())).max(1.0);
        // The margin is far above what rounding adds, far below what a step takes.
        rate * root * 1.001 >= next.shrink
    };
    steps.windows(2).rposition(grows).map_or(0, |last| last + 1)
}

#[inline(always)]
fn idle_body<V: Lanes>(steps: &[AdamStep], moving: Moving<'_>) {
    let shrinking = shrinking_from(steps);
    let Moving { parameter, exp_avg, exp_avg_sq } = moving;
    for at in (0..parameter.len()).step_by(LANES) {
        let mut p = V::load(&parameter[at..]);
        let mut moments = Moments { m: V::load(&exp_avg[at..]), v: V::load(&exp_avg_sq[at..]) };
        let mut rest = steps.iter().enumerate();
        for (place, step) in rest.by_ref() {
            moments = moments.next(*step, V::zero());
            let change = moments.change(*step);
            p = p.mul(V::splat(step.shrink));
            if place >= shrinking && change.abs().all_below(p.abs().mul(V::splat(NEGLIGIBLE))) {
                break;
            }
            p = p.add(change);
        }
        for (_, step) in rest {
            moments = moments.next(*step, V::zero());
            p = p.mul(V::splat(step.shrink));
        }
        p.store(&mut parameter[at..]);
        moments.m.store(&mut exp_avg[at..]);
        moments.v.store(&mut exp_avg_sq[at..]);
    }
}

#[inline(always)]
fn shrink_body<V: Lanes>(steps: &[AdamStep], parameter: &mut [f32]) {
    if steps.iter().all(|step| step.shrink == 1.0) {
        return;
    }
    for x in parameter.chunks_mut(LANES) {
        let shrunk = steps.iter().fold(V::load(x), |p, step| p.mul(V::splat(step.shrink)));
        shrunk.store(x);
    }
}
