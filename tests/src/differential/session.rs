//! Runs one script against two servers and compares.

use std::io;

use fastrand::Rng;

use super::allowed::Rules;
use super::grammar::{Command, Source, Template, quoted};
use crate::support::{Client, Value};

/// The first reply in which two servers differ.
pub struct Difference {
    /// Which command of the script; none for the states at its end.
    pub position: Option<usize>,
    pub command: String,
    pub expected: String,
    pub actual: String,
}

/// Commands from the templates, some of them damaged.
pub fn script(templates: &[(u32, Template)], seed: u64, commands: usize) -> Vec<Command> {
    let mut source = Source::new(seed);
    let weights: u32 = templates.iter().map(|(weight, _)| weight).sum();
    (0..commands)
        .map(|_| {
            let mut chosen = source.random.u32(..weights);
            let template = templates.iter().find(|(weight, _)| {
                let is_it = chosen < *weight;
                chosen = chosen.wrapping_sub(*weight);
                is_it
            });
            let template = &template.expect("weights are summed").1;
            let mut command = template.generate(&mut source);
            if template.may_be_damaged && source.random.u8(..100) < 8 {
                source.damage(&mut command);
            }
            command
        })
        .collect()
}

/// How a script is sent.
#[derive(Clone, Copy)]
pub enum Sending {
    OneByOne,
    /// Batches of random lengths.
    Pipelined(u64),
}

/// Runs a script on fresh connections against empty servers. The first difference, if any.
pub fn compare(
    peer: u16,
    ours: u16,
    protocol: u8,
    script: &[Command],
    sending: Sending,
    rules: &Rules,
    about: &[&str],
) -> Option<Difference> {
    let (peer_replies, peer_state) = run(peer, protocol, script, sending, about);
    let (our_replies, our_state) = run(ours, protocol, script, sending, about);
    for (position, command) in script.iter().enumerate() {
        let (expected, actual) = (&peer_replies[position], &our_replies[position]);
        let agrees = match (expected, actual) {
            (Ok(expected), Ok(actual)) => rules.of(command).agrees(expected, actual),
            (expected, actual) => expected.is_err() && actual.is_err(),
        };
        if !agrees {
            return Some(Difference {
                position: Some(position),
                command: quoted(command),
                expected: format!("{expected:?}"),
                actual: format!("{actual:?}"),
            });
        }
    }
    compare_states(&peer_state, &our_state, rules)
}

/// The first difference between two states.
pub fn compare_states(expected: &State, actual: &State, rules: &Rules) -> Option<Difference> {
    for ((command, expected), (_, actual)) in expected.iter().zip(actual) {
        let name = command.split(' ').next().unwrap_or_default();
        let rule = rules.of(&vec![name.as_bytes().to_vec()]);
        if !rule.agrees(expected, actual) {
            return Some(Difference {
                position: None,
                command: command.clone(),
                expected: format!("{expected:?}"),
                actual: format!("{actual:?}"),
            });
        }
    }
    (expected.len() != actual.len()).then(|| Difference {
        position: None,
        command: "the keys at the end".into(),
        expected: expected.len().to_string(),
        actual: actual.len().to_string(),
    })
}

type Replies = Vec<io::Result<Value>>;

/// Questions about keys, and their answers.
pub type State = Vec<(String, Value)>;

fn run(port: u16, protocol: u8, script: &[Command], sending: Sending, about: &[&str]) -> (Replies, State) {
    let mut client = Client::connect(port);
    assert!(client.say("FLUSHALL SYNC").is_ok());
    client.call(&["HELLO", &protocol.to_string()]);
    let mut replies: Replies = Vec::with_capacity(script.len());
    match sending {
        Sending::OneByOne => replies.extend(script.iter().map(|command| client.try_call(command))),
        Sending::Pipelined(seed) => {
            let mut random = Rng::with_seed(seed);
            let mut rest = script;
            while !rest.is_empty() {
                let (batch, after) = rest.split_at(random.usize(1..=rest.len().min(80)));
                match client.pipeline(batch) {
                    Ok(values) => replies.extend(values.into_iter().map(Ok)),
                    Err(error) => replies.extend(batch.iter().map(|_| Err(io::Error::from(error.kind())))),
                }
                rest = after;
            }
        }
    }
    (replies, state(port, about))
}

/// What is asked about each string when states are compared. (Not its encoding: see differences.md.)
pub const ABOUT_STRINGS: &[&str] = &["GET", "PEXPIRETIME"];

/// The answers of some commands about every key of some databases, in an order of its own. The key takes the place of
/// `<key>`, or comes last.
pub fn state(port: u16, commands: &[&str]) -> State {
    let mut client = Client::connect(port);
    let mut state = Vec::new();
    for database in ["0", "1", "2", "3", "5", "15"] {
        client.call(&["SELECT", database]);
        let mut keys: Vec<Vec<u8>> =
            client.say("KEYS *").items().iter().filter_map(|key| Some(key.bytes()?.to_vec())).collect();
        keys.sort();
        state.push((format!("DBSIZE of {database}"), client.say("DBSIZE")));
        for key in keys {
            for command in commands {
                let mut words: Command = command.split(' ').map(|word| word.as_bytes().to_vec()).collect();
                match words.iter_mut().find(|word| *word == b"<key>") {
                    Some(place) => place.clone_from(&key),
                    None => words.push(key.clone()),
                }
                state.push((format!("{} (database {database})", quoted(&words)), client.call(&words)));
            }
        }
    }
    state
}
