//! Messages of channels, on their way to the thread of JavaScript.

use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{Function, ToNapiValue};
use napi_derive::napi;
use polycache_server::embedded::{self, ErrorKind};

use crate::argument::Bytes;
use crate::error::{OrThrow, Result, failed};
use crate::result::{Raw, array, buffer, null};
use crate::wake::wake_by;

#[napi]
pub struct Subscription {
    subscription: Arc<embedded::Subscription>,
}

/// Listens; `wake` is called on the thread of JavaScript when there may be something to take.
pub fn subscribe(
    cache: &embedded::Cache,
    env: &Env,
    channels: &[Bytes],
    patterns: &[Bytes],
    wake: &Function<'_, (), ()>,
) -> Result<Raw> {
    let wake = wake_by(wake)?;
    let call = Box::new(move || wake.call());
    let channels: Vec<&[u8]> = channels.iter().map(Bytes::as_slice).collect();
    let patterns: Vec<&[u8]> = patterns.iter().map(Bytes::as_slice).collect();
    let subscription = Arc::new(cache.subscribe(&channels, &patterns, Some(call)).or_throw()?);
    // SAFETY: `env` is the environment of the running callback.
    match unsafe { Subscription::to_napi_value(env.raw(), Subscription { subscription }) } {
        Ok(value) => Ok(Raw(value)),
        Err(_) => Err(failed("an object")),
    }
}

#[napi]
impl Subscription {
    /// `[channel, message]` as buffers; `null` where there is none yet, an empty array where there will never be one.
    #[napi]
    pub fn take(&self, env: &Env) -> Result<Raw> {
        match self.subscription.try_next() {
            Ok(None) => null(env),
            Ok(Some(message)) => {
                let (_, channel, payload) = message.parts().unwrap_or_default();
                let parts = [channel, payload].into_iter().map(|part| buffer(env, part.to_vec()));
                array(env, 2, parts)
            }
            Err(error) if error.kind() == ErrorKind::Closed => array(env, 0, std::iter::empty()),
            Err(error) => Err(error).or_throw(),
        }
    }

    /// Whether there will be no more than what can be taken now.
    #[napi]
    pub fn is_closed(&self) -> bool {
        self.subscription.is_closed()
    }

    /// Ends it, and lets the event loop end.
    #[napi]
    pub fn close(&self) {
        self.subscription.close();
    }
}
