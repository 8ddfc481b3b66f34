//! Recording what several threads do, requests made by chance, and commands as arrays of words.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::model::Key;
use super::{Answer, Event, Request};
use crate::support::Value;

/// The clock and the events of a history.
#[derive(Default)]
pub struct Recorder {
    clock: AtomicU64,
    events: Mutex<Vec<Event>>,
}

/// One thread's part.
pub struct Lane<'a> {
    recorder: &'a Recorder,
    events: Vec<Event>,
}

impl Recorder {
    /// A part for one thread; what it recorded joins the rest when it is dropped.
    pub fn lane(&self) -> Lane<'_> {
        Lane { recorder: self, events: Vec::new() }
    }

    /// All that was recorded.
    pub fn into_history(self) -> Vec<Event> {
        self.events.into_inner().expect("no lane panicked")
    }
}

impl Lane<'_> {
    /// Carries out and records one request.
    pub fn record(&mut self, request: Request, carry_out: impl FnOnce(&Request) -> Answer) {
        let called = self.recorder.clock.fetch_add(1, Ordering::SeqCst);
        let answer = carry_out(&request);
        let returned = self.recorder.clock.fetch_add(1, Ordering::SeqCst);
        self.events.push(Event { request, answer, called, returned });
    }
}

impl Drop for Lane<'_> {
    fn drop(&mut self) {
        if let Ok(mut events) = self.recorder.events.lock() {
            events.append(&mut self.events);
        }
    }
}

/// Histories of single keys. Requests that touch several keys must not be among the events.
pub fn by_key(history: Vec<Event>) -> BTreeMap<Key, Vec<Event>> {
    let mut found: BTreeMap<Key, Vec<Event>> = BTreeMap::new();
    for event in history {
        let key = event.request.key().expect("one key each");
        found.entry(key).or_default().push(event);
    }
    found
}

impl Request {
    /// A request on one of `keys` keys, with a value nobody else writes.
    pub fn random(random: &mut fastrand::Rng, keys: Key, unique: u64) -> Request {
        let key = random.u8(..keys);
        match random.u8(..16) {
            0..5 => Request::Get(key),
            5..7 => Request::Set(key, format!("v{unique}")),
            7 => Request::Set(key, (unique % 1000).to_string()),
            8 => Request::SetIfAbsent(key, format!("{unique}")),
            9 => Request::GetSet(key, format!("g{unique}")),
            10 => Request::Append(key, format!("{}", unique % 10)),
            11..13 => Request::Increment(key),
            13..15 => Request::Delete(key),
            _ => Request::Expire(key),
        }
    }

    /// A request on several of `keys` keys, or on one.
    pub fn random_of_several(random: &mut fastrand::Rng, keys: Key, unique: u64) -> Request {
        let two = |random: &mut fastrand::Rng| {
            let first = random.u8(..keys);
            (first, (first + random.u8(1..keys)) % keys)
        };
        match random.u8(..10) {
            0..3 => Request::GetMany((0..keys).collect()),
            3..5 => {
                let (first, second) = two(random);
                Request::SetMany(vec![(first, format!("m{unique}")), (second, format!("m{unique}"))])
            }
            5 => {
                let (from, to) = two(random);
                Request::Rename(from, to)
            }
            6 => {
                let (from, to) = two(random);
                Request::Copy(from, to)
            }
            _ => Request::random(random, keys, unique),
        }
    }

    /// The command, its keys named by `name`.
    pub fn command(&self, name: impl Fn(Key) -> String) -> Vec<String> {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        match self {
            Request::Get(key) => words(&["GET", &name(*key)]),
            Request::Set(key, value) => words(&["SET", &name(*key), value]),
            Request::SetIfAbsent(key, value) => words(&["SET", &name(*key), value, "NX"]),
            Request::GetSet(key, value) => words(&["GETSET", &name(*key), value]),
            Request::Append(key, tail) => words(&["APPEND", &name(*key), tail]),
            Request::Increment(key) => words(&["INCR", &name(*key)]),
            Request::Delete(key) => words(&["DEL", &name(*key)]),
            Request::Expire(key) => words(&["PEXPIREAT", &name(*key), "1"]),
            Request::GetMany(keys) => {
                ["MGET".to_owned()].into_iter().chain(keys.iter().map(|key| name(*key))).collect()
            }
            Request::SetMany(pairs) => {
                let pairs = pairs.iter().flat_map(|(key, value)| [name(*key), value.clone()]);
                ["MSET".to_owned()].into_iter().chain(pairs).collect()
            }
            Request::Rename(from, to) => words(&["RENAME", &name(*from), &name(*to)]),
            Request::Copy(from, to) => words(&["COPY", &name(*from), &name(*to), "REPLACE"]),
        }
    }
}

impl Answer {
    /// What a reply over RESP says.
    pub fn from_reply(reply: &Value) -> Answer {
        match reply {
            reply if reply.is_null() => Answer::Value(None),
            Value::Integer(value) => Answer::Integer(*value),
            Value::Error(_) => Answer::Refused,
            Value::Simple(_) => Answer::Done,
            Value::Array(values) => {
                Answer::Values(values.iter().map(|value| (!value.is_null()).then(|| value.text())).collect())
            }
            other => Answer::Value(Some(other.text())),
        }
    }
}
