//! Tests of opening, recovering and rewriting over real directories, by way of commands.

use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::command::{Ctx, NoHost, Session, TABLES, Value, ValueReply, dispatch};
use crate::config::{BaseFormat, FsyncPolicy};

pub(super) fn registry() -> Registry {
    Registry::new(TABLES)
}

pub(super) fn config(dir: &Path) -> EngineConfig {
    EngineConfig { dir: Some(dir.to_owned()), append_only: true, ..EngineConfig::default() }
}

fn open(dir: &Path) -> Engine {
    Engine::open(config(dir), &registry()).unwrap()
}

const FORMATS: [BaseFormat; 3] = [BaseFormat::Snapshot, BaseFormat::Resp, BaseFormat::Rdb];

fn open_with(dir: &Path, aof_base_format: BaseFormat) -> Engine {
    Engine::open(EngineConfig { aof_base_format, ..config(dir) }, &registry()).unwrap()
}

fn run_in(engine: &Engine, db: u8, words: &[&[u8]]) -> Value {
    let (registry, op) = (registry(), engine.begin());
    let mut session = Session { db, no_touch: false };
    let mut reply = ValueReply::new();
    let mut ctx = Ctx {
        engine,
        op: &op,
        session: &mut session,
        reply: &mut reply,
        host: &mut NoHost,
        registry: &registry,
    };
    dispatch(&mut ctx, words);
    reply.finish().expect("a reply")
}

pub(super) fn run(engine: &Engine, text: &str) -> Value {
    run_in(engine, 0, &text.split(' ').map(str::as_bytes).collect::<Vec<_>>())
}

type Contents = BTreeMap<(u8, Vec<u8>), (Vec<u8>, Option<UnixMillis>, u32)>;

fn contents(engine: &Engine) -> Contents {
    let mut all = Contents::new();
    for db in 0..16 {
        engine.for_each_record(db, &mut |record| {
            let value = record.string().unwrap().to_vec();
            all.insert((db, record.key().to_vec()), (value, record.expire_at(), record.flags()));
        });
    }
    all
}

fn aof_files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        fs::read_dir(dir.join("appendonlydir")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn only_increment(dir: &Path) -> PathBuf {
    let files = aof_files(dir);
    let mut increments = files.into_iter().filter(|path| path.to_string_lossy().contains(".incr."));
    let found = increments.next().unwrap();
    assert!(increments.next().is_none());
    found
}

fn some_writes(engine: &Engine) {
    for line in [
        "SET a 1",
        "SET b 2 PX 100000000",
        "APPEND a 23",
        "INCRBY a 7",
        "MSET c 3 d 4",
        "DEL d",
        "SETRANGE long 40000 end",
        "RENAME c e",
        "PERSIST b",
        "EXPIRE e 100000",
    ] {
        assert!(!matches!(run(engine, line), Value::Error(_)), "{line}");
    }
    run_in(engine, 7, &[b"SET", b"other\r\n\0db", &[0xff; 300]]);
}

#[test]
fn what_was_written_is_there_after_reopening() {
    for policy in [FsyncPolicy::Always, FsyncPolicy::EverySec, FsyncPolicy::No] {
        for io in [crate::config::AofIo::Auto, crate::config::AofIo::Thread] {
            let dir = tempfile::tempdir().unwrap();
            let config = EngineConfig { fsync: policy, aof_io: io, ..config(dir.path()) };
            let mut before = Contents::new();
            for _ in 0..3 {
                let engine = Engine::open(config.clone(), &registry()).unwrap();
                assert_eq!(contents(&engine), before);
                some_writes(&engine);
                before = contents(&engine);
                engine.close().unwrap();
            }
            assert_eq!(before.len(), 5, "{:?}", before.keys());
            only_increment(dir.path());
        }
    }
}

#[test]
fn dropping_the_engine_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    some_writes(&engine);
    let before = contents(&engine);
    drop(engine);
    assert_eq!(contents(&open(dir.path())), before);
}

#[test]
fn a_rewrite_under_load_keeps_everything() {
    FORMATS.into_iter().for_each(rewrite_under_load);
}

fn rewrite_under_load(format: BaseFormat) {
    let dir = tempfile::tempdir().unwrap();
    let engine = open_with(dir.path(), format);
    some_writes(&engine);
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let engine = &engine;
            scope.spawn(move || {
                for count in 0..2000 {
                    run(engine, &format!("SET key{} {count}", count % 300));
                    run(engine, &format!("APPEND log{thread} {count},"));
                    run(engine, &format!("INCR both{}", count % 7));
                    if count % 50 == 0 {
                        run(engine, &format!("DEL key{}", count % 300));
                    }
                }
            });
        }
        for _ in 0..4 {
            engine.persistence().unwrap().rewrite(&engine).unwrap();
        }
    });
    let before = contents(&engine);
    let status = engine.persistence().unwrap().status(&engine);
    assert!(status.rewrites.ok && status.rewrites.runs == 4 && !status.rewrite_in_progress);
    engine.close().unwrap();
    assert_eq!(aof_files(dir.path()).len(), 3, "history is gone: {:?}", aof_files(dir.path()));
    assert_eq!(contents(&open(dir.path())), before);
}

#[test]
fn flags_of_memcached_survive_log_and_rewrite() {
    FORMATS.into_iter().for_each(flags_survive);
}

fn flags_survive(format: BaseFormat) {
    let dir = tempfile::tempdir().unwrap();
    let engine = open_with(dir.path(), format);
    {
        let op = engine.begin();
        let (mut session, mut reply, registry) = (Session::default(), ValueReply::new(), registry());
        let ctx = Ctx {
            engine: &engine,
            op: &op,
            session: &mut session,
            reply: &mut reply,
            host: &mut NoHost,
            registry: &registry,
        };
        let draft = crate::record::Draft { flags: 12345, ..crate::record::Draft::string(b"v") };
        ctx.latch(b"flagged").unwrap().put(draft, crate::record::Effect::Set);
    }
    run(&engine, "SET plain x");
    let before = contents(&engine);
    engine.close().unwrap();
    let engine = open_with(dir.path(), format);
    assert_eq!(contents(&engine), before);
    engine.persistence().unwrap().rewrite(&engine).unwrap();
    engine.close().unwrap();
    drop(engine);
    assert_eq!(contents(&open(dir.path())), before);
}

#[test]
fn torn_at_every_byte_it_opens_with_a_prefix() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    let mut states = vec![contents(&engine)];
    for line in ["SET a 1", "MSET b 2 c 3", "APPEND a 2", "DEL b c"] {
        run(&engine, line);
        engine.log().sync_blocking(None).unwrap();
        states.push(contents(&engine));
    }
    engine.close().unwrap();
    let path = only_increment(dir.path());
    let whole = fs::read(&path).unwrap();
    let manifest = fs::read(dir.path().join("appendonlydir/appendonly.aof.manifest")).unwrap();
    let mut seen = 0;
    for len in (0..=whole.len()).rev() {
        fs::write(&path, &whole[..len]).unwrap();
        let engine = open(dir.path());
        let now = contents(&engine);
        let state = states.iter().position(|state| *state == now);
        let state = state.unwrap_or_else(|| panic!("torn at {len}: a state that never was: {now:?}"));
        assert!(state <= states.len() - 1 - seen, "torn at {len}");
        seen = states.len() - 1 - state;
        if len % 9 == 0 {
            // It goes on where it was cut.
            run(&engine, "SET later x");
            engine.close().unwrap();
            drop(engine);
            let engine = open(dir.path());
            assert_eq!(contents(&engine).len(), now.len() + 1, "torn at {len}");
            engine.close().unwrap();
        } else {
            engine.close().unwrap();
        }
        // A file without its first mark counts as one of Redis, and a new increment is opened behind it.
        for extra in aof_files(dir.path()).into_iter().filter(|file| *file != path) {
            fs::remove_file(extra).unwrap();
        }
        fs::write(dir.path().join("appendonlydir/appendonly.aof.manifest"), manifest.as_slice()).unwrap();
    }
    assert_eq!(seen, states.len() - 1);
}

#[test]
fn a_torn_tail_refuses_to_open_where_that_is_configured() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    run(&engine, "SET a 1");
    engine.close().unwrap();
    let path = only_increment(dir.path());
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    let config = EngineConfig { aof_load_truncated: false, ..config(dir.path()) };
    let error = Engine::open(config, &registry()).err().unwrap().to_string();
    assert!(error.contains("aof-load-truncated is no"), "{error}");
    assert!(error.contains("check --repair"), "{error}");
    drop(engine);
}

#[test]
fn damage_in_the_middle_names_offset_and_repair() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    for key in ["a", "b", "c"] {
        run(&engine, &format!("SET {key} value"));
        engine.log().sync_blocking(None).unwrap();
    }
    engine.close().unwrap();
    let path = only_increment(dir.path());
    let mut bytes = fs::read(&path).unwrap();
    let at = memchr::memmem::rfind(&bytes, b"$1\r\nb").unwrap() + 4;
    bytes[at] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let error = Engine::open(config(dir.path()), &registry()).err().unwrap().to_string();
    assert!(error.contains("is damaged at offset"), "{error}");
    assert!(error.contains(&format!("polycache-server check --repair {}", path.display())), "{error}");
    let report = check(&path).unwrap().remove(0);
    assert!(!report.is_usable(), "{report}");
    drop(engine);
    let repaired = repair(&path).unwrap();
    assert_eq!(repaired.verdict, Verdict::Whole);
    let engine = open(dir.path());
    assert_eq!(run(&engine, "GET a"), Value::Bulk(b"value".to_vec()));
    assert_eq!(run(&engine, "GET b"), Value::Null);
    let kept: Vec<_> = aof_files(dir.path())
        .into_iter()
        .filter(|path| path.to_string_lossy().contains(".removed-"))
        .collect();
    assert_eq!(kept.len(), 1, "what was cut off is kept");
}

#[test]
fn a_directory_opens_once() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path());
    let error = Engine::open(config(dir.path()), &registry()).err().unwrap();
    assert!(matches!(error, StorageError::Locked { .. }), "{error}");
    first.close().unwrap();
    open(dir.path());
}

#[test]
fn an_old_single_file_is_moved_into_the_new_layout() {
    let dir = tempfile::tempdir().unwrap();
    let text =
        "*2\r\n$6\r\nSELECT\r\n$1\r\n2\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n*2\r\n$3\r\nDEL\r\n$1";
    fs::write(dir.path().join("appendonly.aof"), text).unwrap();
    let engine = open(dir.path());
    assert_eq!(run_in(&engine, 2, &[b"GET", b"k"]), Value::Bulk(b"v".to_vec()));
    run_in(&engine, 2, &[b"SET", b"l", b"w"]);
    engine.close().unwrap();
    drop(engine);
    let manifest = fs::read_to_string(dir.path().join("appendonlydir/appendonly.aof.manifest")).unwrap();
    assert_eq!(manifest, "file appendonly.aof seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n");
    let engine = open(dir.path());
    assert_eq!(contents(&engine).len(), 2);
    engine.persistence().unwrap().rewrite(&engine).unwrap();
    engine.close().unwrap();
    drop(engine);
    assert_eq!(contents(&open(dir.path())).len(), 2);
}

#[test]
fn an_unknown_command_in_the_log_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("appendonly.aof"), "*3\r\n$6\r\nPFADDX\r\n$1\r\nk\r\n$1\r\nv\r\n").unwrap();
    let error = Engine::open(config(dir.path()), &registry()).err().unwrap().to_string();
    assert!(error.contains("'PFADDX'"), "{error}");
}

#[test]
fn the_aof_can_be_switched_on_and_off_while_running() {
    let dir = tempfile::tempdir().unwrap();
    let engine =
        Engine::open(EngineConfig { append_only: false, ..config(dir.path()) }, &registry()).unwrap();
    let persistence = engine.persistence().unwrap();
    run(&engine, "SET before 1");
    persistence.set_append_only(&engine, true).unwrap();
    while persistence.status(&engine).rewrite_in_progress {
        std::thread::yield_now();
    }
    assert!(engine.log().is_on());
    run(&engine, "SET during 1");
    persistence.set_append_only(&engine, false).unwrap();
    run(&engine, "SET unlogged 1");
    persistence.set_append_only(&engine, true).unwrap();
    while persistence.status(&engine).rewrite_in_progress {
        std::thread::yield_now();
    }
    run(&engine, "SET after 1");
    let before = contents(&engine);
    engine.close().unwrap();
    drop(engine);
    assert_eq!(contents(&open(dir.path())), before);
    assert_eq!(before.len(), 4);
}

#[test]
fn a_rewrite_with_the_log_off_leaves_it_off() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    run(&engine, "SET a 1");
    let persistence = engine.persistence().unwrap();
    persistence.set_append_only(&engine, false).unwrap();
    run(&engine, "SET b 2");
    persistence.rewrite(&engine).unwrap();
    assert!(!engine.log().is_on());
    let before = contents(&engine);
    engine.close().unwrap();
    drop(engine);
    assert_eq!(contents(&open(dir.path())), before);
}

#[test]
fn loading_the_aof_again_gives_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    some_writes(&engine);
    let before = contents(&engine);
    engine.persistence().unwrap().reload_aof(&engine, &registry()).unwrap();
    assert_eq!(contents(&engine), before);
    run(&engine, "SET again 1");
    engine.close().unwrap();
    drop(engine);
    assert_eq!(contents(&open(dir.path())).len(), before.len() + 1);
}

#[test]
fn a_key_that_expired_since_takes_its_later_commands() {
    let dir = tempfile::tempdir().unwrap();
    let text = "*5\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n$4\r\nPXAT\r\n$4\r\n5000\r\n\
                *3\r\n$6\r\nAPPEND\r\n$1\r\nk\r\n$1\r\nw\r\n";
    fs::write(dir.path().join("appendonly.aof"), text).unwrap();
    let engine = open(dir.path());
    assert_eq!(run(&engine, "GET k"), Value::Null, "an append must not make the key live again");
}

#[test]
fn a_read_only_directory_is_a_clear_error() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, b"").unwrap();
    let error = Engine::open(config(&file.join("sub")), &registry()).err().unwrap().to_string();
    assert!(error.starts_with("creating "), "{error}");
}

#[test]
fn growth_makes_a_rewrite_due() {
    let dir = tempfile::tempdir().unwrap();
    let config = EngineConfig {
        aof_base_format: BaseFormat::Resp,
        aof_rewrite_min_bytes: 2000,
        maintenance: crate::config::Maintenance::Caller,
        ..config(dir.path())
    };
    let engine = Engine::open(config, &registry()).unwrap();
    let persistence = engine.persistence().unwrap();
    persistence.maintain(&engine);
    assert_eq!(persistence.status(&engine).rewrites.runs, 0);
    for count in 0..100 {
        run(&engine, &format!("SET key {count}"));
    }
    engine.log().sync_blocking(None).unwrap();
    persistence.maintain(&engine);
    while persistence.status(&engine).rewrite_in_progress {
        std::thread::yield_now();
    }
    let status = persistence.status(&engine);
    assert_eq!(status.rewrites.runs, 1);
    assert!(status.aof_current_size < 500, "{status:?}");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn any_bytes_are_replayed_or_refused(lines in "((\\*[0-9]{1,2}|\\$[0-9]{1,2}|SET|GET|MULTI|EXEC|SELECT|k|#PC:[0-9:]*)\r\n){0,30}") {
        let engine = Engine::in_memory(EngineConfig::default());
        fuzz(&engine, &registry(), lines.as_bytes());
    }
}
