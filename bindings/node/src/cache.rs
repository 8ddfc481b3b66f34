//! The cache: one native method per thing that must cross the boundary.

use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{AsyncTask, Buffer, Function, Int32Array};
use napi_derive::napi;
use polycache_server::embedded::{
    self, Condition, Durable, Error, ErrorKind, Expire, Options, Serve, SetOptions, Ttl,
};

use crate::argument::{Bytes, Target};
use crate::error::{OrThrow, Result};
use crate::loading::{self, How, Waiting};
use crate::reply::{self, Bulk};
use crate::result::{Raw, array, buffer, integer, null, string, string_of};
use crate::subscription::subscribe;
use crate::task::{Answer, Work, start};

/// `flags` of set: the condition, and keeping the expiry. The same numbers stand in `index.js`.
const IF_ABSENT: u32 = 1;
const IF_PRESENT: u32 = 2;
const KEEP_TTL: u32 = 4;
/// Return before the write is on the disk.
const NO_WAIT: u32 = 8;

#[napi]
pub struct Cache {
    cache: Arc<embedded::Cache>,
}

/// The values of many keys: value `i` lies in `data` from the end of the one before up to `ends[i]`; a missing one has the
/// bitwise complement of its end.
#[napi(object)]
pub struct Packed {
    pub data: Buffer,
    pub ends: Int32Array,
}

/// Opens a cache; `options` are names and values in turn.
#[napi]
pub fn open(options: Vec<String>) -> Result<Cache> {
    let mut parsed = Options::default();
    for pair in options.chunks_exact(2) {
        parsed.set(&pair[0], &pair[1]).or_throw()?;
    }
    Ok(Cache { cache: Arc::new(embedded::Cache::open(&parsed).or_throw()?) })
}

#[napi]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

#[napi]
impl Cache {
    #[napi(catch_unwind)]
    pub fn get(&self, env: &Env, key: Bytes) -> Result<Raw> {
        match self.cache.get(key.as_slice(), |value| string_of(env, value)).or_throw()? {
            Some(string) => string,
            None => null(env),
        }
    }

    /// Copies what fits into `target`; the length of the whole value, or -1.
    #[napi(catch_unwind)]
    pub fn get_into(&self, key: Bytes, target: Target) -> Result<f64> {
        let len = self.cache.get(key.as_slice(), |value| {
            target.fill(value.range(0, target.capacity()));
            value.len()
        });
        Ok(len.or_throw()?.map_or(-1.0, |len| len as f64))
    }

    /// The value in a buffer of its own: for large ones.
    #[napi(catch_unwind)]
    pub fn get_large(&self, env: &Env, key: Bytes) -> Result<Raw> {
        match self.cache.get(key.as_slice(), |value| value.to_vec()).or_throw()? {
            Some(bytes) => buffer(env, bytes),
            None => null(env),
        }
    }

    #[napi(catch_unwind)]
    pub fn get_many(&self, keys: Vec<Bytes>) -> Result<Packed> {
        let keys: Vec<&[u8]> = keys.iter().map(Bytes::as_slice).collect();
        let mut data = Vec::new();
        let mut ends = Vec::with_capacity(keys.len());
        let mut fits = true;
        let read = self.cache.get_many(&keys, |_, value| {
            let len = value.map_or(0, |value| value.len());
            match i32::try_from(data.len() + len) {
                Ok(end) if fits => {
                    if let Some(value) = value {
                        value.copy_range(0, usize::MAX, &mut data);
                        ends.push(end);
                    } else {
                        ends.push(!end);
                    }
                }
                _ => fits = false,
            }
        });
        read.or_throw()?;
        if !fits {
            let error = Error::new(
                ErrorKind::Misuse,
                "the values are together longer than 2 GiB: ask for fewer keys",
            );
            return Err(error).or_throw();
        }
        Ok(Packed { data: data.into(), ends: Int32Array::new(ends) })
    }

    /// Sets a key; `ttl_ms` 0 is never; whether it was written.
    #[napi(catch_unwind)]
    pub fn set(&self, key: Bytes, value: Bytes, ttl_ms: f64, flags: u32) -> Result<bool> {
        let condition = match flags & (IF_ABSENT | IF_PRESENT) {
            0 => Condition::Always,
            IF_ABSENT => Condition::IfAbsent,
            IF_PRESENT => Condition::IfPresent,
            _ => return misuse("nx and xx exclude each other"),
        };
        let expire = match (flags & KEEP_TTL != 0, expire(ttl_ms)?) {
            (false, expire) => expire,
            (true, Expire::Never) => Expire::Keep,
            (true, _) => return misuse("ttl and keepTtl exclude each other"),
        };
        let options = SetOptions { expire, condition };
        let (stored, durable) = self.cache.set(key.as_slice(), value.as_slice(), &options).or_throw()?;
        if flags & NO_WAIT == 0 {
            durable.wait().or_throw()?;
        }
        Ok(stored)
    }

    /// Sets keys at one instant; `items` are keys and values in turn.
    #[napi(catch_unwind)]
    pub fn set_many(&self, items: Vec<Bytes>, ttl_ms: f64) -> Result<()> {
        let pairs: Vec<(&[u8], &[u8])> =
            items.chunks_exact(2).map(|pair| (pair[0].as_slice(), pair[1].as_slice())).collect();
        self.cache.set_many(&pairs, expire(ttl_ms)?).or_throw()?.wait().or_throw()
    }

    /// A value, the lease to load it, or a waiting.
    #[napi(catch_unwind, ts_return_type = "string | Buffer | Lease | Waiting")]
    pub fn ask(&self, env: &Env, key: Bytes, how: How) -> Result<Raw> {
        loading::ask(&self.cache, env, &key, &how)
    }

    #[napi(catch_unwind, ts_return_type = "string | Buffer | Lease | Waiting")]
    pub fn ask_again(&self, env: &Env, waiting: &Waiting, how: How) -> Result<Raw> {
        loading::ask_again(&self.cache, env, waiting, &how)
    }

    #[napi(catch_unwind)]
    pub fn invalidate(&self, key: Bytes) -> Result<bool> {
        finish(self.cache.invalidate(key.as_slice()))
    }

    #[napi(catch_unwind)]
    pub fn delete(&self, key: Bytes) -> Result<bool> {
        finish(self.cache.delete(key.as_slice()))
    }

    #[napi(catch_unwind)]
    pub fn delete_many(&self, keys: Vec<Bytes>) -> Result<f64> {
        let keys: Vec<&[u8]> = keys.iter().map(Bytes::as_slice).collect();
        finish(self.cache.delete_many(&keys)).map(|deleted| deleted as f64)
    }

    #[napi(catch_unwind)]
    pub fn exists(&self, key: Bytes) -> Result<bool> {
        self.cache.exists(key.as_slice()).or_throw()
    }

    #[napi(catch_unwind)]
    pub fn incr(&self, env: &Env, key: Bytes, by: i64) -> Result<Raw> {
        integer(env, finish(self.cache.increment(key.as_slice(), by))?)
    }

    /// Sets the expiry of a key, 0 is never; whether the key exists.
    #[napi(catch_unwind)]
    pub fn expire(&self, key: Bytes, ttl_ms: f64) -> Result<bool> {
        finish(self.cache.expire(key.as_slice(), expire(ttl_ms)?))
    }

    /// Milliseconds that a key has left; -1 where it never expires, -2 without the key.
    #[napi(catch_unwind)]
    pub fn ttl(&self, key: Bytes) -> Result<f64> {
        Ok(match self.cache.ttl(key.as_slice()).or_throw()? {
            Ttl::Missing => -2.0,
            Ttl::Forever => -1.0,
            Ttl::Left { ms } => ms as f64,
        })
    }

    /// One step of a walk: the next cursor as text, then keys.
    #[napi(catch_unwind)]
    pub fn scan(
        &self,
        env: &Env,
        cursor: String,
        pattern: Option<Bytes>,
        count: u32,
        buffers: bool,
    ) -> Result<Raw> {
        let Ok(cursor) = cursor.parse() else { return misuse("the cursor is not one of scan") };
        let pattern = pattern.as_ref().map(Bytes::as_slice);
        let (next, keys) = self.cache.scan(cursor, pattern, count as usize).or_throw()?;
        let next = std::iter::once(string(env, next.to_string().as_bytes()));
        let len = 1 + keys.len();
        let keys = keys.into_iter().map(|key| if buffers { buffer(env, key) } else { string(env, &key) });
        array(env, len, next.chain(keys))
    }

    #[napi(catch_unwind)]
    pub fn execute(&self, env: &Env, args: Vec<Bytes>, buffers: bool) -> Result<Raw> {
        let args: Vec<&[u8]> = args.iter().map(Bytes::as_slice).collect();
        let mut would_wait = false;
        let done = self.cache.execute_while(&args, &mut || {
            would_wait = true;
            false
        });
        if would_wait {
            return misuse("the command would wait, and the event loop with it: call executeAsync");
        }
        reply::value(env, bulk(buffers), finish(done)?)
    }

    /// All commands as one; their replies.
    #[napi(catch_unwind)]
    pub fn transaction(&self, env: &Env, commands: Vec<Vec<Bytes>>) -> Result<Raw> {
        let commands: Vec<Vec<&[u8]>> =
            commands.iter().map(|args| args.iter().map(Bytes::as_slice).collect()).collect();
        let commands: Vec<&[&[u8]]> = commands.iter().map(Vec::as_slice).collect();
        let done = self
            .cache
            .transaction(&commands)
            .map(|(values, durable)| (polycache_core::command::Value::Array(values), durable));
        reply::value(env, bulk(false), finish(done)?)
    }

    #[napi]
    pub fn execute_later(&self, args: Vec<Bytes>, buffers: bool) -> AsyncTask<Work> {
        let cache = self.cache.clone();
        let args: Vec<Vec<u8>> = args.iter().map(|arg| arg.as_slice().to_vec()).collect();
        start(move || {
            let args: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
            let (value, durable) = cache.execute(&args)?;
            durable.wait()?;
            Ok(Answer::Reply(value, bulk(buffers)))
        })
    }

    #[napi(catch_unwind)]
    pub fn len(&self) -> Result<f64> {
        self.cache.len().or_throw().map(|len| len as f64)
    }

    #[napi(catch_unwind)]
    pub fn clear(&self) -> Result<()> {
        self.cache.clear().or_throw()?.wait().or_throw()
    }

    /// keys, hits, misses, expired, evicted, used and maximal bytes.
    #[napi(catch_unwind)]
    pub fn stats(&self) -> Result<Vec<f64>> {
        let stats = self.cache.stats().or_throw()?;
        let numbers = [
            stats.keys,
            stats.hits,
            stats.misses,
            stats.expired,
            stats.evicted,
            stats.used_bytes,
            stats.max_bytes,
        ];
        Ok(numbers.map(|number| number as f64).to_vec())
    }

    #[napi(catch_unwind)]
    pub fn database(&self, index: u32) -> Result<Cache> {
        Ok(Cache { cache: Arc::new(self.cache.database(index).or_throw()?) })
    }

    #[napi]
    pub fn publish(&self, channel: Bytes, message: Bytes) -> Result<u32> {
        Ok(self.cache.publish(channel.as_slice(), message.as_slice()).or_throw()? as u32)
    }

    #[napi(ts_return_type = "Subscription")]
    pub fn subscribe(
        &self,
        env: &Env,
        channels: Vec<Bytes>,
        patterns: Vec<Bytes>,
        wake: Function<'_, (), ()>,
    ) -> Result<Raw> {
        subscribe(&self.cache, env, &channels, &patterns, &wake)
    }

    #[napi]
    pub fn serve(
        &self,
        resp: Option<String>,
        memcached: Option<String>,
        password: Option<String>,
    ) -> AsyncTask<Work> {
        let cache = self.cache.clone();
        start(move || cache.serve(&Serve { resp, memcached, password }).map(Answer::Served))
    }

    #[napi]
    pub fn save(&self) -> AsyncTask<Work> {
        let cache = self.cache.clone();
        start(move || cache.save().map(|()| Answer::Nothing))
    }

    #[napi]
    pub fn flush(&self) -> AsyncTask<Work> {
        let cache = self.cache.clone();
        start(move || cache.flush().map(|()| Answer::Nothing))
    }

    #[napi]
    pub fn close(&self) -> AsyncTask<Work> {
        let cache = self.cache.clone();
        start(move || close(&cache).map(|()| Answer::Nothing))
    }

    #[napi(catch_unwind)]
    pub fn close_now(&self) -> Result<()> {
        close(&self.cache).or_throw()
    }

    #[napi(getter)]
    pub fn closed(&self) -> bool {
        self.cache.is_closed()
    }
}

/// Closing again does nothing.
fn close(cache: &embedded::Cache) -> embedded::Result<()> {
    match cache.close() {
        Err(error) if error.kind() == ErrorKind::Closed => Ok(()),
        outcome => outcome,
    }
}

/// Waits for the disk where that was promised.
fn finish<T>(written: embedded::Result<(T, Durable)>) -> Result<T> {
    let (result, durable) = written.or_throw()?;
    durable.wait().or_throw()?;
    Ok(result)
}

fn bulk(buffers: bool) -> Bulk {
    if buffers { Bulk::Buffers } else { Bulk::Strings }
}

pub fn expire(ttl_ms: f64) -> Result<Expire> {
    if ttl_ms == 0.0 {
        Ok(Expire::Never)
    } else if ttl_ms > 0.0 && ttl_ms < u64::MAX as f64 {
        Ok(Expire::After { ttl_ms: ttl_ms.ceil() as u64 })
    } else {
        misuse("ttl is a positive number of milliseconds")
    }
}

pub fn misuse<T>(text: &'static str) -> Result<T> {
    Err(Error::new(ErrorKind::Misuse, text)).or_throw()
}
