//! Keys and values without a command in between: the calls that must cost next to nothing.

use polycache_core::clock::UnixMillis;
use polycache_core::command::{Ctx, Failure, NoHost, NoReply, Session};
use polycache_core::index::prefetch;
use polycache_core::limits::STRING_BYTES_MAX;
use polycache_core::operation::Touch;
use polycache_core::record::{Draft, Effect, NewValue, Str};

use super::error::Result;
use super::handle::{Cache, Durable};

/// When a key expires.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expire {
    #[default]
    Never,
    /// After this many milliseconds.
    After { ttl_ms: u64 },
    /// As the key's present value does.
    Keep,
}

/// When a write is carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Condition {
    #[default]
    Always,
    IfAbsent,
    IfPresent,
}

/// How [`Cache::set`] writes.
#[derive(Clone, Copy, Debug, Default)]
pub struct SetOptions {
    pub expire: Expire,
    pub condition: Condition,
}

/// How long a key has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ttl {
    Missing,
    Forever,
    Left { ms: u64 },
}

impl Cache {
    /// Shows the value of `key` to `visit` where it lies, without a copy.
    #[inline]
    pub fn get<R>(&self, key: &[u8], visit: impl FnOnce(Str<'_>) -> R) -> Result<Option<R>> {
        // Before the locked instruction of the pin, which no later load overtakes.
        prefetch(key.as_ptr());
        let entered = self.enter()?;
        let op = entered.begin();
        match op.read(self.db(), key, Touch::Access).map_err(Failure::from)? {
            Some(record) => Ok(Some(visit(record.string()?))),
            None => Ok(None),
        }
    }

    /// Shows the values of `keys` as they stand at one instant, each with its position.
    pub fn get_many(&self, keys: &[&[u8]], mut visit: impl FnMut(usize, Option<Str<'_>>)) -> Result<()> {
        self.with(|ctx| {
            for (index, record) in ctx.read_many(keys)?.into_iter().enumerate() {
                // Like MGET: what is no string is shown as missing.
                visit(index, record.and_then(|record| record.string().ok()));
            }
            Ok(())
        })
    }

    /// Whether `key` exists; leaves its access time alone.
    pub fn exists(&self, key: &[u8]) -> Result<bool> {
        self.with(|ctx| Ok(ctx.peek(key)?.is_some()))
    }

    /// How long `key` has left.
    pub fn ttl(&self, key: &[u8]) -> Result<Ttl> {
        self.with(|ctx| {
            let Some(record) = ctx.peek(key)? else { return Ok(Ttl::Missing) };
            Ok(match record.expire_at() {
                None => Ttl::Forever,
                Some(at) => Ttl::Left { ms: at.0.saturating_sub(ctx.now().0) },
            })
        })
    }

    /// Sets `key`; whether the condition held.
    pub fn set(&self, key: &[u8], value: &[u8], options: &SetOptions) -> Result<(bool, Durable)> {
        prefetch(key.as_ptr());
        self.write(true, |ctx| {
            check_len(key)?;
            check_len(value)?;
            let expire_at = deadline(ctx, options.expire)?;
            let mut entry = ctx.latch(key)?;
            let wanted = match options.condition {
                Condition::Always => true,
                Condition::IfAbsent => entry.record().is_none(),
                Condition::IfPresent => entry.record().is_some(),
            };
            if !wanted {
                return Ok(false);
            }
            let expire_at = match options.expire {
                Expire::Keep => entry.record().and_then(|record| record.expire_at()),
                _ => expire_at,
            };
            entry.put(Draft { value: NewValue::Bytes(value), expire_at, flags: 0, raw: false }, Effect::Set);
            Ok(true)
        })
    }

    /// Sets all `pairs` at one instant. Of a key that is named twice the last value stays.
    pub fn set_many(&self, pairs: &[(&[u8], &[u8])], expire: Expire) -> Result<Durable> {
        let ((), durable) = self.write(true, |ctx| {
            let db = ctx.session.db;
            let mut keys = Vec::with_capacity(pairs.len());
            for (key, value) in pairs {
                check_len(key)?;
                check_len(value)?;
                keys.push((db, *key));
            }
            let expire_at = deadline(ctx, expire)?;
            let mut latches = ctx.latch_many(&keys)?;
            for (position, (_, value)) in pairs.iter().enumerate() {
                let draft = Draft { value: NewValue::Bytes(value), expire_at, flags: 0, raw: false };
                latches.entry(position).put(draft, Effect::Set);
            }
            Ok(())
        })?;
        Ok(durable)
    }

    /// Deletes `key`; whether there was one.
    pub fn delete(&self, key: &[u8]) -> Result<(bool, Durable)> {
        self.write(false, |ctx| Ok(ctx.latch(key)?.remove(Effect::Del)))
    }

    /// One reading call.
    #[inline]
    fn with<R>(&self, work: impl FnOnce(&mut Ctx<'_>) -> Result<R>) -> Result<R> {
        let entered = self.enter()?;
        let shared = entered.shared();
        let op = entered.begin();
        let mut session = Session { db: self.db(), ..Session::default() };
        work(&mut Ctx {
            engine: &shared.engine,
            op: &op,
            session: &mut session,
            reply: &mut NoReply,
            host: &mut NoHost,
            registry: shared.server.registry,
        })
    }

    /// One writing call.
    #[inline]
    pub(super) fn write<R>(
        &self,
        needs_memory: bool,
        work: impl FnOnce(&mut Ctx<'_>) -> Result<R>,
    ) -> Result<(R, Durable)> {
        let entered = self.enter()?;
        let shared = entered.shared();
        let op = entered.begin();
        shared.engine.admit_write(&op, needs_memory)?;
        let mut session = Session { db: self.db(), ..Session::default() };
        let result = work(&mut Ctx {
            engine: &shared.engine,
            op: &op,
            session: &mut session,
            reply: &mut NoReply,
            host: &mut NoHost,
            registry: shared.server.registry,
        })?;
        let durable = entered.durable(op.last_lsn());
        drop(op);
        shared.maintain();
        Ok((result, durable))
    }
}

pub(super) fn check_len(bytes: &[u8]) -> Result<()> {
    if bytes.len() > STRING_BYTES_MAX { Err(Failure::STRING_TOO_LONG.into()) } else { Ok(()) }
}

/// The instant that `expire` means; the clock is read only where it matters.
#[inline]
pub(super) fn deadline(ctx: &Ctx<'_>, expire: Expire) -> Result<Option<UnixMillis>> {
    match expire {
        Expire::Never | Expire::Keep => Ok(None),
        Expire::After { ttl_ms } => {
            match ctx.now().0.checked_add(ttl_ms).filter(|&at| i64::try_from(at).is_ok()) {
                Some(at) => Ok(Some(UnixMillis(at))),
                None => Err(Failure::invalid_expire("set").into()),
            }
        }
    }
}
