//! Processes on two hosts, which network namespaces play: what goes over the wire, and a cut one.

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::bench::{Bench, assert_same, close, losses, newest, say, skipped, stderr, wait};
use crate::ranks::ALONE;

const PORT: &str = "29517";
const HEADERS: f64 = 14.0 + 20.0 + 32.0;
const NOTICED: Duration = Duration::from_secs(90);

/// Two hosts and the wire between them.
struct Hosts {
    names: [String; 2],
}

fn ip(arguments: &[&str]) -> Option<String> {
    let output = Command::new("ip").args(arguments).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

impl Hosts {
    /// None where this process may not make any.
    fn new(name: &str) -> Option<Self> {
        let hosts =
            Self { names: ["a", "b"].map(|end| format!("tw-{name}-{}{end}", std::process::id())) };
        let [a, b] = &hosts.names;
        for host in &hosts.names {
            ip(&["netns", "add", host])?;
            ip(&["-n", host, "link", "set", "lo", "up"])?;
        }
        ip(&["-n", a, "link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns", b])?;
        for (number, host) in hosts.names.iter().enumerate() {
            let address = format!("{}/24", Self::address(number));
            ip(&["-n", host, "address", "add", &address, "dev", "wire"])?;
            ip(&["-n", host, "link", "set", "wire", "up"])?;
        }
        Some(hosts)
    }

    fn address(number: usize) -> Ipv4Addr {
        Ipv4Addr::new(10, 87, 45, 1 + number as u8)
    }

    /// `command` on one of the hosts, as that rank.
    fn start(&self, rank: usize, command: &Command) -> Child {
        let mut inside = Command::new("ip");
        inside.args(["netns", "exec", &self.names[rank]]);
        inside.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            inside.env(name, value.unwrap());
        }
        inside.env("MASTER_ADDR", Self::address(0).to_string()).env("MASTER_PORT", PORT);
        inside.env("WORLD_SIZE", "2").env("RANK", rank.to_string());
        inside.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn pair(&self, bench: &Bench, out: &Path, more: &[&str]) -> [Child; 2] {
        [0, 1].map(|rank| self.start(rank, &bench.command(out, more)))
    }

    fn finish(&self, bench: &Bench, out: &Path, more: &[&str]) {
        for output in ends(self.pair(bench, out, more)) {
            assert!(output.status.success(), "{}", stderr(&output));
        }
    }

    /// Bytes that a host has sent, without the headers of Ethernet, IP and TCP with timestamps.
    fn sent(&self, rank: usize) -> f64 {
        let counters = ip(&["-n", &self.names[rank], "-s", "-j", "link", "show", "wire"]).unwrap();
        let counters: Value = serde_json::from_str(&counters).unwrap();
        let sent = |what: &str| counters[0]["stats64"]["tx"][what].as_f64().unwrap();
        sent("bytes") - HEADERS * sent("packets")
    }

    fn wire(&self, state: &str) {
        ip(&["-n", &self.names[1], "link", "set", "wire", state]).unwrap();
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        for name in &self.names {
            ip(&["netns", "delete", name]);
        }
    }
}

fn ends(children: [Child; 2]) -> [Output; 2] {
    children.map(|child| child.wait_with_output().unwrap())
}

/// Numbers and tensors of a saved model.
fn size(model: &Path) -> (u64, u64) {
    let bytes = fs::read(model).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let tensors = header.as_object().unwrap().iter().filter(|(name, _)| *name != "__metadata__");
    tensors.fold((0, 0), |(numbers, count), (_, tensor)| {
        let shape = tensor["shape"].as_array().unwrap().iter();
        (numbers + shape.map(|length| length.as_u64().unwrap()).product::<u64>(), count + 1)
    })
}

#[test]
fn two_hosts_do_what_one_does_and_send_the_bytes_that_the_documentation_says() {
    let Some(hosts) = Hosts::new("bytes") else { return skipped("no network namespaces here") };
    let bench = Bench::with_rows(60, &["--precision", "fp32", "--eval-steps", "no"]);
    let sent = |steps: &str| {
        let before = [0, 1].map(|rank| hosts.sent(rank));
        hosts.finish(&bench, &bench.out(steps), &["--max-steps", steps]);
        [0, 1].map(|rank| hosts.sent(rank) - before[rank])
    };
    let (few, many) = (sent("10"), sent("60"));
    let (numbers, tensors) = size(&bench.out("60").join("model.safetensors"));
    let expected = (4 * numbers + 8 * (tensors + 1) + 64) as f64; // of two processes
    for rank in [0, 1] {
        let measured = (many[rank] - few[rank]) / 50.0;
        say(&format!("rank {rank}: {measured:.0} bytes a step, {expected:.0} in theory"));
        assert!((measured / expected - 1.0).abs() <= 0.05);
    }
    let alone = bench.out("alone");
    bench.finish(&alone, &[&ALONE[..], &["--max-steps", "60"]].concat());
    assert!(close(&losses(&alone), &losses(&bench.out("60")), 1e-5));
}

#[test]
fn a_cut_wire_ends_both_and_the_run_goes_on_to_the_same_bytes() {
    let Some(hosts) = Hosts::new("cut") else { return skipped("no network namespaces here") };
    let cuts: u64 = std::env::var("TUNEWISE_KILLS").map_or(1, |kills| kills.parse().unwrap());
    let steps = (12 + 8 * cuts).to_string();
    let settings = ["--max-steps", &steps, "--save-steps", "3", "--resume", "--ddp-timeout", "2"];
    let bench = Bench::with_rows(60, &["--precision", "fp32"]);
    let (whole, broken) = (bench.out("whole"), bench.out("broken"));
    hosts.finish(&bench, &whole, &settings);
    for cut in 0..cuts {
        let from = newest(&broken);
        let mut both = hosts.pair(&bench, &broken, &settings);
        assert!(wait(&mut both[0], || newest(&broken) > from), "the run ended before the cut");
        thread::sleep(Duration::from_micros(cut * 7_919 % 20_000));
        hosts.wire("down");
        let begin = Instant::now();
        for (rank, output) in ends(both).iter().enumerate() {
            assert_eq!(output.status.code(), Some(2), "{}", stderr(output));
            let says = format!("rank {rank} of 2, ");
            assert!(stderr(output).contains(&says), "{}", stderr(output));
        }
        assert!(begin.elapsed() < NOTICED, "cut {cut}: hung");
        hosts.wire("up");
    }
    hosts.finish(&bench, &broken, &settings);
    assert_same(&whole, &broken);
    say(&format!("{cuts} cuts"));
}
