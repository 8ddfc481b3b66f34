//! The engine's errors as the exceptions of `polycache.errors`.

use polycache_server::embedded::{Error, ErrorKind};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

/// What `?` turns into a Python exception.
pub struct Raised(pub Error);

impl From<Error> for Raised {
    fn from(error: Error) -> Raised {
        Raised(error)
    }
}

impl From<Raised> for PyErr {
    fn from(raised: Raised) -> PyErr {
        Python::attach(|py| exception(py, &raised.0))
    }
}

/// Turns results of the engine into results of Python.
pub trait OrRaise<T> {
    fn or_raise(self) -> PyResult<T>;
}

impl<T> OrRaise<T> for Result<T, Error> {
    #[inline]
    fn or_raise(self) -> PyResult<T> {
        self.map_err(|error| Raised(error).into())
    }
}

/// The exception that `error` is.
pub fn exception(py: Python<'_>, error: &Error) -> PyErr {
    let class = match error.kind() {
        ErrorKind::Misuse => return PyValueError::new_err(error.text().to_owned()),
        ErrorKind::Config => class!(py, "ConfigError"),
        ErrorKind::Closed => class!(py, "ClosedError"),
        ErrorKind::Forked => class!(py, "ForkedError"),
        ErrorKind::Command => class!(py, "CommandError"),
        ErrorKind::Memory => class!(py, "OutOfMemoryError"),
        ErrorKind::Locked => class!(py, "LockedError"),
        ErrorKind::Corrupt => class!(py, "CorruptError"),
        ErrorKind::Io => class!(py, "StorageError"),
        ErrorKind::Durability => class!(py, "DurabilityError"),
    };
    match class {
        Ok(class) => PyErr::from_type(class.clone(), (error.text().to_owned(), error.code().to_owned())),
        Err(missing) => missing,
    }
}

/// A class of `polycache.errors`, looked up once.
macro_rules! class {
    ($py:expr, $name:literal) => {{
        static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        CLASS.import($py, "polycache.errors", $name)
    }};
}
use class;
