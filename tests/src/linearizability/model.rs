//! What the store should do, as plainly as it can be said: one string, or several that belong together.

use std::collections::BTreeMap;
use std::hash::Hash;

/// A sequential object: its states, and which answers agree with it.
pub trait Model {
    type State: Clone + Eq + Hash;
    fn initial(&self) -> Self::State;
    /// The state after the request, if this answer is right in `state`.
    fn apply(&self, state: &Self::State, request: &Request, answer: &Answer) -> Option<Self::State>;
}

/// A key, or the name of one, in a test.
pub type Key = u8;

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    Get(Key),
    Set(Key, String),
    SetIfAbsent(Key, String),
    GetSet(Key, String),
    Append(Key, String),
    Increment(Key),
    Delete(Key),
    /// An expiry in the past: the key is gone, as a deletion says differently.
    Expire(Key),
    GetMany(Vec<Key>),
    SetMany(Vec<(Key, String)>),
    Rename(Key, Key),
    /// COPY source target REPLACE
    Copy(Key, Key),
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Done,
    Value(Option<String>),
    Values(Vec<Option<String>>),
    Integer(i64),
    Refused,
}

impl Request {
    /// The one key that it touches; `None` where there are several.
    pub fn key(&self) -> Option<Key> {
        use Request::{
            Append, Copy, Delete, Expire, Get, GetMany, GetSet, Increment, Rename, Set, SetIfAbsent, SetMany,
        };
        match self {
            Get(key) | Set(key, _) | SetIfAbsent(key, _) | GetSet(key, _) | Append(key, _) => Some(*key),
            Increment(key) | Delete(key) | Expire(key) => Some(*key),
            GetMany(_) | SetMany(_) | Rename(..) | Copy(..) => None,
        }
    }
}

/// The keys and their values; absent ones are not there.
pub type Object = BTreeMap<Key, String>;

/// Strings under keys.
#[derive(Default)]
pub struct Register;

impl Model for Register {
    type State = Object;

    fn initial(&self) -> Object {
        Object::new()
    }

    fn apply(&self, state: &Object, request: &Request, answer: &Answer) -> Option<Object> {
        let mut after = state.clone();
        let expected = carry_out(&mut after, request);
        (expected == *answer).then_some(after)
    }
}

/// Does it, and says what the answer is.
fn carry_out(object: &mut Object, request: &Request) -> Answer {
    match request {
        Request::Get(key) => Answer::Value(object.get(key).cloned()),
        Request::Set(key, value) => {
            object.insert(*key, value.clone());
            Answer::Done
        }
        Request::SetIfAbsent(key, value) => {
            if object.contains_key(key) {
                return Answer::Value(None);
            }
            object.insert(*key, value.clone());
            Answer::Done
        }
        Request::GetSet(key, value) => Answer::Value(object.insert(*key, value.clone())),
        Request::Append(key, tail) => {
            let value = object.entry(*key).or_default();
            value.push_str(tail);
            Answer::Integer(value.len() as i64)
        }
        Request::Increment(key) => {
            let value = object.get(key).map_or(Ok(0), |value| value.parse::<i64>());
            // As Redis has it, `007` is no integer either.
            match value {
                Ok(value) if object.get(key).is_none_or(|text| *text == value.to_string()) => {
                    object.insert(*key, (value + 1).to_string());
                    Answer::Integer(value + 1)
                }
                _ => Answer::Refused,
            }
        }
        Request::Delete(key) | Request::Expire(key) => {
            Answer::Integer(i64::from(object.remove(key).is_some()))
        }
        Request::GetMany(keys) => Answer::Values(keys.iter().map(|key| object.get(key).cloned()).collect()),
        Request::SetMany(pairs) => {
            object.extend(pairs.iter().cloned());
            Answer::Done
        }
        Request::Rename(from, to) => match object.remove(from) {
            None => Answer::Refused,
            Some(value) => {
                object.insert(*to, value);
                Answer::Done
            }
        },
        Request::Copy(from, to) => match object.get(from).cloned() {
            None => Answer::Integer(0),
            Some(value) => {
                object.insert(*to, value);
                Answer::Integer(1)
            }
        },
    }
}
