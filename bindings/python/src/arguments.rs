//! Keys and values as Python has them, as bytes.

use std::time::Duration;

use polycache_server::embedded::Expire;
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyString};

/// The bytes of a key: those of `bytes`, or the UTF-8 of a `str`.
#[inline]
pub fn key<'a>(object: &'a Bound<'_, PyAny>) -> PyResult<&'a [u8]> {
    if let Ok(text) = object.cast::<PyString>() {
        return text.to_str().map(str::as_bytes);
    }
    if let Ok(bytes) = object.cast::<PyBytes>() {
        return Ok(bytes.as_bytes());
    }
    Err(PyTypeError::new_err(format!("a key is str or bytes, not {}", type_name(object))))
}

/// The bytes of a value or of an argument of a command.
pub enum Argument<'a> {
    /// Of an object that cannot change.
    Borrowed(&'a [u8]),
    /// A copy.
    Owned(Vec<u8>),
    Integer(itoa::Buffer, i64),
}

impl Argument<'_> {
    #[inline]
    pub fn with<R>(&self, use_bytes: impl FnOnce(&[u8]) -> R) -> R {
        match self {
            Argument::Borrowed(bytes) => use_bytes(bytes),
            Argument::Owned(bytes) => use_bytes(bytes),
            Argument::Integer(buffer, integer) => use_bytes(buffer.clone().format(*integer).as_bytes()),
        }
    }

    pub fn into_owned_where_made(self) -> Self {
        match self {
            Argument::Integer(mut buffer, integer) => Argument::Owned(buffer.format(integer).into()),
            other => other,
        }
    }

    /// The bytes; an integer must have gone through [`Argument::into_owned_where_made`].
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Argument::Borrowed(bytes) => bytes,
            Argument::Owned(bytes) => bytes,
            Argument::Integer(..) => unreachable!("made owned before"),
        }
    }
}

/// The bytes of `bytes`, of a `str` as UTF-8, of a number as decimal text, or of any object with a buffer.
#[inline]
pub fn argument<'a>(object: &'a Bound<'_, PyAny>) -> PyResult<Argument<'a>> {
    if let Ok(bytes) = object.cast::<PyBytes>() {
        return Ok(Argument::Borrowed(bytes.as_bytes()));
    }
    if let Ok(text) = object.cast::<PyString>() {
        return Ok(Argument::Borrowed(text.to_str()?.as_bytes()));
    }
    if object.is_exact_instance_of::<PyInt>() {
        return match object.extract::<i64>() {
            Ok(integer) => Ok(Argument::Integer(itoa::Buffer::new(), integer)),
            Err(_) => Ok(Argument::Owned(object.str()?.to_str()?.as_bytes().to_vec())),
        };
    }
    unusual_argument(object)
}

#[cold]
fn unusual_argument<'a>(object: &'a Bound<'_, PyAny>) -> PyResult<Argument<'a>> {
    if object.is_instance_of::<PyBool>() {
        return Err(PyTypeError::new_err("bool is no value of a cache: say 1 or 0"));
    }
    if object.is_instance_of::<PyInt>() {
        return Ok(Argument::Owned(object.str()?.to_str()?.as_bytes().to_vec()));
    }
    if let Ok(float) = object.cast::<PyFloat>() {
        let float = float.value();
        return Ok(Argument::Owned(if float.is_finite() {
            let mut buffer = zmij::Buffer::new();
            let text = buffer.format_finite(float);
            text.strip_suffix(".0").unwrap_or(text).as_bytes().to_vec()
        } else {
            float.to_string().to_lowercase().into_bytes()
        }));
    }
    let buffer = PyBuffer::<u8>::get(object).map_err(|_| {
        let name = type_name(object);
        PyTypeError::new_err(format!("a value is bytes, str, int, float or a buffer of bytes, not {name}"))
    })?;
    // A buffer may change while it is looked at, so it is copied.
    buffer.to_vec(object.py()).map(Argument::Owned)
}

/// An expiry from now: a number of seconds or a `timedelta`; `None` is never.
#[inline]
pub fn expire(ttl: Option<&Bound<'_, PyAny>>) -> PyResult<Expire> {
    let Some(ttl) = ttl else { return Ok(Expire::Never) };
    let duration = if let Ok(seconds) = ttl.extract::<f64>() {
        if seconds.is_nan() || seconds <= 0.0 {
            return Err(PyValueError::new_err("ttl must be more than 0 seconds"));
        }
        Duration::try_from_secs_f64(seconds).map_err(|_| PyValueError::new_err("ttl is too large"))?
    } else {
        ttl.extract::<Duration>().map_err(|_| {
            PyTypeError::new_err("ttl is a positive number of seconds, a positive timedelta, or None")
        })?
    };
    if duration.is_zero() {
        return Err(PyValueError::new_err("ttl must be more than 0 seconds"));
    }
    let ttl_ms =
        u64::try_from(duration.as_millis()).map_err(|_| PyValueError::new_err("ttl is too large"))?;
    // Less than a millisecond is a moment, and not never.
    Ok(Expire::After { ttl_ms: ttl_ms.max(1) })
}

fn type_name(object: &Bound<'_, PyAny>) -> String {
    object.get_type().name().map_or_else(|_| "this".to_owned(), |name| name.to_string())
}
