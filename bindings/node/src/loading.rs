//! Getting or loading: what `getOrLoad` in `index.js` is made of.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;
use std::time::Duration;

use napi::Env;
use napi::bindgen_prelude::{Function, ToNapiValue};
use napi_derive::napi;
use polycache_server::embedded::{self, Asked, Expire, Found, Load};

use crate::argument::Bytes;
use crate::cache::{expire, misuse};
use crate::error::{OrThrow, Result, failed};
use crate::result::{Raw, buffer, string, string_of};
use crate::wake::wake_by;

/// The lease of a key: its holder loads the value.
#[napi]
pub struct Lease(Mutex<Option<embedded::Lease>>);

/// Somebody else loads.
#[napi]
pub struct Waiting(Mutex<Option<embedded::Waiting>>);

/// How to load, in milliseconds; `early_ms` 0 is never.
#[napi(object)]
pub struct How {
    pub early: f64,
    pub stale: bool,
    pub wait: f64,
    pub buffers: bool,
}

impl How {
    fn load(&self) -> Result<Load> {
        let early_ms = match expire(self.early)? {
            Expire::After { ttl_ms } => Some(ttl_ms),
            _ => None,
        };
        match Duration::try_from_secs_f64(self.wait / 1000.0) {
            Ok(patience) if self.wait > 0.0 => Ok(Load { early_ms, takes_stale: self.stale, patience }),
            _ => misuse("wait is a positive number of milliseconds"),
        }
    }
}

/// The value, a [`Lease`] or a [`Waiting`].
pub fn ask(cache: &embedded::Cache, env: &Env, key: &Bytes, how: &How) -> Result<Raw> {
    let load = how.load()?;
    let found = cache.get_loaded(key.as_slice(), &load, |value| {
        if how.buffers { buffer(env, value.to_vec()) } else { string_of(env, value) }
    });
    match found.or_throw()? {
        Some(value) => value,
        None => asked(env, how, cache.get_or_lease(key.as_slice(), &load).or_throw()?),
    }
}

/// The same after a waiting, which ends.
pub fn ask_again(cache: &embedded::Cache, env: &Env, waiting: &Waiting, how: &How) -> Result<Raw> {
    let waiting = waiting.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(waiting) = waiting else { return misuse("the waiting has ended") };
    asked(env, how, cache.ask_again(waiting, &how.load()?).or_throw()?)
}

fn asked(env: &Env, how: &How, asked: Asked) -> Result<Raw> {
    match asked {
        Asked::Found(Found::Value(value)) if how.buffers => buffer(env, value),
        Asked::Found(Found::Value(value)) => string(env, &value),
        Asked::Found(Found::Lease(lease)) => object(env, Lease(Mutex::new(Some(lease)))),
        Asked::Waiting(waiting) => object(env, Waiting(Mutex::new(Some(waiting)))),
    }
}

fn object<T: ToNapiValue>(env: &Env, value: T) -> Result<Raw> {
    // SAFETY: `env` is the environment of the running callback.
    unsafe { T::to_napi_value(env.raw(), value) }.map(Raw).map_err(|_| failed("an object"))
}

#[napi]
impl Lease {
    /// Stores the value and ends the lease; whether the disk is to be waited for.
    #[napi(catch_unwind)]
    pub fn store(&self, value: Bytes, ttl_ms: f64) -> Result<bool> {
        let expire = expire(ttl_ms)?;
        let Some(lease) = self.take() else { return misuse("the lease has ended") };
        // Where it was not stored, something newer was; what was loaded is what its caller asked for.
        let (_, durable) = lease.store(value.as_slice(), expire).or_throw()?;
        Ok(durable.is_pending())
    }

    /// Ends the lease without a value, where it has not ended.
    #[napi(catch_unwind)]
    pub fn end(&self) -> Result<()> {
        match self.take() {
            Some(lease) => lease.give_back().or_throw(),
            None => Ok(()),
        }
    }

    fn take(&self) -> Option<embedded::Lease> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[napi]
impl Waiting {
    /// Has `wake` called when there is an answer; whether there is one already.
    #[napi(catch_unwind)]
    pub fn listen(&self, wake: Function<'_, (), ()>) -> Result<bool> {
        let waker = Waker::from(Arc::new(wake_by(&wake)?));
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(waiting.as_ref().is_none_or(|waiting| waiting.poll(&waker)))
    }

    /// Waits no longer.
    #[napi(catch_unwind)]
    pub fn end(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}
