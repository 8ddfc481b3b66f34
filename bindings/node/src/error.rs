//! The engine's errors as JavaScript errors with a `code`.

use napi::JsError;
use napi::sys;
use polycache_server::embedded::Error;

/// An error that napi throws: its status becomes the `code` of the JavaScript error.
pub type Thrown = napi::Error<String>;

/// The result of a method.
pub type Result<T> = std::result::Result<T, Thrown>;

/// Turns results of the engine into results of a method.
pub trait OrThrow<T> {
    fn or_throw(self) -> Result<T>;
}

impl<T> OrThrow<T> for polycache_server::embedded::Result<T> {
    #[inline]
    fn or_throw(self) -> Result<T> {
        self.map_err(|error| thrown(&error))
    }
}

fn thrown(error: &Error) -> Thrown {
    napi::Error::new(error.code().to_owned(), error.text().to_owned())
}

/// The JavaScript error object that `error` is.
pub fn object(env: sys::napi_env, error: &Error) -> sys::napi_value {
    // SAFETY: `env` is the environment of the running callback.
    unsafe { JsError::from(thrown(error)).into_value(env) }
}

/// The error of a call into Node that failed.
pub fn failed(what: &str) -> Thrown {
    napi::Error::new("IO".to_owned(), format!("Node refused: {what}"))
}
