//! Getting or loading: what `loading.py` is made of, and the way of a hit, which needs no Python.

use std::io::{PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsRawFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Wake, Waker};
use std::time::Duration;

use polycache_server::embedded::{self, Asked, Expire, Found, Load};
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::arguments::{argument, expire, key};
use crate::cache::{Cache, LARGE_BYTES};
use crate::error::OrRaise;

/// How to load: early, stale, wait.
pub type How<'a, 'py> = (Option<&'a Bound<'py, PyAny>>, bool, f64);

fn load((early, stale, wait): How<'_, '_>) -> PyResult<Load> {
    let early_ms = match expire(early)? {
        Expire::After { ttl_ms } => Some(ttl_ms),
        _ => None,
    };
    match Duration::try_from_secs_f64(wait) {
        Ok(patience) if !patience.is_zero() => Ok(Load { early_ms, takes_stale: stale, patience }),
        _ => Err(PyValueError::new_err("wait must be more than 0 seconds")),
    }
}

/// The value that is there; else what the function `name` of `loading.py` makes of it.
pub fn get_or_load<'py>(
    cache: &Bound<'py, Cache>,
    name: &str,
    key: &Bound<'py, PyAny>,
    loader: &Bound<'py, PyAny>,
    ttl: Option<&Bound<'py, PyAny>>,
    how: How<'_, 'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = cache.py();
    let load = load(how)?;
    // What could not be stored is said before it is loaded.
    expire(ttl)?;
    if name == "get_or_load" {
        let found = cache.get().native().get_loaded(self::key(key)?, &load, |value| {
            (value.len() < LARGE_BYTES).then(|| PyBytes::new_with(py, value.len(), |to| copy(value, to)))
        });
        if let Some(Some(bytes)) = found.or_raise()? {
            return Ok(bytes?.into_any());
        }
    }
    let asks = Bound::new(py, Loader { cache: cache.clone().unbind(), load })?;
    py.import("polycache.loading")?.getattr(name)?.call1((asks, key, loader, ttl))
}

fn copy(value: polycache_core::record::Str<'_>, mut to: &mut [u8]) -> PyResult<()> {
    for piece in value.pieces() {
        let (here, rest) = to.split_at_mut(piece.len());
        here.copy_from_slice(piece);
        to = rest;
    }
    Ok(())
}

/// Asks a cache for values or their leases.
#[pyclass(frozen, module = "polycache._native")]
pub struct Loader {
    cache: Py<Cache>,
    load: Load,
}

/// The lease of a key.
#[pyclass(frozen, module = "polycache._native")]
pub struct Lease(Mutex<Option<embedded::Lease>>);

/// Somebody else loads.
#[pyclass(frozen, module = "polycache._native")]
pub struct Waiting(Mutex<Option<embedded::Waiting>>);

/// Tells an event loop of waitings that have ended: a pipe that becomes readable, and their numbers.
#[pyclass(frozen, module = "polycache._native")]
pub struct Doorbell {
    reader: PipeReader,
    rung: Arc<Rung>,
}

struct Rung {
    writer: PipeWriter,
    numbers: Mutex<Vec<u64>>,
}

/// Rings for one waiting. It never waits: the pipe holds at most one byte.
struct Ring {
    rung: Arc<Rung>,
    number: u64,
}

impl Wake for Ring {
    fn wake(self: Arc<Self>) {
        let mut numbers = self.rung.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        if numbers.is_empty() {
            // Fails only where the event loop is gone.
            let _ = (&self.rung.writer).write(&[0]);
        }
        numbers.push(self.number);
    }
}

fn found<'py>(py: Python<'py>, found: Found) -> PyResult<Bound<'py, PyAny>> {
    match found {
        Found::Value(value) => Ok(PyBytes::new(py, &value).into_any()),
        Found::Lease(lease) => Ok(Bound::new(py, Lease(Mutex::new(Some(lease))))?.into_any()),
    }
}

fn asked<'py>(py: Python<'py>, asked: Asked) -> PyResult<Bound<'py, PyAny>> {
    match asked {
        Asked::Found(answer) => found(py, answer),
        Asked::Waiting(waiting) => Ok(Bound::new(py, Waiting(Mutex::new(Some(waiting))))?.into_any()),
    }
}

#[pymethods]
impl Loader {
    /// Who asks, for telling one cache from another.
    #[getter]
    fn cache(&self, py: Python<'_>) -> Py<Cache> {
        self.cache.clone_ref(py)
    }

    /// How long a loader is waited for, in seconds.
    #[getter]
    fn wait_seconds(&self) -> f64 {
        self.load.patience.as_secs_f64()
    }

    /// The value, or the lease; this thread waits for whoever has that.
    #[pyo3(signature = (key, /))]
    fn wait<'py>(&self, py: Python<'py>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let (key, cache, load) = (self::key(key)?, self.cache.get().native(), &self.load);
        let mut interrupt = None;
        let answer = py.detach(|| {
            cache.wait_or_lease(key, load, &mut || match Python::try_attach(|py| py.check_signals()) {
                Some(outcome) => outcome.map_err(|error| interrupt = Some(error)).is_ok(),
                None => false,
            })
        });
        match (answer.or_raise()?, interrupt) {
            (Some(answer), _) => found(py, answer),
            (None, Some(error)) => Err(error),
            (None, None) => Err(PyRuntimeError::new_err("the interpreter is ending")),
        }
    }

    /// The value, the lease, or a Waiting.
    #[pyo3(signature = (key, /))]
    fn ask<'py>(&self, py: Python<'py>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        asked(py, self.cache.get().native().get_or_lease(self::key(key)?, &self.load).or_raise()?)
    }

    /// The same after a waiting, which ends.
    #[pyo3(signature = (waiting, /))]
    fn ask_again<'py>(&self, py: Python<'py>, waiting: &Waiting) -> PyResult<Bound<'py, PyAny>> {
        let Some(waiting) = waiting.take() else {
            return Err(PyRuntimeError::new_err("the waiting has ended"));
        };
        let cache = self.cache.get().native();
        asked(py, py.detach(|| cache.ask_again(waiting, &self.load)).or_raise()?)
    }
}

#[pymethods]
impl Lease {
    /// Stores a value and ends the lease; its bytes.
    #[pyo3(signature = (value, ttl=None, /))]
    fn store<'py>(
        &self,
        py: Python<'py>,
        value: &Bound<'py, PyAny>,
        ttl: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let expire = expire(ttl)?;
        let value = argument(value)?.into_owned_where_made();
        let Some(lease) = self.take() else { return Err(PyRuntimeError::new_err("the lease has ended")) };
        let bytes = value.as_bytes();
        // Where it was not stored, something newer was; what was loaded is what its caller asked for.
        py.detach(|| lease.store(bytes, expire)?.1.wait()).or_raise()?;
        Ok(PyBytes::new(py, bytes))
    }

    /// Ends the lease without a value, where it has not ended.
    fn give_back(&self, py: Python<'_>) -> PyResult<()> {
        match self.take() {
            Some(lease) => py.detach(|| lease.give_back()).or_raise(),
            None => Ok(()),
        }
    }
}

impl Lease {
    fn take(&self) -> Option<embedded::Lease> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[pymethods]
impl Waiting {
    /// Has `doorbell` ring `number` when there is an answer; whether there is one already.
    #[pyo3(signature = (doorbell, number, /))]
    fn listen(&self, doorbell: &Doorbell, number: u64) -> bool {
        let waker = Waker::from(Arc::new(Ring { rung: doorbell.rung.clone(), number }));
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.as_ref().is_none_or(|waiting| waiting.poll(&waker))
    }

    /// Waits no longer.
    fn close(&self, py: Python<'_>) {
        let waiting = self.take();
        py.detach(|| drop(waiting));
    }
}

impl Waiting {
    fn take(&self) -> Option<embedded::Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[pymethods]
impl Doorbell {
    #[new]
    fn new() -> PyResult<Doorbell> {
        let (reader, writer) = std::io::pipe().map_err(|error| PyOSError::new_err(error.to_string()))?;
        Ok(Doorbell { reader, rung: Arc::new(Rung { writer, numbers: Mutex::default() }) })
    }

    fn fileno(&self) -> i32 {
        self.reader.as_raw_fd()
    }

    /// The numbers that were rung; nothing waits here.
    fn take(&self) -> Vec<u64> {
        let mut numbers = self.rung.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        if !numbers.is_empty() {
            let _ = (&self.reader).read(&mut [0]);
        }
        std::mem::take(&mut numbers)
    }
}
