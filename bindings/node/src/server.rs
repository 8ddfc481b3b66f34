//! A cache that is being served.

use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{AsyncTask, ToNapiValue};
use napi_derive::napi;
use polycache_server::embedded::Served;

use crate::error::{Result, failed};
use crate::result::Raw;
use crate::task::{Answer, Work, start};

#[napi]
pub struct Server {
    served: Arc<Served>,
}

impl Server {
    pub fn into_raw(env: &Env, served: Served) -> Result<Raw> {
        let server = Server { served: Arc::new(served) };
        // SAFETY: `env` is the environment of the running callback.
        match unsafe { Server::to_napi_value(env.raw(), server) } {
            Ok(value) => Ok(Raw(value)),
            Err(_) => Err(failed("an object")),
        }
    }
}

#[napi]
impl Server {
    #[napi(getter)]
    pub fn resp(&self) -> Option<String> {
        self.served.resp().map(str::to_owned)
    }

    #[napi(getter)]
    pub fn memcached(&self) -> Option<String> {
        self.served.memcached().map(str::to_owned)
    }

    #[napi]
    pub fn stop(&self) -> AsyncTask<Work> {
        let served = self.served.clone();
        start(move || {
            served.stop();
            Ok(Answer::Nothing)
        })
    }
}
