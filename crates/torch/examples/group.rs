//! One process of a group, beside others of its kind or of Python's `torch.distributed`: sums, hears the
//! first process, waits. Start it with `MASTER_ADDR`, `MASTER_PORT`, `RANK` and `WORLD_SIZE` set.
#![allow(clippy::print_stdout, reason = "an example")]

use std::time::Duration;

use tch::Tensor;
use tunewise_torch::{GroupOptions, ProcessGroup};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut options = GroupOptions::from_env()?.ok_or("WORLD_SIZE is not set")?;
    options.timeout = Duration::from_secs(60);
    let group = ProcessGroup::join(&options)?;
    let rank = group.rank() as f32;

    let mut sum = Tensor::f_from_slice(&[1.0 + rank, 10.0 * rank])?;
    group.all_reduce(&mut sum)?;
    let mut told = Tensor::f_from_slice(&[7.0 + rank])?;
    group.broadcast(&mut told, 0)?;
    group.barrier()?;
    let [sum, told] = [sum, told].map(Vec::<f32>::try_from);
    println!("rank {rank}: sum {:?}, told {:?}", sum?, told?);
    Ok(())
}
