//! Groups of processes, played by threads of one.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use tch::{Kind, Tensor};
use tunewise_torch::{Error, GroupOptions, ProcessGroup};

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn options(port: u16, rank: usize, world_size: usize, timeout: Duration) -> GroupOptions {
    let mut options = GroupOptions::new(("127.0.0.1", port), rank, world_size);
    options.timeout = timeout;
    options
}

/// What each rank's `job` gives, in order of rank.
fn together<T: Send>(world_size: usize, job: impl Fn(ProcessGroup) -> T + Sync) -> Vec<T> {
    let port = free_port();
    let job = &job;
    thread::scope(|scope| {
        let ranks: Vec<_> = (0..world_size)
            .map(|rank| {
                scope.spawn(move || {
                    let options = options(port, rank, world_size, Duration::from_secs(60));
                    job(ProcessGroup::join(&options).unwrap())
                })
            })
            .collect();
        ranks.into_iter().map(|rank| rank.join().unwrap()).collect()
    })
}

#[test]
fn three_ranks_sum_hear_the_root_and_wait() {
    let seen = together(3, |group| {
        let rank = group.rank() as f32;
        let mut sum = Tensor::from_slice(&[1.0 + rank, 10.0 * rank]);
        group.all_reduce(&mut sum).unwrap();
        let mut half = Tensor::from_slice(&[rank]).to_kind(Kind::BFloat16);
        group.all_reduce(&mut half).unwrap();
        let mut told = Tensor::from_slice(&[7 * group.rank() as i64]);
        group.broadcast(&mut told, 2).unwrap();
        group.barrier().unwrap();
        let numbers: Vec<f32> = sum.try_into().unwrap();
        (numbers, half.double_value(&[0]), told.int64_value(&[0]), group.world_size())
    });
    assert_eq!(seen, vec![(vec![6.0, 30.0], 3.0, 14, 3); 3]);
}

#[test]
fn all_ranks_get_the_same_bits() {
    let sums = together(3, |group| {
        let mut numbers = Tensor::linspace(0.1, 0.9, 100_001, (Kind::Float, tch::Device::Cpu))
            / (1.0 + group.rank() as f64);
        group.all_reduce(&mut numbers).unwrap();
        Vec::<f32>::try_from(numbers).unwrap()
    });
    assert!(sums.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn a_rank_that_never_comes_is_an_error_after_the_timeout() {
    let begin = Instant::now();
    let error = ProcessGroup::join(&options(free_port(), 0, 2, Duration::from_secs(2)));
    let message = error.unwrap_err().to_string();
    assert!(message.starts_with("rank 0 of 2, meeting the other ranks: "), "{message}");
    assert!(message.contains("1/2 clients joined"), "{message}");
    assert!(begin.elapsed() < Duration::from_secs(30));
}

#[test]
fn a_rank_that_leaves_or_hangs_is_an_error_of_the_others() {
    for leaves in [true, false] {
        let port = free_port();
        let join = move |rank| {
            ProcessGroup::join(&options(port, rank, 2, Duration::from_secs(3))).unwrap()
        };
        let (done, wait) = std::sync::mpsc::channel::<()>();
        let other = thread::spawn(move || {
            let group = join(1);
            group.barrier().unwrap();
            if leaves {
                drop(group);
            } else {
                wait.recv().unwrap_err(); // says nothing until the first rank is done
            }
        });
        let group = join(0);
        group.barrier().unwrap();
        let error = group.all_reduce(&mut Tensor::from_slice(&[1.0f32])).unwrap_err();
        assert!(matches!(error, Error::Group { op: "all_reduce", rank: 0, world_size: 2, .. }));
        drop(done);
        other.join().unwrap();
    }
}

#[test]
fn what_cannot_be_sent_is_refused_before_anybody_waits() {
    let refused = together(2, |group| {
        let mut tensor = Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0]).view([2, 2]).transpose(0, 1);
        let crooked = group.all_reduce(&mut tensor).unwrap_err().to_string();
        let root = group.broadcast(&mut Tensor::from_slice(&[1.0f32]), 2).unwrap_err().to_string();
        (crooked, root)
    });
    let crooked = "rank 0 of 2, all_reduce: needs a contiguous tensor on the CPU";
    assert_eq!(refused[0].0, crooked);
    assert_eq!(refused[1].1, "root: got 2, expected a rank from 0 to 1");
}

#[test]
fn gradients_are_summed_where_any_rank_has_one() {
    let seen = together(2, |group| {
        let parameter = |value: f64| {
            Tensor::full([2, 3], value, (Kind::Float, tch::Device::Cpu)).set_requires_grad(true)
        };
        let [everywhere, on_one, nowhere] = [parameter(1.0), parameter(2.0), parameter(3.0)];
        let rank = group.rank() as f64;
        (everywhere.sum(Kind::Float) * (1.0 + rank)).f_backward().unwrap();
        if group.rank() == 1 {
            (on_one.square().sum(Kind::Float)).f_backward().unwrap();
        }
        let mut numbers = [0.25 + rank];
        let parameters = [&everywhere, &on_one, &nowhere];
        group.reduce_gradients(parameters, &mut numbers).unwrap();
        let of = |tensor: &Tensor| Vec::<f32>::try_from(tensor.grad().reshape([-1])).unwrap();
        (of(&everywhere), of(&on_one), nowhere.grad().defined(), numbers)
    });
    assert_eq!(seen, vec![(vec![3.0; 6], vec![4.0; 6], false, [1.5]); 2]);
}
