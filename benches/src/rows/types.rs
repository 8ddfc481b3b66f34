//! Containers against Valkey: server CPU per operation at pipeline 16, and bytes per element.

use std::process::{Command, Stdio};

use polycache_tests::support::Kind;

use crate::Options;
use crate::figure::{Figure, Target, median};
use crate::machine;
use crate::subject::{Subject, volatile};

/// An operation that is raced: what fills the key before, a command line of `redis-benchmark`, and how often.
struct Work {
    name: &'static str,
    /// Run once, unmeasured, on both sides, with this many repetitions.
    fill: Option<(&'static [&'static str], usize)>,
    command: &'static [&'static str],
    operations: usize,
    target: f64,
}

const WORKS: &[Work] = &[
    Work {
        name: "LPUSH",
        fill: None,
        command: &["LPUSH", "list", "value:__rand_int__"],
        operations: 300_000,
        target: 0.6,
    },
    Work { name: "LPOP", fill: None, command: &["LPOP", "list"], operations: 200_000, target: 0.6 },
    Work {
        name: "SADD",
        fill: None,
        command: &["SADD", "set", "member:__rand_int__"],
        operations: 300_000,
        target: 0.6,
    },
    Work {
        name: "HSET",
        fill: None,
        command: &["HSET", "hash", "field:__rand_int__", "value:__rand_int__"],
        operations: 300_000,
        target: 0.6,
    },
    Work {
        name: "HGET",
        fill: None,
        command: &["HGET", "hash", "field:__rand_int__"],
        operations: 300_000,
        target: 0.6,
    },
    Work {
        name: "ZADD",
        fill: None,
        command: &["ZADD", "sorted", "__rand_int__", "member:__rand_int__"],
        operations: 300_000,
        target: 0.6,
    },
    Work {
        name: "ZRANGE of 10",
        fill: None,
        command: &["ZRANGE", "sorted", "__rand_int__", "+inf", "BYSCORE", "LIMIT", "0", "10"],
        operations: 200_000,
        target: 0.6,
    },
    Work {
        name: "XADD",
        fill: None,
        command: &["XADD", "stream", "*", "field", "value:__rand_int__"],
        operations: 200_000,
        target: 0.6,
    },
    Work {
        name: "LRANGE 100",
        fill: Some((&["RPUSH", "range", "value:__rand_int__"], 10_000)),
        command: &["LRANGE", "range", "0", "99"],
        operations: 100_000,
        target: 0.7,
    },
    Work {
        name: "HGETALL of 50 fields",
        fill: Some((&["HSET", "fifty", "field:__rand_int__", "value"], 0)),
        command: &["HGETALL", "fifty"],
        operations: 100_000,
        target: 0.7,
    },
];

/// What `__rand_int__` is drawn from.
const RANGE: &str = "100000";

/// Server CPU per operation.
pub fn cpu(options: &Options) -> Result<Vec<Figure>, String> {
    let ours = Subject::start(Kind::Polycache, volatile());
    let peer = Subject::start(Kind::Valkey, volatile());
    for subject in [&ours, &peer] {
        let mut client = subject.server.client();
        for field in 0..50 {
            client.say(&format!("HSET fifty field:{field} value:{field}"));
        }
    }
    let mut figures = Vec::new();
    for work in WORKS {
        for subject in [&ours, &peer] {
            if let Some((fill, count)) = work.fill.filter(|(_, count)| *count > 0) {
                load(subject, fill, count)?;
            }
        }
        let mut costs = [Vec::new(), Vec::new()];
        // One round each to warm up, which does not count.
        for round in 0..=options.rounds {
            for (subject, costs) in [&ours, &peer].into_iter().zip(&mut costs) {
                let before = machine::cpu_nanoseconds(subject.server.process_id());
                load(subject, work.command, work.operations)?;
                let after = machine::cpu_nanoseconds(subject.server.process_id());
                if round > 0 {
                    costs.push((after - before) as f64 / work.operations as f64);
                }
            }
        }
        let [our_cost, peer_cost] = costs.map(|costs| median(&costs));
        figures.push(Figure {
            what: format!("{}, pipeline 16: server CPU against {}", work.name, peer.name),
            ours: format!("{:.2} us", our_cost / 1000.0),
            peer: format!("{:.2} us", peer_cost / 1000.0),
            ratio: our_cost / peer_cost,
            target: Target::AtMost(work.target),
        });
    }
    Ok(figures)
}

/// Runs `redis-benchmark` on the load's core.
pub(super) fn load(subject: &Subject, command: &[&str], operations: usize) -> Result<(), String> {
    let status = Command::new("taskset")
        .args(["-c", &machine::LOAD_CORE.to_string(), "redis-benchmark"])
        .args(["-p", &subject.server.port.to_string(), "-P", "16", "-c", "25", "-r", RANGE])
        .args(["-n", &operations.to_string(), "-q"])
        .args(command)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(|error| format!("redis-benchmark: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("redis-benchmark {} failed", command.join(" "))) }
}

/// Elements of one container, and how many such containers.
const SIZES: &[(u64, u64)] = &[(10, 50_000), (1_000, 500), (1_000_000, 1)];

/// Resident bytes per element.
pub fn memory(_: &Options) -> Result<Vec<Figure>, String> {
    let mut figures = Vec::new();
    for (name, command) in [("hash", "HSET"), ("set", "SADD"), ("sorted set", "ZADD")] {
        for &(elements, containers) in SIZES {
            let mut measured = Vec::new();
            for kind in [Kind::Polycache, Kind::Valkey] {
                let subject = Subject::start(kind, volatile());
                let resident = || machine::resident_bytes(subject.server.process_id()) as f64;
                let before = resident();
                fill(&subject, command, elements, containers)?;
                measured.push((resident() - before) / (elements * containers) as f64);
            }
            let [ours, peer] = measured[..] else { return Err("two servers were measured".into()) };
            figures.push(Figure {
                what: format!("bytes per element of a {name} of {elements}"),
                ours: format!("{ours:.1}"),
                peer: format!("{peer:.1} (Valkey 9.1.2)"),
                ratio: ours / peer,
                target: Target::AtMost(0.8),
            });
        }
    }
    Ok(figures)
}

fn fill(subject: &Subject, command: &str, elements: u64, containers: u64) -> Result<(), String> {
    let mut client = subject.server.client();
    for container in 0..containers {
        let key = format!("key:{container:08}");
        for start in (0..elements).step_by(100) {
            let mut line: Vec<Vec<u8>> = vec![command.into(), key.clone().into()];
            for element in start..(start + 100).min(elements) {
                // Members of 16 bytes in no order.
                let number = element.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 4;
                let member = format!("member{:010}", number % 10_000_000_000);
                match command {
                    "HSET" => line.extend([member.into(), format!("value:{number:010}")[..16].into()]),
                    "ZADD" => line.extend([format!("{}", number % 1_000_000).into(), member.into()]),
                    _ => line.push(member.into()),
                }
            }
            client.try_call(&line).map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}
