//! Scripts from a program that has the engine in itself.

use polycache_core::command::Value;

use crate::embedded::{Cache, Options};

fn bulk(text: &str) -> Value {
    Value::Bulk(text.into())
}

#[test]
fn a_handle_runs_scripts_and_functions() {
    let cache = Cache::open(&Options::default()).unwrap();
    let source: &[u8] = b"redis.call('set', KEYS[1], ARGV[1]) return {redis.call('get', KEYS[1]), 7, false}";
    for _ in 0..2 {
        let (value, _) = cache.execute(&[b"EVAL", source, b"1", b"k", b"v"]).unwrap();
        assert_eq!(value, Value::Array(vec![bulk("v"), Value::Integer(7), Value::Null]));
    }
    let code = b"#!lua name=l\nredis.register_function('f', function(keys, args) return args[1] .. '!' end)";
    let _ = cache.execute(&[b"FUNCTION", b"LOAD", code]).unwrap();
    assert_eq!(cache.execute(&[b"FCALL", b"f", b"0", b"hi"]).unwrap().0, bulk("hi!"));
    assert!(cache.execute(&[b"EVAL", b"return redis.call('get')", b"0"]).is_err());
    assert!(cache.execute(&[b"EVAL", b"x = 1", b"0"]).is_err());
}

#[test]
fn handles_of_several_threads_run_scripts_at_once() {
    let cache = Cache::open(&Options::default()).unwrap();
    let source: &[u8] = b"return redis.call('incrby', KEYS[1], #ARGV[1])";
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..200 {
                    let _ = cache.execute(&[b"EVAL", source, b"1", b"n", b"xx"]).unwrap();
                }
            });
        }
    });
    assert_eq!(cache.execute(&[b"GET", b"n"]).unwrap().0, bulk("1600"));
}
