//! Any command by its name, and the calls that are a command.

use polycache_core::blocking::Ended;
use polycache_core::command::{Args, Ctx, Spec, Value, ValueReply, dispatch};

use super::direct::Expire;
use super::error::{Error, ErrorKind, Result};
use super::handle::{Cache, Durable};
use crate::client::KeyWait;
use crate::server::Server;
use crate::stats::Counter;

/// Keys that one step of a scan looks at when the caller leaves it to us: some tens of microseconds of work.
const SCAN_COUNT: usize = 512;

/// Commands that change or end a connection: a handle has none. Each with what to do instead.
const OF_CONNECTIONS: &[(&str, &str)] = &[
    ("auth", "an open cache needs no password"),
    ("hello", "replies have their types already"),
    ("quit", "close the cache"),
    ("reset", "a handle keeps no state"),
    ("select", "open a handle on the other database"),
    ("shutdown", "close the cache"),
];

impl Cache {
    /// Carries out one command; its reply with RESP3's types, or its error.
    ///
    /// A command that blocks lets this thread wait.
    pub fn execute(&self, args: Args<'_>) -> Result<(Value, Durable)> {
        self.execute_while(args, &mut || true)
    }

    /// The same; a waiting command asks `keep_waiting` some times a second, and ends as if its time were over when that
    /// says no.
    pub fn execute_while(
        &self,
        args: Args<'_>,
        keep_waiting: &mut dyn FnMut() -> bool,
    ) -> Result<(Value, Durable)> {
        let mut reply = ValueReply::new();
        let durable = self.execute_into(args, &mut reply, keep_waiting)?;
        match reply.finish() {
            Some(Value::Error(text)) => Err(Error::from_reply(text)),
            Some(value) => Ok((value, durable)),
            None => Ok((Value::Null, durable)),
        }
    }

    /// Carries out one command; every reply, errors of commands too, goes to `reply`.
    fn execute_into(
        &self,
        args: Args<'_>,
        reply: &mut ValueReply,
        keep_waiting: &mut dyn FnMut() -> bool,
    ) -> Result<Durable> {
        let Some(name) = args.first() else {
            return Err(Error::new(ErrorKind::Misuse, "a command needs its name"));
        };
        refuse_connection_commands(name)?;
        let shared = self.share()?;
        let lsn = shared.as_client(self.db(), |client, session| {
            let op = shared.engine.begin();
            let registry = shared.server.registry;
            let began = shared.server.stats.ticks.now();
            let host = &mut *client;
            let spec =
                dispatch(&mut Ctx { engine: &shared.engine, op: &op, session, reply, host, registry }, args);
            if let Some(spec) = spec
                && shared.server.monitors.any()
            {
                shared.server.monitors.tell(&shared.server, spec, session.db, "embedded", args);
            }
            count(&shared.server, spec, args, began, reply.error_text());
            let lsn = op.last_lsn();
            // Whoever waits must not keep the epoch.
            drop(op);
            let Some(KeyWait { blocked, .. }) = client.blocked.take() else { return lsn };
            let ended = blocked.wait(keep_waiting);
            client.entry.set_waiter(None);
            Ended::emit(ended.as_ref(), reply);
            ended.map_or(lsn, |ended| ended.lsn)
        });
        Ok(Durable::new(shared, lsn))
    }

    /// Adds `by` to the integer at `key`, 0 where there is none; the sum.
    pub fn increment(&self, key: &[u8], by: i64) -> Result<(i64, Durable)> {
        let (value, durable) = self.execute(&[b"INCRBY", key, by.to_string().as_bytes()])?;
        Ok((integer(&value)?, durable))
    }

    /// Sets or (with [`Expire::Never`]) clears when `key` expires; whether the key exists.
    pub fn expire(&self, key: &[u8], expire: Expire) -> Result<(bool, Durable)> {
        match expire {
            Expire::Keep => Ok((self.exists(key)?, Durable::default())),
            Expire::After { ttl_ms } => {
                let (value, durable) = self.execute(&[b"PEXPIRE", key, ttl_ms.to_string().as_bytes()])?;
                Ok((integer(&value)? == 1, durable))
            }
            Expire::Never => {
                let (value, durable) = self.execute(&[b"PERSIST", key])?;
                // PERSIST says 0 for a key that never expires, too.
                let exists = integer(&value)? == 1 || self.exists(key)?;
                Ok((exists, durable))
            }
        }
    }

    /// Deletes `keys` at one instant; how many there were.
    pub fn delete_many(&self, keys: &[&[u8]]) -> Result<(usize, Durable)> {
        if keys.is_empty() {
            return self.enter().map(|_| (0, Durable::default()));
        }
        let mut args: Vec<&[u8]> = Vec::with_capacity(1 + keys.len());
        args.push(b"DEL");
        args.extend(keys);
        let (value, durable) = self.execute(&args)?;
        Ok((integer(&value)? as usize, durable))
    }

    /// The next keys of a walk over all keys, and the cursor to go on from: 0 at the end, and to begin with. A key that
    /// is there during the whole walk is shown at least once. `count` 0 leaves the size of the step to the cache.
    pub fn scan(&self, cursor: u64, pattern: Option<&[u8]>, count: usize) -> Result<(u64, Vec<Vec<u8>>)> {
        let (cursor, count) = (cursor.to_string(), if count == 0 { SCAN_COUNT } else { count }.to_string());
        let mut args: Vec<&[u8]> = vec![b"SCAN", cursor.as_bytes(), b"COUNT", count.as_bytes()];
        if let Some(pattern) = pattern {
            args.extend([b"MATCH".as_slice(), pattern]);
        }
        let (reply, _) = self.execute(&args)?;
        let Value::Array(parts) = reply else { return Err(unexpected()) };
        let parts: [Value; 2] = parts.try_into().map_err(|_| unexpected())?;
        let [Value::Bulk(next), Value::Array(found)] = parts else { return Err(unexpected()) };
        let next =
            std::str::from_utf8(&next).ok().and_then(|text| text.parse().ok()).ok_or_else(unexpected)?;
        let keys =
            found.into_iter().filter_map(|key| if let Value::Bulk(key) = key { Some(key) } else { None });
        Ok((next, keys.collect()))
    }

    /// Number of keys of the handle's database, expired ones that were not removed yet included.
    pub fn len(&self) -> Result<u64> {
        Ok(self.enter()?.shared().engine.len(self.db()))
    }

    /// Whether the handle's database has no key.
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Deletes every key of the handle's database.
    pub fn clear(&self) -> Result<Durable> {
        Ok(self.execute(&[b"FLUSHDB"])?.1)
    }

    /// Writes a snapshot to the directory, and returns when it is complete.
    pub fn save(&self) -> Result<()> {
        super::files::save(&self.share()?.engine)
    }

    /// Returns when everything written so far is on the disk; at once where there is no log.
    pub fn flush(&self) -> Result<()> {
        let shared = self.share()?;
        match super::files::log_tail(&shared.engine) {
            Some(tail) => shared.wait(tail),
            None => Ok(()),
        }
    }
}

/// Counts a command as those of connections are counted.
fn count(server: &Server, spec: Option<&'static Spec>, args: Args<'_>, began: u64, error: Option<&str>) {
    let shard = server.stats.shared();
    shard.add(Counter::Commands, 1);
    match spec.map(|spec| server.stats.command(spec)) {
        Some(index) => {
            let spent = server.stats.ticks.now().wrapping_sub(began);
            shard.called(index, spent, error.is_some());
            if server.settings.load().latency_tracking {
                shard.took(index, spent);
            }
        }
        None => {
            if let Some(index) = crate::resp::lookup::known(server, args) {
                shard.rejected(index);
            }
        }
    }
    if let Some(text) = error {
        server.stats.error(shard, text.as_bytes());
    }
}

pub(super) fn refuse_connection_commands(name: &[u8]) -> Result<()> {
    for (refused, instead) in OF_CONNECTIONS {
        if name.eq_ignore_ascii_case(refused.as_bytes()) {
            let refused = refused.to_ascii_uppercase();
            return Err(Error::from_reply(format!("ERR {refused} is for connections: {instead}")));
        }
    }
    Ok(())
}

fn integer(value: &Value) -> Result<i64> {
    if let Value::Integer(integer) = value { Ok(*integer) } else { Err(unexpected()) }
}

fn unexpected() -> Error {
    Error::from_reply("ERR the command's reply has another shape than expected")
}
