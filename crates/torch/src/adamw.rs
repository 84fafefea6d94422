//! AdamW by libtorch's fused kernel, with a state that can be saved.

use tch::{Kind, Tensor};

use crate::error::Context;
use crate::ffi::{self, AdamWArgs};
use crate::{Error, Result};

/// The moments' decay rates and the denominator's guard, as in PyTorch's `torch.optim.AdamW`.
///
/// | field | default | meaning |
/// | --- | --- | --- |
/// | `adam_beta1` | 0.9 | decay of the mean of gradients |
/// | `adam_beta2` | 0.999 | decay of the mean of squared gradients |
/// | `adam_epsilon` | 1e-8 | added to the root of the second moment |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamWConfig {
    /// Decay of the mean of gradients.
    pub adam_beta1: f64,
    /// Decay of the mean of squared gradients.
    pub adam_beta2: f64,
    /// Added to the root of the second moment.
    pub adam_epsilon: f64,
}

impl Default for AdamWConfig {
    fn default() -> Self {
        Self { adam_beta1: 0.9, adam_beta2: 0.999, adam_epsilon: 1e-8 }
    }
}

/// Parameters that share a weight decay and a learning rate.
#[derive(Debug)]
pub struct ParameterGroup {
    /// Name and tensor; the tensors alias the model's, which the optimizer changes in place.
    pub parameters: Vec<(String, Tensor)>,
    /// Decoupled weight decay, a factor of the learning rate; 0 for none.
    pub weight_decay: f64,
    /// The group's share of each step's learning rate; 1 for all of it.
    pub learning_rate_scale: f64,
}

/// AdamW (Loshchilov and Hutter 2019, *Decoupled Weight Decay Regularization*) over groups of
/// parameters, one fused kernel call a group, in place.
///
/// ```
/// use tch::{Kind, Tensor};
/// use tunewise_torch::{AdamW, AdamWConfig, ParameterGroup};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let weight = Tensor::f_ones([2], (Kind::Float, tch::Device::Cpu))?.f_set_requires_grad(true)?;
/// let parameters = vec![("weight".to_owned(), weight.shallow_clone())];
/// let group = ParameterGroup { parameters, weight_decay: 0.0, learning_rate_scale: 1.0 };
/// let mut optimizer = AdamW::new(vec![group], AdamWConfig::default())?;
///
/// weight.f_sum(Kind::Float)?.f_backward()?;
/// let norm = optimizer.clip_grad_norm(1.0)?; // [], before clipping: the root of 2
/// optimizer.step(0.1)?;
/// optimizer.zero_grad()?;
/// assert!((norm.f_double_value(&[])? - 2f64.sqrt()).abs() < 1e-6);
/// assert!((weight.f_double_value(&[0])? - 0.9).abs() < 1e-6);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct AdamW {
    groups: Vec<Group>,
    config: AdamWConfig,
}

#[derive(Debug)]
struct Group {
    weight_decay: f64,
    learning_rate_scale: f64,
    slots: Vec<Slot>,
}

/// One parameter with its moments; `step` is a 0-dim Float tensor, as the fused kernel wants it.
#[derive(Debug)]
struct Slot {
    name: String,
    parameter: Tensor,
    exp_avg: Tensor,
    exp_avg_sq: Tensor,
    step: Tensor,
}

impl Slot {
    fn new(name: String, parameter: Tensor) -> Result<Self> {
        let suitable = parameter.kind() == Kind::Float
            && parameter.requires_grad()
            && parameter.is_contiguous();
        if !suitable {
            return Err(Error::UnsuitableParameter { name });
        }
        let zeros = || parameter.f_zeros_like().op("zeros_like");
        let (exp_avg, exp_avg_sq) = (zeros()?, zeros()?);
        let step = Tensor::f_zeros([], (Kind::Float, parameter.device())).op("zeros")?;
        Ok(Self { name, parameter, exp_avg, exp_avg_sq, step })
    }

    fn state(&self) -> [(String, &Tensor); 3] {
        let named = |what: &str| format!("{what}.{}", self.name);
        [
            (named("exp_avg"), &self.exp_avg),
            (named("exp_avg_sq"), &self.exp_avg_sq),
            (named("step"), &self.step),
        ]
    }
}

impl AdamW {
    /// An optimizer with zero moments.
    ///
    /// # Errors
    /// [`Error::UnsuitableParameter`] for one that is not a contiguous `Float` leaf with gradient.
    pub fn new(groups: Vec<ParameterGroup>, config: AdamWConfig) -> Result<Self> {
        let groups = groups
            .into_iter()
            .map(|group| {
                let ParameterGroup { parameters, weight_decay, learning_rate_scale } = group;
                let slots = parameters.into_iter().map(|(name, t)| Slot::new(name, t));
                Ok(Group {
                    weight_decay,
                    learning_rate_scale,
                    slots: slots.collect::<Result<_>>()?,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Self { groups, config })
    }

    fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.groups.iter().flat_map(|group| &group.slots)
    }

    /// The parameters, in the order of the groups.
    pub fn parameters(&self) -> impl Iterator<Item = &Tensor> {
        self.slots().map(|slot| &slot.parameter)
    }

    /// The defined gradients, in the order of the groups; they alias the parameters' own.
    #[must_use]
    pub fn gradients(&self) -> Vec<Tensor> {
        self.slots().map(|slot| slot.parameter.grad()).filter(Tensor::defined).collect()
    }

    /// Scales all gradients so that their total L2 norm is at most `max_grad_norm`, and returns the
    /// norm before that, a 0-dim `Float` tensor on the gradients' device. 0 only measures.
    ///
    /// # Errors
    /// [`Error::Libtorch`] if no gradient is defined.
    ///
    /// # Reference
    /// `torch.nn.utils.clip_grad_norm_`.
    pub fn clip_grad_norm(&self, max_grad_norm: f64) -> Result<Tensor> {
        let gradients = self.gradients();
        let handles = ffi::handles(&gradients);
        let mut out = std::ptr::null_mut();
        // SAFETY: `handles` holds `n` live tensors (`gradients` outlives the call); `out` receives a
        // pointer made by `new at::Tensor` exactly if the call succeeds.
        ffi::check("clip_grad_norm", unsafe {
            ffi::tunewise_clip_grad_norm(
                handles.as_ptr(),
                handles.len(),
                max_grad_norm,
                &raw mut out,
            )
        })?;
        // SAFETY: see above: on success `out` owns one tensor handle, taken over here once.
        Ok(unsafe { Tensor::from_ptr(out) })
    }

    /// Moves every parameter that has a gradient one step; `learning_rate` is this step's.
    ///
    /// # Errors
    /// [`Error::Libtorch`] if a gradient's dtype or device is not its parameter's.
    pub fn step(&mut self, learning_rate: f64) -> Result<()> {
        for group in &self.groups {
            let with_gradient: Vec<(&Slot, Tensor)> = group
                .slots
                .iter()
                .map(|slot| (slot, slot.parameter.grad()))
                .filter(|(_, gradient)| gradient.defined())
                .collect();
            let column = |pick: fn(&Slot) -> &Tensor| {
                ffi::handles(with_gradient.iter().map(|(slot, _)| pick(slot)))
            };
            let parameters = column(|slot| &slot.parameter);
            let gradients = ffi::handles(with_gradient.iter().map(|(_, gradient)| gradient));
            let exp_avgs = column(|slot| &slot.exp_avg);
            let exp_avg_sqs = column(|slot| &slot.exp_avg_sq);
            let steps = column(|slot| &slot.step);
            let args = AdamWArgs {
                parameters: parameters.as_ptr(),
                gradients: gradients.as_ptr(),
                exp_avgs: exp_avgs.as_ptr(),
                exp_avg_sqs: exp_avg_sqs.as_ptr(),
                steps: steps.as_ptr(),
                n: parameters.len(),
                learning_rate: learning_rate * group.learning_rate_scale,
                beta1: self.config.adam_beta1,
                beta2: self.config.adam_beta2,
                weight_decay: group.weight_decay,
                epsilon: self.config.adam_epsilon,
            };
            if args.n > 0 {
                // SAFETY: the five lists have `n` live tensors each (`self` and `with_gradient`
                // outlive the call); `Slot::new` checked dtype and layout.
                ffi::check("fused_adamw", unsafe { ffi::tunewise_fused_adamw(&raw const args) })?;
            }
        }
        Ok(())
    }

    /// Drops all gradients: they become undefined, not zero.
    ///
    /// # Errors
    /// [`Error::Libtorch`], which libtorch gives no reason to expect.
    pub fn zero_grad(&mut self) -> Result<()> {
        let handles = ffi::handles(self.slots().map(|slot| &slot.parameter));
        // SAFETY: `handles` holds `n` live tensors, owned by `self`.
        ffi::check("zero_grad", unsafe {
            ffi::tunewise_clear_gradients(handles.as_ptr(), handles.len())
        })
    }

    /// The state as named tensors: `exp_avg.NAME`, `exp_avg_sq.NAME` and `step.NAME`.
    #[must_use]
    pub fn state(&self) -> Vec<(String, Tensor)> {
        let entries = self.slots().flat_map(Slot::state);
        entries.map(|(name, tensor)| (name, tensor.shallow_clone())).collect()
    }

    /// Takes over a state that [`AdamW::state`] gave; `find` returns the tensor of a name.
    ///
    /// # Errors
    /// [`Error::StateMismatch`] for the first tensor that is missing or of another shape or dtype;
    /// nothing has changed then.
    pub fn load_state(&mut self, find: impl Fn(&str) -> Option<Tensor>) -> Result<()> {
        let mut copies = Vec::new();
        for (name, target) in self.slots().flat_map(Slot::state) {
            let source = find(&name);
            let fits =
                source.as_ref().filter(|s| s.size() == target.size() && s.kind() == Kind::Float);
            let Some(fitting) = fits else {
                let got = source
                    .map_or("nothing".to_owned(), |s| format!("{:?} of {:?}", s.size(), s.kind()));
                return Err(Error::StateMismatch { name, expected: target.size(), got });
            };
            copies.push((target.shallow_clone(), fitting.shallow_clone()));
        }
        let _guard = tch::no_grad_guard();
        for (mut target, source) in copies {
            target.f_copy_(&source).op("copy_")?;
        }
        Ok(())
    }
}
