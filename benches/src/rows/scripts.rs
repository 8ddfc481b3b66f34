//! Scripts and functions against Valkey: server CPU per call, and what a slow script leaves to others.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use polycache_tests::support::{Client, Kind, encode};

use super::types::load;
use crate::Options;
use crate::figure::{Figure, Target, median};
use crate::machine;
use crate::subject::{Subject, volatile};

const CALLS: usize = 200_000;
const SCRIPT: &str = "return redis.call('set', KEYS[1], ARGV[1])";
const LIBRARY: &str = "#!lua name=race\n\
    redis.register_function('put', function(keys, args) return redis.call('set', keys[1], args[1]) end)";

/// EVAL of one SET.
pub fn eval(options: &Options) -> Result<Vec<Figure>, String> {
    cpu(options, "EVAL of a SET", &["EVAL", SCRIPT, "1", "key:__rand_int__", "value"])
}

/// FCALL of one SET.
pub fn fcall(options: &Options) -> Result<Vec<Figure>, String> {
    cpu(options, "FCALL of a SET", &["FCALL", "put", "1", "key:__rand_int__", "value"])
}

fn cpu(options: &Options, what: &str, command: &[&str]) -> Result<Vec<Figure>, String> {
    let ours = Subject::start(Kind::Polycache, volatile());
    let peer = Subject::start(Kind::Valkey, volatile());
    let mut costs = [Vec::new(), Vec::new()];
    for subject in [&ours, &peer] {
        subject.server.client().call(&["FUNCTION", "LOAD", LIBRARY]);
    }
    for round in 0..=options.rounds {
        for (subject, costs) in [&ours, &peer].into_iter().zip(&mut costs) {
            let before = machine::cpu_nanoseconds(subject.server.process_id());
            load(subject, command, CALLS)?;
            let after = machine::cpu_nanoseconds(subject.server.process_id());
            if round > 0 {
                costs.push((after - before) as f64 / CALLS as f64);
            }
        }
    }
    let [our_cost, peer_cost] = costs.map(|costs| median(&costs));
    Ok(vec![Figure {
        what: format!("{what}: server CPU against {}", peer.name),
        ours: format!("{our_cost:.0} ns"),
        peer: format!("{peer_cost:.0} ns"),
        ratio: our_cost / peer_cost,
        target: Target::AtMost(0.8),
    }])
}

/// A script of a second.
const SLOW: &str = "local t = os.clock() while os.clock() - t < 1 do end return 1";
/// GETs that a connection sends at once.
const PIPELINE: usize = 16;

/// GETs of other connections while a script runs on other keys.
pub fn others(options: &Options) -> Result<Vec<Figure>, String> {
    let ours = Subject::start(Kind::Polycache, volatile().flag("io-threads", "2"));
    let port = ours.server.port;
    ours.server.client().call(&["SET", "other", "value"]);
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds.max(1) {
        alone.push(gets_in(port, Duration::from_secs(1)));
        let script = thread::spawn(move || Client::connect(port).call(&["EVAL", SLOW, "1", "mine"]));
        thread::sleep(Duration::from_millis(20));
        beside.push(gets_in(port, Duration::from_millis(900)));
        script.join().map_err(|_| "the script's client panicked".to_owned())?;
    }
    let (alone, beside) = (median(&alone), median(&beside));
    Ok(vec![Figure {
        what: "GETs of others while a script runs, against without it".into(),
        ours: format!("{beside:.0} /s"),
        peer: format!("{alone:.0} /s"),
        ratio: beside / alone,
        target: Target::AtLeast(0.8),
    }])
}

/// GETs a second on two connections that together take less than a core.
fn gets_in(port: u16, time: Duration) -> f64 {
    let (stop, done) = (AtomicBool::new(false), AtomicU64::new(0));
    let started = Instant::now();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).expect("a connection");
                let mut batch = Vec::new();
                (0..PIPELINE).for_each(|_| encode(&["GET", "other"], &mut batch));
                let mut replies = vec![0; b"$5\r\nvalue\r\n".len() * PIPELINE];
                while !stop.load(Ordering::SeqCst) {
                    stream.write_all(&batch).expect("sent");
                    stream.read_exact(&mut replies).expect("replies");
                    done.fetch_add(PIPELINE as u64, Ordering::SeqCst);
                    // Some of two cores must be left for the script.
                    thread::sleep(Duration::from_micros(200));
                }
            });
        }
        thread::sleep(time);
        stop.store(true, Ordering::SeqCst);
    });
    done.load(Ordering::SeqCst) as f64 / started.elapsed().as_secs_f64()
}
