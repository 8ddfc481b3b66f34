//! Publishing and subscribing in-process, with publishers and subscribers on the wire.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use polycache_server::embedded::{Cache, ErrorKind, Options, Serve, Subscription};

const PATIENCE: Option<Duration> = Some(Duration::from_secs(10));

fn parts(subscription: &Subscription) -> (Vec<u8>, Vec<u8>) {
    let message = subscription.next(PATIENCE).unwrap().expect("a message");
    let (_, channel, payload) = message.parts().unwrap();
    (channel.to_vec(), payload.to_vec())
}

#[test]
fn both_ways_over_the_wire() {
    let cache = Cache::open(&Options::default()).unwrap();
    let served = cache.serve(&Serve { resp: Some("127.0.0.1:0".into()), ..Serve::default() }).unwrap();
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = calls.clone();
    let call = Box::new(move || {
        counter.fetch_add(1, Ordering::SeqCst);
    });
    let subscription = cache.subscribe(&[b"news"], &[b"n*"], Some(call)).unwrap();
    let mut wire = TcpStream::connect(served.resp().unwrap()).unwrap();
    let mut reply = [0; 4];
    wire.write_all(b"PUBLISH news hello\r\n").unwrap();
    wire.read_exact(&mut reply).unwrap();
    assert_eq!(&reply, b":2\r\n");
    assert_eq!(parts(&subscription), (b"news".to_vec(), b"hello".to_vec()));
    let by_pattern = subscription.next(PATIENCE).unwrap().unwrap();
    assert_eq!(by_pattern.parts(), Some((Some(&b"n*"[..]), &b"news"[..], &b"hello"[..])));
    assert!(calls.load(Ordering::SeqCst) > 0);
    assert!(subscription.try_next().unwrap().is_none());
    assert!(subscription.next(Some(Duration::from_millis(1))).unwrap().is_none());

    wire.write_all(b"SUBSCRIBE back\r\n").unwrap();
    let mut confirmed = [0; b"*3\r\n$9\r\nsubscribe\r\n$4\r\nback\r\n:1\r\n".len()];
    wire.read_exact(&mut confirmed).unwrap();
    assert_eq!(cache.publish(b"back", b"hi").unwrap(), 1);
    let mut message = [0; b"*3\r\n$7\r\nmessage\r\n$4\r\nback\r\n$2\r\nhi\r\n".len()];
    wire.read_exact(&mut message).unwrap();
    assert!(message.ends_with(b"hi\r\n"));

    assert_eq!(cache.publish(b"nine", b"x").unwrap(), 1);
    subscription.close();
    assert_eq!(cache.publish(b"nine", b"y").unwrap(), 0);
    assert_eq!(parts(&subscription), (b"nine".to_vec(), b"x".to_vec()));
    assert_eq!(subscription.next(PATIENCE).unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn who_waits_is_woken_when_the_cache_closes() {
    let cache = Cache::open(&Options::default()).unwrap();
    let subscription = cache.subscribe(&[b"c"], &[], None).unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| subscription.next(PATIENCE).map(|_| ()));
        std::thread::sleep(Duration::from_millis(20));
        cache.close().unwrap();
        assert_eq!(waiting.join().unwrap().unwrap_err().kind(), ErrorKind::Closed);
    });
}
