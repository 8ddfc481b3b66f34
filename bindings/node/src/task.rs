//! Long work on libuv's threads.

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Task};
use polycache_core::command::Value;
use polycache_server::embedded::{Error, Result, Served};

use crate::error;
use crate::reply::{self, Bulk};
use crate::result::{Raw, null};
use crate::server::Server;

/// What long work ends with.
pub enum Answer {
    Nothing,
    Reply(Value, Bulk),
    Served(Served),
}

/// Work that has yet to be done.
pub struct Work(Option<Box<dyn FnOnce() -> Result<Answer> + Send>>);

/// Does `work` on another thread. The promise always resolves; where the work failed it resolves to the error object, which
/// `index.js` throws. (napi's own rejections have no room for a code.)
pub fn start(work: impl FnOnce() -> Result<Answer> + Send + 'static) -> AsyncTask<Work> {
    AsyncTask::new(Work(Some(Box::new(work))))
}

impl Task for Work {
    type Output = std::result::Result<Answer, Error>;
    type JsValue = Raw;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        let work = self.0.take().expect("libuv runs work once");
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        Ok(caught.unwrap_or_else(|_| Err(Error::from_reply("ERR internal error: the library panicked"))))
    }

    fn resolve(&mut self, env: Env, output: Self::Output) -> napi::Result<Raw> {
        let made = match output {
            Ok(Answer::Nothing) => null(&env),
            Ok(Answer::Reply(value, bulk)) => reply::value(&env, bulk, value),
            Ok(Answer::Served(served)) => Server::into_raw(&env, served),
            Err(error) => return Ok(Raw(error::object(env.raw(), &error))),
        };
        made.map_err(|refused| napi::Error::from_reason(refused.reason.clone()))
    }
}
