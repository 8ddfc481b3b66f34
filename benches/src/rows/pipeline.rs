//! Server CPU per operation, one by one and in pipelines.

use polycache_tests::support::{Kind, ServerOptions};

use crate::Options;
use crate::figure::{Figure, Target, median};
use crate::floor::Floor;
use crate::load::{Load, Plan, Protocol, TRANSACTION_SETS, Verb, fill, lengths};
use crate::subject::{Subject, volatile};

/// Pipelines of one protocol: how long, operations of one round, the target.
struct Depth {
    protocol: Protocol,
    verbs: &'static [Verb],
    pipeline: usize,
    operations: usize,
    target: f64,
}

const BOTH: &[Verb] = &[Verb::Get, Verb::Set];

const fn depth(
    protocol: Protocol,
    verbs: &'static [Verb],
    pipeline: usize,
    operations: usize,
    target: f64,
) -> Depth {
    Depth { protocol, verbs, pipeline, operations, target }
}

const RESP: &[Depth] = &[
    depth(Protocol::Resp, BOTH, 1, 60_000, 0.80),
    depth(Protocol::Resp, BOTH, 16, 500_000, 0.60),
    depth(Protocol::Resp, BOTH, 100, 1_000_000, 0.45),
];

const MULTI: &[Depth] = &[depth(Protocol::Resp, &[Verb::Transaction], 4, 100_000, 0.70)];

const MEMCACHED: &[Depth] = &[
    depth(Protocol::Memcached, BOTH, 1, 60_000, 0.85),
    depth(Protocol::Memcached, BOTH, 16, 500_000, 0.60),
    depth(Protocol::MemcachedMany, &[Verb::Get], 100, 1_000_000, 0.60),
    depth(Protocol::MemcachedMeta, BOTH, 50, 1_000_000, 0.60),
];

/// Against Valkey.
pub fn resp(options: &Options) -> Result<Vec<Figure>, String> {
    let ours = Subject::start(Kind::Polycache, volatile());
    let peer = Subject::start(Kind::Valkey, volatile());
    let ports = (ours.server.port, peer.server.port);
    race(options, RESP, &ours, &peer, ports)
}

/// Transactions against Valkey's.
pub fn multi(options: &Options) -> Result<Vec<Figure>, String> {
    let ours = Subject::start(Kind::Polycache, volatile());
    let peer = Subject::start(Kind::Valkey, volatile());
    let ports = (ours.server.port, peer.server.port);
    race(options, MULTI, &ours, &peer, ports)
}

/// Against memcached.
pub fn memcached(options: &Options) -> Result<Vec<Figure>, String> {
    let ours = Subject::start(Kind::Polycache, volatile());
    let peer = Subject::start(Kind::Memcached, ServerOptions::new());
    let ports = (ours.server.memcached_port, peer.server.memcached_port);
    race(options, MEMCACHED, &ours, &peer, ports)
}

/// What a figure is of.
fn name(protocol: Protocol, verb: Verb, pipeline: usize) -> String {
    match (protocol, verb) {
        (Protocol::Resp, Verb::Get) => format!("GET, pipeline {pipeline}"),
        (Protocol::Resp, Verb::Set) => format!("SET, pipeline {pipeline}"),
        (Protocol::MemcachedMany, Verb::Get) => format!("get of {pipeline} keys, per key"),
        (Protocol::MemcachedMeta, Verb::Get) => format!("mg, pipeline {pipeline}"),
        (Protocol::MemcachedMeta, Verb::Set) => format!("ms, pipeline {pipeline}"),
        (_, Verb::Transaction) => {
            format!("MULTI of {TRANSACTION_SETS} SETs and EXEC, pipeline {pipeline}")
        }
        (_, Verb::Get) => format!("get, pipeline {pipeline}"),
        (_, Verb::Set) => format!("set, pipeline {pipeline}"),
    }
}

fn race(
    options: &Options,
    depths: &[Depth],
    ours: &Subject,
    peer: &Subject,
    (our_port, peer_port): (u16, u16),
) -> Result<Vec<Figure>, String> {
    let mut figures = Vec::new();
    for &Depth { protocol, verbs, pipeline, operations, target } in depths {
        for &verb in verbs {
            let plan = Plan {
                protocol,
                verb,
                connections: 25,
                pipeline,
                operations,
                keys: 100_000,
                value_bytes: 64,
            };
            for port in [our_port, peer_port] {
                fill(port, &plan).map_err(|error| error.to_string())?;
            }
            let load = Load::prepare(plan);
            let floor = Floor::start(lengths(&plan)).map_err(|error| error.to_string())?;
            let mut floor_cost = Vec::new();
            let (mut our_cost, mut peer_cost) = (Vec::new(), Vec::new());
            let (mut our_rate, mut peer_rate) = (Vec::new(), Vec::new());
            // One round each to warm up, which does not count.
            for round in 0..=options.rounds {
                let (our_cpu, our_time) = ours.measure(&load, our_port, operations)?;
                let (peer_cpu, peer_time) = peer.measure(&load, peer_port, operations)?;
                let floor_cpu = floor.measure(&load, operations).map_err(|error| error.to_string())?;
                if round > 0 {
                    floor_cost.push(floor_cpu);
                    our_cost.push(our_cpu);
                    peer_cost.push(peer_cpu);
                    our_rate.push(operations as f64 / our_time.as_secs_f64());
                    peer_rate.push(operations as f64 / peer_time.as_secs_f64());
                }
            }
            let shown = |cost: f64, rate: f64| format!("{:.2} us, {:.0} k/s", cost / 1000.0, rate / 1000.0);
            // What is left of the peer's cost where a server does nothing but receive and send.
            let floor = median(&floor_cost);
            let floor = format!("floor {:.2} us, {:.2}", floor / 1000.0, floor / median(&peer_cost));
            figures.push(Figure {
                what: format!("{}: server CPU against {}", name(protocol, verb, pipeline), peer.name),
                ours: shown(median(&our_cost), median(&our_rate)),
                peer: format!("{} ({floor})", shown(median(&peer_cost), median(&peer_rate))),
                ratio: median(&our_cost) / median(&peer_cost),
                target: Target::AtMost(target),
            });
        }
    }
    Ok(figures)
}
