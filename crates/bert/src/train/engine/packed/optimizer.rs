//! AdamW over all parameters, and its state.

use rayon::prelude::*;
use tch::{Device, Kind, Tensor};
use tunewise_kernels::Isa;
use tunewise_kernels::train::{AdamStep, BLOCK, Moving, PackedBlock, adamw};
use tunewise_torch::Exclusive;

use super::network::{Network, Parameter};
use super::parameters::Slot;
use crate::Result;
use crate::error::Context;

/// Numbers of a table or vector that move together.
const CHUNK: usize = 1 << 14;

/// Numbers that move together, and what is made of them then.
struct Update<'a> {
    step: AdamStep,
    moving: Moving<'a>,
    gradient: &'a [f32],
    made: Made<'a>,
}

enum Made<'a> {
    Packed(PackedBlock<'a>),
    Copy(&'a mut [f32]),
    Nothing,
}

impl Update<'_> {
    fn run(self, isa: Isa) {
        let Moving { parameter, exp_avg, exp_avg_sq } = self.moving;
        let moving = Moving { parameter: &mut *parameter, exp_avg, exp_avg_sq };
        adamw(isa, self.step, moving, self.gradient);
        match self.made {
            Made::Packed(mut block) => block.pack(isa, parameter),
            Made::Copy(copy) => copy.copy_from_slice(parameter),
            Made::Nothing => {}
        }
    }
}

/// Chunks of a parameter that move together.
fn updates<'a>(
    slot: &'a mut Slot,
    parameter: &'a mut [f32],
    (chunk, step): (usize, AdamStep),
) -> impl Iterator<Item = Update<'a>> {
    let moments = slot.exp_avg.chunks_mut(chunk).zip(slot.exp_avg_sq.chunks_mut(chunk));
    let numbers = parameter.chunks_mut(chunk).zip(slot.gradient.chunks(chunk)).zip(moments);
    numbers.map(move |((parameter, gradient), (exp_avg, exp_avg_sq))| Update {
        step,
        moving: Moving { parameter, exp_avg, exp_avg_sq },
        gradient,
        made: Made::Nothing,
    })
}

/// Moves every trained parameter but the words; `constants` gives a parameter's. `tables` are the
/// model's tensors.
pub(super) fn step(
    network: &mut Network,
    tables: &mut [Option<&mut [f32]>],
    isa: Isa,
    constants: impl Fn(&Slot) -> AdamStep,
) {
    let mut all = Vec::new();
    for parameter in network.parameters_mut() {
        let slot = parameter.slot();
        let table = tables.get_mut(slot.index).and_then(Option::take);
        let (Some(table), true) = (table, slot.trains) else { continue };
        let constants = constants(slot);
        match parameter {
            Parameter::Weight(slot, packed, _) => {
                let block = (BLOCK * packed.inputs()).max(1);
                let moves = updates(slot, table, (block, constants)).zip(packed.blocks_mut());
                let moves =
                    moves.map(|(update, block)| Update { made: Made::Packed(block), ..update });
                all.extend(moves);
            }
            Parameter::Vector(slot, copy) => {
                let chunk = copy.len().max(1);
                let moves = updates(slot, table, (chunk, constants)).zip([copy]);
                all.extend(moves.map(|(update, copy)| Update { made: Made::Copy(copy), ..update }));
            }
            Parameter::Table(slot) => all.extend(updates(slot, table, (CHUNK, constants))),
        }
    }
    all.into_par_iter().with_max_len(1).for_each(|update| update.run(isa));
}

/// The numbers of all tensors.
pub(super) fn slices(numbers: &mut [Exclusive]) -> Result<Vec<Option<&mut [f32]>>> {
    Ok(numbers.iter_mut().map(|tensor| tensor.slice_mut().map(Some)).collect::<Result<_, _>>()?)
}

/// Names of a parameter's state, as `tunewise_torch::AdamW` has them.
const STATE: [&str; 3] = ["exp_avg", "exp_avg_sq", "step"];

/// The state as named tensors.
pub(super) fn state(
    network: &mut Network,
    (names, numbers): (&[String], &[Exclusive]),
    steps: u64,
) -> Result<Vec<(String, Tensor)>> {
    let mut all = Vec::new();
    let words = network.embeddings.words.slot.index;
    let mut of_words = Some(network.embeddings.words.moments());
    for slot in network.slots_mut() {
        let (Some(name), Some(numbers), true) =
            (names.get(slot.index), numbers.get(slot.index), slot.trains)
        else {
            continue;
        };
        let of_words = of_words.take_if(|_| slot.index == words);
        let [exp_avg, exp_avg_sq] = match &of_words {
            Some([exp_avg, exp_avg_sq]) => [exp_avg, exp_avg_sq],
            None => [&slot.exp_avg, &slot.exp_avg_sq],
        }
        .map(|moments| {
            Tensor::f_from_slice(moments).and_then(|moments| moments.f_view(numbers.shape()))
        });
        let step = Tensor::f_from_slice(&[steps as f32]).and_then(|step| step.f_view(()));
        for (what, tensor) in STATE.into_iter().zip([exp_avg, exp_avg_sq, step]) {
            all.push((format!("{what}.{name}"), tensor.at("optimizer state")?));
        }
    }
    Ok(all)
}

/// Takes over a state; the steps that it is of.
pub(super) fn load_state(
    network: &mut Network,
    (names, numbers): (&[String], &[Exclusive]),
    find: &dyn Fn(&str) -> Option<Tensor>,
) -> Result<u64> {
    let words = network.embeddings.words.slot.index;
    let mut found = Vec::new();
    let mut steps = None;
    for slot in network.slots_mut() {
        let (Some(name), Some(numbers), true) =
            (names.get(slot.index), numbers.get(slot.index), slot.trains)
        else {
            continue;
        };
        let [m, v, step] = STATE.map(|what| format!("{what}.{name}"));
        let (m, v) = (fitting(m, numbers.shape(), find)?, fitting(v, numbers.shape(), find)?);
        let count = fitting(step.clone(), &[], find)?.f_double_value(&[]).at("step")?;
        // One count of steps is kept for all: a state of this model has no other.
        if *steps.get_or_insert(count) != count {
            let (expected, got) = (Vec::new(), format!("{count} beside other counts"));
            return Err(tunewise_torch::Error::StateMismatch { name: step, expected, got }.into());
        }
        found.push((slot, m, v));
    }
    let steps = steps.unwrap_or_default() as u64;
    let mut of_words = None;
    for (slot, m, v) in found {
        let moments = [moments(&m)?, moments(&v)?];
        if slot.index == words {
            of_words = Some(moments);
        } else {
            [slot.exp_avg, slot.exp_avg_sq] = moments;
        }
    }
    let [exp_avg, exp_avg_sq] = of_words.unwrap_or_default();
    network.embeddings.words.load(&exp_avg, &exp_avg_sq, steps);
    Ok(steps)
}

fn moments(saved: &Tensor) -> Result<Vec<f32>> {
    let mut moments = vec![0.0; saved.numel()];
    let count = moments.len();
    saved.f_copy_data(&mut moments, count).at("optimizer state")?;
    Ok(moments)
}

/// The tensor of that name, contiguous on the CPU, if its shape is that.
fn fitting(name: String, size: &[i64], find: &dyn Fn(&str) -> Option<Tensor>) -> Result<Tensor> {
    let source = find(&name);
    let fits = source.as_ref().filter(|s| s.size() == size && s.kind() == Kind::Float);
    let Some(fits) = fits else {
        let got =
            source.map_or("nothing".to_owned(), |s| format!("{:?} of {:?}", s.size(), s.kind()));
        let expected = size.to_vec();
        return Err(tunewise_torch::Error::StateMismatch { name, expected, got }.into());
    };
    fits.f_to_device(Device::Cpu).and_then(|tensor| tensor.f_contiguous()).at("optimizer state")
}
