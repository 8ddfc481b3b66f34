//! Times saving and opening: `cargo run --release -p polycache-core --example snapshot_times [KEYS] [DIRECTORY]`.

use std::path::PathBuf;
use std::time::Instant;

use polycache_core::config::{EngineConfig, Maintenance};
use polycache_core::engine::Engine;
use polycache_core::log::Lsn;
use polycache_core::operation::Touch;
use polycache_core::record::{Draft, Effect};
use polycache_core::snapshot::{restore, save};
use polycache_core::transaction::Entry;

/// Processor time of the process so far, in milliseconds: what counts on a busy machine.
fn cpu() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is valid for writing.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

fn main() {
    let mut args = std::env::args().skip(1);
    let keys: u64 = args.next().map_or(1_000_000, |keys| keys.parse().expect("a number of keys"));
    let dir = args.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let path = dir.join(format!("snapshot-times-{}.pcs", std::process::id()));
    let new =
        || Engine::in_memory(EngineConfig { maintenance: Maintenance::Caller, ..EngineConfig::default() });
    let key = |number: u64| format!("key:{number:012}");
    let first = new();
    let start = Instant::now();
    for number in 0..keys {
        Entry::latch(&first.begin(), 0, key(number).as_bytes())
            .unwrap()
            .put(Draft::string(&[b'v'; 64]), Effect::Set);
    }
    println!("{keys} SET: {:?}, {} bytes each", start.elapsed(), first.memory().used() / keys);
    for _ in 0..5 {
        let before = cpu();
        let (saved, ()) = save(&first, &path, || (Lsn(0), ())).unwrap();
        let (took, megabytes) = (saved.duration, saved.header.file_bytes >> 20);
        println!("save: {took:?}, {:.1} ms of processor, {megabytes} MB", cpu() - before);
    }
    drop(first);
    for _ in 0..5 {
        let (start, before) = (Instant::now(), cpu());
        let second = new();
        restore(&second, &path).unwrap();
        let opened = start.elapsed();
        let record = second.begin().read(0, key(keys / 2).as_bytes(), Touch::Access).unwrap().is_some();
        let cpu = cpu() - before;
        println!("open: {opened:?}, {cpu:.1} ms of processor, first GET: {:?} ({record})", start.elapsed());
    }
    let second = new();
    restore(&second, &path).unwrap();
    let (saved, ()) = save(&second, &path, || (Lsn(0), ())).unwrap();
    println!("save what is mapped: {:?}", saved.duration);
    let start = Instant::now();
    let status = second.scrub();
    println!("scrub: {:?} {status:?}", start.elapsed());
    let start = Instant::now();
    for number in 0..keys {
        assert!(second.begin().read(0, key(number).as_bytes(), Touch::Access).unwrap().is_some());
    }
    println!("first touch of all: {:?}", start.elapsed());
    std::fs::remove_file(&path).expect("removable");
}
