//! Server CPU per operation at pipelines of 1, 16 and 100.

use polycache_tests::support::Kind;

use crate::Options;
use crate::figure::{Figure, Target, median};
use crate::load::{Load, Plan, Protocol, Verb, fill};
use crate::subject::{Subject, volatile};

/// Pipeline, operations of one round, target.
const DEPTHS: &[(usize, usize, f64)] = &[(1, 60_000, 0.80), (16, 500_000, 0.60), (100, 1_000_000, 0.45)];

/// Against Valkey.
pub fn resp(options: &Options) -> Result<Vec<Figure>, String> {
    let ours = Subject::start(Kind::Polycache, volatile());
    let peer = Subject::start(Kind::Valkey, volatile());
    let ports = (ours.server.port, peer.server.port);
    race(options, Protocol::Resp, &ours, &peer, ports)
}

/// Against memcached.
pub fn memcached(options: &Options) -> Result<Vec<Figure>, String> {
    let ours = Subject::start(Kind::Polycache, volatile());
    let peer = Subject::start(Kind::Memcached, volatile());
    let ports = (ours.server.memcached_port, peer.server.memcached_port);
    race(options, Protocol::Memcached, &ours, &peer, ports)
}

fn race(
    options: &Options,
    protocol: Protocol,
    ours: &Subject,
    peer: &Subject,
    (our_port, peer_port): (u16, u16),
) -> Result<Vec<Figure>, String> {
    let mut figures = Vec::new();
    for (verb, name) in [(Verb::Get, "GET"), (Verb::Set, "SET")] {
        for &(pipeline, operations, target) in DEPTHS {
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
            let (mut our_cost, mut peer_cost) = (Vec::new(), Vec::new());
            let (mut our_rate, mut peer_rate) = (Vec::new(), Vec::new());
            // One round each to warm up, which does not count.
            for round in 0..=options.rounds {
                let (our_cpu, our_time) = ours.measure(&load, our_port, operations)?;
                let (peer_cpu, peer_time) = peer.measure(&load, peer_port, operations)?;
                if round > 0 {
                    our_cost.push(our_cpu);
                    peer_cost.push(peer_cpu);
                    our_rate.push(operations as f64 / our_time.as_secs_f64());
                    peer_rate.push(operations as f64 / peer_time.as_secs_f64());
                }
            }
            let shown = |cost: f64, rate: f64| format!("{:.2} us, {:.0} k/s", cost / 1000.0, rate / 1000.0);
            figures.push(Figure {
                what: format!("{name}, pipeline {pipeline}: server CPU against {}", peer.name),
                ours: shown(median(&our_cost), median(&our_rate)),
                peer: shown(median(&peer_cost), median(&peer_rate)),
                ratio: median(&our_cost) / median(&peer_cost),
                target: Target::AtMost(target),
            });
        }
    }
    Ok(figures)
}
