//! Blocked connections: what they hold up, what they leave behind, what many of them cost.

use std::time::{Duration, Instant};

use polycache_tests::support::{Client, Kind, Server, Value, encode};

/// A condition that takes longer will not come.
const PATIENCE: Duration = Duration::from_secs(30);

fn info(client: &mut Client, field: &str) -> u64 {
    let reply = client.say("INFO everything");
    let text = String::from_utf8_lossy(reply.bytes().unwrap_or_default()).into_owned();
    let line = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':')).expect("the field");
    line.trim().parse().expect("a number")
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn send(client: &mut Client, command: &str) {
    let mut bytes = Vec::new();
    encode(&command.split(' ').collect::<Vec<_>>(), &mut bytes);
    client.send(&bytes).expect("sent");
}

#[test]
fn what_follows_in_the_pipeline_waits() {
    let server = Server::volatile(Kind::Polycache);
    let (mut blocked, mut other) = (server.client(), server.client());
    for command in ["SET before 1", "BLPOP k 0", "SET after 1", "RPUSH log x"] {
        send(&mut blocked, command);
    }
    assert!(blocked.read().expect("SET's reply").is_ok());
    until("it blocks", || info(&mut other, "blocked_clients") == 1);
    assert_eq!(other.say("EXISTS before after log"), Value::Integer(1));
    assert_eq!(other.say("RPUSH k v"), Value::Integer(1));
    assert_eq!(blocked.read().expect("BLPOP's reply").items().len(), 2);
    assert!(blocked.read().expect("SET's reply").is_ok());
    assert_eq!(blocked.read().expect("RPUSH's reply"), Value::Integer(1));
    assert_eq!(info(&mut other, "blocked_clients"), 0);
}

#[test]
fn an_idle_entry_wakes_those_who_claim_it() {
    let server = Server::volatile(Kind::Polycache);
    let (mut blocked, mut other) = (server.client(), server.client());
    assert!(other.say("XGROUP CREATE s g 0 MKSTREAM").is_ok());
    other.say("XADD s 1 f v");
    assert_eq!(other.say("XREADGROUP GROUP g gone STREAMS s >").items().len(), 1);
    // Its own time is over before anything has lain so long.
    let reply = blocked.say("XREADGROUP GROUP g here BLOCK 30 CLAIM 3600000 STREAMS s >");
    assert_eq!(reply, Value::NullArray);
    // Nobody writes meanwhile.
    let reply = blocked.say("XREADGROUP GROUP g here BLOCK 0 CLAIM 50 STREAMS s >");
    let entry = &reply.items()[0].items()[1].items()[0];
    assert_eq!(entry.items()[0].bytes(), Some(&b"1-0"[..]));
    assert_eq!(entry.items()[3], Value::Integer(1));
    let owner = other.say("XPENDING s g - + 1").items()[0].items()[1].clone();
    assert_eq!(owner.bytes(), Some(&b"here"[..]));
    assert_eq!(info(&mut other, "blocked_clients"), 0);
}

#[test]
fn a_client_that_goes_away_leaves_nothing_behind() {
    let server = Server::volatile(Kind::Polycache);
    let mut control = server.client();
    for kills in [false, true] {
        let mut clients: Vec<Client> = (0..20).map(|_| server.client()).collect();
        for client in &mut clients {
            send(client, "BLPOP k other 0");
        }
        until("they block", || info(&mut control, "blocked_clients") == 20);
        assert_eq!(info(&mut control, "total_blocking_keys"), 2);
        if kills {
            assert_eq!(control.say("CLIENT KILL TYPE normal"), Value::Integer(20));
        } else {
            drop(clients);
        }
        until("they are gone", || info(&mut control, "blocked_clients") == 0);
        assert_eq!(info(&mut control, "total_blocking_keys"), 0);
        assert_eq!(control.say("RPUSH k x"), Value::Integer(1));
        assert_eq!(control.say("LLEN k"), Value::Integer(1));
        assert!(control.say("FLUSHALL").is_ok());
    }
}

#[test]
fn muted_clients_hear_nothing() {
    let server = Server::volatile(Kind::Polycache);
    let (mut blocked, mut other) = (server.client(), server.client());
    for command in ["CLIENT REPLY SKIP", "BLPOP k 0", "ECHO next"] {
        send(&mut blocked, command);
    }
    until("it blocks", || info(&mut other, "blocked_clients") == 1);
    other.say("RPUSH k v");
    assert_eq!(blocked.read().expect("ECHO's reply").bytes(), Some(&b"next"[..]));
}

#[test]
fn thousands_of_waiters_are_served_in_order() {
    const CLIENTS: usize = 2000;
    let server = Server::volatile(Kind::Polycache);
    let mut control = server.client();
    let mut clients: Vec<Client> = Vec::new();
    for number in 0..CLIENTS {
        let mut client = server.client();
        send(&mut client, "BLPOP k 0");
        clients.push(client);
        // So that the order of arrival is known.
        if number % 16 == 15 || number == CLIENTS - 1 {
            until("they block", || info(&mut control, "blocked_clients") == number as u64 + 1);
        }
    }
    for batch in 0..CLIENTS / 100 {
        let mut command = vec!["RPUSH".to_owned(), "k".to_owned()];
        command.extend((0..100).map(|number| (batch * 100 + number).to_string()));
        assert_eq!(control.call(&command), Value::Integer(100));
    }
    assert_eq!(info(&mut control, "blocked_clients"), 0);
    let mut got = Vec::new();
    for client in &mut clients {
        let reply = client.read().expect("a reply");
        let number = String::from_utf8_lossy(reply.items()[1].bytes().expect("an element")).into_owned();
        got.push(number.parse::<usize>().expect("a number"));
    }
    // Sixteen at a time arrive in an order that is up to the server.
    for (group, numbers) in got.chunks(16).enumerate() {
        let mut numbers = numbers.to_vec();
        numbers.sort_unstable();
        let expected: Vec<usize> = (group * 16..(group * 16 + numbers.len())).collect();
        assert_eq!(numbers, expected);
    }
}
