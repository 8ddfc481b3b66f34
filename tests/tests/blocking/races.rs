//! Producers and consumers on many connections: no element gets lost, none comes twice.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use polycache_tests::support::{Client, Kind, Server, Value};

const PRODUCERS: usize = 4;
const CONSUMERS: usize = 6;
const ELEMENTS: usize = 2000;

/// Elements of a reply of any of the popping commands.
fn elements(reply: &Value) -> Vec<Vec<u8>> {
    match reply.items() {
        [] => reply.bytes().map(<[u8]>::to_vec).into_iter().collect(),
        [_, Value::Array(elements)] => {
            elements.iter().filter_map(|element| Some(element.bytes()?.to_vec())).collect()
        }
        [_, element] => element.bytes().map(<[u8]>::to_vec).into_iter().collect(),
        _ => panic!("{reply:?}"),
    }
}

fn produce(client: &mut Client, producer: usize) {
    let mut random = fastrand::Rng::with_seed(producer as u64);
    let mut next = 0;
    while next < ELEMENTS {
        let count = random.usize(1..=4).min(ELEMENTS - next);
        let key = ["a", "b", "c"][random.usize(..3)];
        let mut command = vec![if random.bool() { "LPUSH" } else { "RPUSH" }.to_owned(), key.to_owned()];
        command.extend((next..next + count).map(|element| format!("{producer}:{element}")));
        assert!(matches!(client.call(&command), Value::Integer(_)));
        next += count;
    }
}

/// Takes elements until all are taken; those that are moved are taken later.
fn consume(client: &mut Client, consumer: usize, taken: &AtomicUsize) -> Vec<Vec<u8>> {
    let mut random = fastrand::Rng::with_seed(1000 + consumer as u64);
    let mut mine = Vec::new();
    while taken.load(Ordering::SeqCst) < PRODUCERS * ELEMENTS {
        let (command, moves) = match random.u8(..12) {
            0..=3 => ("BLPOP a b c d 0.05", false),
            4..=5 => ("BRPOP d c b a 0.05", false),
            6 => ("BLMPOP 0.05 4 d a c b LEFT COUNT 3", false),
            7 => ("BLMOVE a d LEFT RIGHT 0.01", true),
            8 => ("BLMOVE b a RIGHT LEFT 0.01", true),
            9 => ("BRPOPLPUSH c b 0.01", true),
            10 => ("LPOP a 2", false),
            _ => ("LMOVE d c LEFT LEFT", true),
        };
        let reply = client.say(command);
        assert!(!matches!(reply, Value::Error(_)), "{command}: {reply:?}");
        if moves {
            continue;
        }
        let got = if command.starts_with("LPOP") {
            reply.items().iter().filter_map(|element| Some(element.bytes()?.to_vec())).collect()
        } else {
            elements(&reply)
        };
        taken.fetch_add(got.len(), Ordering::SeqCst);
        mine.extend(got);
    }
    mine
}

#[test]
fn every_element_is_taken_once() {
    let server = Server::volatile(Kind::Polycache);
    let taken = AtomicUsize::new(0);
    let all: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let consumers: Vec<_> = (0..CONSUMERS)
            .map(|consumer| {
                let (mut client, taken) = (server.client(), &taken);
                scope.spawn(move || consume(&mut client, consumer, taken))
            })
            .collect();
        for producer in 0..PRODUCERS {
            let mut client = server.client();
            scope.spawn(move || produce(&mut client, producer));
        }
        consumers.into_iter().flat_map(|consumer| consumer.join().expect("a consumer")).collect()
    });
    let distinct: HashSet<&Vec<u8>> = all.iter().collect();
    assert_eq!((all.len(), distinct.len()), (PRODUCERS * ELEMENTS, PRODUCERS * ELEMENTS));
    let mut client = server.client();
    assert_eq!(client.say("EXISTS a b c d"), Value::Integer(0));
}
