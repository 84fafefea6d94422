//! `cargo xtask launch`: several processes of one program on this machine.

use std::net::TcpListener;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use crate::fault::{Fault, Result};

/// How long the others may take to notice that one has failed, unless asked otherwise.
const GRACE: Duration = Duration::from_secs(30);

struct Options<'a> {
    processes: usize,
    grace: Duration,
    program: &'a [String],
}

impl<'a> Options<'a> {
    fn parse(arguments: &'a [String]) -> Result<Self> {
        let usage = "usage: cargo xtask launch -n PROCESSES [--grace SECONDS] -- PROGRAM [ARG…]";
        let mut options = Self { processes: 0, grace: GRACE, program: &[] };
        let mut rest = arguments;
        loop {
            match rest {
                [name, value, tail @ ..] if name == "-n" => {
                    let processes = value.parse().ok().filter(|processes| *processes > 0);
                    options.processes = processes.ok_or_else(|| {
                        Fault::new(format!("-n {value}: not a number from 1"), usage)
                    })?;
                    rest = tail;
                }
                [name, value, tail @ ..] if name == "--grace" => {
                    let seconds = value.parse().map_err(|_| {
                        Fault::new(format!("--grace {value}: not a number of seconds"), usage)
                    })?;
                    options.grace = Duration::from_secs(seconds);
                    rest = tail;
                }
                [dashes, program @ ..] if dashes == "--" && !program.is_empty() => {
                    options.program = program;
                    break;
                }
                _ => return Err(Fault::new("launch needs a program", usage)),
            }
        }
        if options.processes == 0 {
            return Err(Fault::new("launch needs a number of processes", usage));
        }
        Ok(options)
    }
}

/// Starts the processes with the environment that `torchrun` would give them, and waits for all. When
/// one fails the others notice by themselves; those that do not within the grace are killed.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let options = Options::parse(arguments)?;
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let threads = (cores / options.processes).max(1).to_string();
    let port = free_port()?.to_string();
    let mut children = Vec::new();
    for rank in 0..options.processes {
        match start(&options, rank, (&port, &threads)) {
            Ok(child) => children.push((rank, child)),
            Err(fault) => {
                stop(&mut children);
                return Err(fault);
            }
        }
    }
    wait(children, options.grace)
}

fn start(options: &Options<'_>, rank: usize, (port, threads): (&str, &str)) -> Result<Child> {
    let Some((program, arguments)) = options.program.split_first() else {
        return Err(Fault::new("launch needs a program", "name it after --"));
    };
    let mut command = Command::new(program);
    command.args(arguments);
    command.env("MASTER_ADDR", "127.0.0.1").env("MASTER_PORT", port);
    command.env("WORLD_SIZE", options.processes.to_string());
    command.env("RANK", rank.to_string()).env("LOCAL_RANK", rank.to_string());
    if std::env::var_os("OMP_NUM_THREADS").is_none() {
        command.env("OMP_NUM_THREADS", threads);
    }
    command.spawn().map_err(|error| {
        Fault::new(format!("cannot run {program}: {error}"), "name a program that exists after --")
    })
}

/// A port that is free now; the processes meet there.
fn free_port() -> Result<u16> {
    let bound = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let bound =
        bound.map_err(|error| Fault::new(format!("no port: {error}"), "check the loopback"))?;
    Ok(bound.port())
}

fn wait(mut running: Vec<(usize, Child)>, grace: Duration) -> Result<()> {
    let mut failed: Option<(usize, ExitStatus, Instant)> = None;
    while !running.is_empty() {
        let mut still = Vec::new();
        for (rank, mut child) in running {
            match child.try_wait() {
                Ok(None) => still.push((rank, child)),
                Ok(Some(status)) if !status.success() && failed.is_none() => {
                    failed = Some((rank, status, Instant::now()));
                }
                Ok(Some(_)) => {}
                Err(error) => {
                    let _ = child.kill();
                    return Err(Fault::new(format!("rank {rank}: {error}"), "start it again"));
                }
            }
        }
        running = still;
        if failed.as_ref().is_some_and(|(_, _, since)| since.elapsed() >= grace) {
            stop(&mut running);
        }
        thread::sleep(Duration::from_millis(20));
    }
    match failed {
        None => Ok(()),
        Some((rank, status, _)) => {
            Err(Fault::new(format!("rank {rank} failed ({status})"), "see its output above"))
        }
    }
}

/// Ends processes that nobody waits for any more.
fn stop(children: &mut Vec<(usize, Child)>) {
    for (_, mut child) in children.drain(..) {
        let _ = child.kill(); // it may have ended by itself
        let _ = child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launch(arguments: &[&str]) -> Result<()> {
        run(&arguments.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn every_process_gets_its_rank_and_the_same_place_to_meet() {
        let dir = std::env::temp_dir().join(format!("tunewise-launch-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let script = "echo $WORLD_SIZE $MASTER_ADDR $MASTER_PORT $LOCAL_RANK > \"$0/$RANK\"";
        launch(&["-n", "3", "--", "sh", "-c", script, &dir.to_string_lossy()]).unwrap();
        let said = |rank: usize| std::fs::read_to_string(dir.join(rank.to_string())).unwrap();
        let first = said(0);
        let meets = first.strip_suffix(" 0\n").unwrap();
        assert!(meets.starts_with("3 127.0.0.1 "), "{meets}");
        assert_eq!([said(1), said(2)], [format!("{meets} 1\n"), format!("{meets} 2\n")]);
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn one_that_fails_is_named_and_one_that_hangs_then_is_ended() {
        let script = "test $RANK = 0 && exit 3; sleep 60";
        let begin = Instant::now();
        let fault = launch(&["-n", "2", "--grace", "1", "--", "sh", "-c", script]).unwrap_err();
        assert!(fault.to_string().starts_with("rank 0 failed (exit status: 3)"), "{fault}");
        assert!(begin.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn what_cannot_be_launched_says_how_to() {
        for arguments in [&["-n", "0", "--", "true"][..], &["-n", "2"], &["--", "true"], &["-x"]] {
            let fault = launch(arguments).unwrap_err().to_string();
            assert!(fault.contains("cargo xtask launch -n PROCESSES"), "{fault}");
        }
        let fault = launch(&["-n", "1", "--", "/nowhere/program"]).unwrap_err().to_string();
        assert!(fault.starts_with("cannot run /nowhere/program: "), "{fault}");
    }
}
