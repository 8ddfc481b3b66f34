//! The checker: it must find what is wrong, and accept what only looks wrong.

use polycache_tests::linearizability::{Answer, Event, Register, Request, Verdict, check};

fn event(request: Request, answer: Answer, called: u64, returned: u64) -> Event {
    Event { request, answer, called, returned }
}

fn set(value: &str, called: u64, returned: u64) -> Event {
    event(Request::Set(0, value.into()), Answer::Done, called, returned)
}

fn get(value: Option<&str>, called: u64, returned: u64) -> Event {
    event(Request::Get(0), Answer::Value(value.map(str::to_owned)), called, returned)
}

fn is_linearizable(history: &[Event]) -> bool {
    check(&Register, history) == Verdict::Linearizable
}

#[test]
fn reads_may_see_a_write_that_overlaps_them_or_not() {
    assert!(is_linearizable(&[]));
    assert!(is_linearizable(&[set("a", 0, 10), get(None, 1, 2), get(Some("a"), 3, 4)]));
    assert!(is_linearizable(&[set("a", 0, 10), set("b", 1, 9), get(Some("a"), 11, 12)]));
    assert!(is_linearizable(&[set("a", 0, 10), set("b", 1, 9), get(Some("b"), 2, 3), get(Some("a"), 4, 5)]));
}

#[test]
fn a_stale_read_is_found() {
    let history = [set("a", 0, 1), get(None, 2, 3)];
    assert_eq!(check(&Register, &history), Verdict::Violated(vec![1]));
    assert!(!is_linearizable(&[set("a", 0, 1), set("b", 2, 3), get(Some("a"), 4, 5)]));
}

#[test]
fn a_read_may_not_go_back_behind_another() {
    let history = [set("a", 0, 20), get(Some("a"), 1, 2), get(None, 3, 4)];
    assert!(!is_linearizable(&history));
    // Overlapping reads may.
    assert!(is_linearizable(&[set("a", 0, 20), get(Some("a"), 1, 4), get(None, 3, 5)]));
}

#[test]
fn a_lost_increment_is_found() {
    let increment =
        |answer, called, returned| event(Request::Increment(0), Answer::Integer(answer), called, returned);
    assert!(is_linearizable(&[increment(1, 0, 5), increment(2, 1, 6), get(Some("2"), 7, 8)]));
    assert!(!is_linearizable(&[increment(1, 0, 5), increment(1, 1, 6)]));
    assert!(!is_linearizable(&[increment(1, 0, 5), increment(2, 1, 6), get(Some("1"), 7, 8)]));
}

#[test]
fn only_one_of_two_may_set_what_is_absent() {
    let attempt = |won: bool, at| {
        let answer = if won { Answer::Done } else { Answer::Value(None) };
        event(Request::SetIfAbsent(0, format!("{at}")), answer, at, at + 10)
    };
    assert!(is_linearizable(&[attempt(true, 0), attempt(false, 1)]));
    assert!(is_linearizable(&[attempt(false, 0), attempt(true, 1)]));
    assert!(!is_linearizable(&[attempt(true, 0), attempt(true, 1)]));
    assert!(!is_linearizable(&[attempt(false, 0), attempt(false, 1)]));
}

#[test]
fn half_of_a_write_of_several_keys_is_found() {
    let pair = |value: &str| vec![(0, value.to_owned()), (1, value.to_owned())];
    let write =
        |value, called, returned| event(Request::SetMany(pair(value)), Answer::Done, called, returned);
    let read = |first: &str, second: &str, called, returned| {
        let values = vec![Some(first.to_owned()), Some(second.to_owned())];
        event(Request::GetMany(vec![0, 1]), Answer::Values(values), called, returned)
    };
    assert!(is_linearizable(&[
        write("a", 0, 1),
        write("b", 2, 9),
        read("a", "a", 3, 4),
        read("b", "b", 5, 6)
    ]));
    assert!(!is_linearizable(&[write("a", 0, 1), write("b", 2, 9), read("a", "b", 3, 4)]));
}

#[test]
fn a_moved_key_is_never_at_two_places() {
    let rename = event(Request::Rename(0, 1), Answer::Done, 2, 9);
    let read = |first: Option<&str>, second: Option<&str>| {
        let values = vec![first.map(str::to_owned), second.map(str::to_owned)];
        event(Request::GetMany(vec![0, 1]), Answer::Values(values), 3, 4)
    };
    assert!(is_linearizable(&[set("a", 0, 1), rename.clone(), read(Some("a"), None)]));
    assert!(is_linearizable(&[set("a", 0, 1), rename.clone(), read(None, Some("a"))]));
    assert!(!is_linearizable(&[set("a", 0, 1), rename.clone(), read(Some("a"), Some("a"))]));
    assert!(!is_linearizable(&[set("a", 0, 1), rename, read(None, None)]));
}

/// A history made by one thread after the other, then with its intervals stretched, stays right; with one answer
/// changed to what nobody wrote it is wrong.
#[test]
fn long_histories_are_decided_quickly() {
    let mut history = Vec::new();
    for round in 0..400u64 {
        let at = round * 10;
        // Each overlaps the two before it and the two after.
        history.push(event(Request::Append(0, "x".into()), Answer::Integer(round as i64 + 1), at, at + 25));
    }
    assert!(is_linearizable(&history));
    history[200].answer = Answer::Integer(7777);
    assert!(!is_linearizable(&history));
}
