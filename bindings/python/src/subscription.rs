//! Messages of channels: an iterator for threads and for coroutines.

use std::sync::Arc;
use std::time::{Duration, Instant};

use polycache_server::embedded;
use polycache_server::pubsub::Message;
use pyo3::exceptions::{PyStopAsyncIteration, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

use crate::arguments::key;
use crate::error::OrRaise;

/// How long a waiting thread goes without a look at signals.
const SLICE: Duration = Duration::from_millis(50);

/// Messages of some channels and patterns, as pairs of the channel and what was published. Iterating over it waits;
/// `async for` waits in a thread of the event loop's executor.
#[pyclass(frozen, module = "polycache")]
pub struct Subscription {
    subscription: embedded::Subscription,
}

impl Subscription {
    pub fn new(
        cache: &embedded::Cache,
        channels: &Bound<'_, PyTuple>,
        patterns: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Subscription> {
        let channels: Vec<Bound<'_, PyAny>> = channels.iter().collect();
        let patterns: Vec<Bound<'_, PyAny>> = match patterns {
            None => Vec::new(),
            Some(text) if key(text).is_ok() => {
                return Err(PyTypeError::new_err("patterns is a list of patterns, not one"));
            }
            Some(patterns) => patterns.try_iter()?.collect::<PyResult<_>>()?,
        };
        let channels: Vec<&[u8]> = channels.iter().map(key).collect::<PyResult<_>>()?;
        let patterns: Vec<&[u8]> = patterns.iter().map(key).collect::<PyResult<_>>()?;
        Ok(Subscription { subscription: cache.subscribe(&channels, &patterns, None).or_raise()? })
    }

    /// Waits for the next message, with an ear for Ctrl-C.
    fn wait(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<Option<Arc<Message>>> {
        let deadline = timeout
            .and_then(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).ok())
            .and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let slice = left.map_or(SLICE, |left| left.min(SLICE));
            if let Some(message) = py.detach(|| self.subscription.next(Some(slice))).or_raise()? {
                return Ok(Some(message));
            }
            if left.is_some_and(|left| left <= SLICE) {
                return Ok(None);
            }
            py.check_signals()?;
        }
    }
}

fn pair<'py>(py: Python<'py>, message: &Message) -> PyResult<Bound<'py, PyTuple>> {
    let (_, channel, payload) = message.parts().unwrap_or_default();
    PyTuple::new(py, [PyBytes::new(py, channel), PyBytes::new(py, payload)])
}

#[pymethods]
impl Subscription {
    fn __iter__(this: Py<Self>) -> Py<Self> {
        this
    }

    /// Ends where the subscription was closed.
    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        match self.wait(py, None) {
            Ok(message) => message.map(|message| pair(py, &message)).transpose(),
            Err(error) if error.is_instance_of::<pyo3::exceptions::PyKeyboardInterrupt>(py) => Err(error),
            Err(_) => Ok(None),
        }
    }

    fn __aiter__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __anext__<'py>(this: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = this.py();
        let asyncio = py.import("asyncio")?;
        asyncio.call_method1("to_thread", (this.getattr("_next_or_stop")?,))
    }

    /// The next message for a coroutine.
    fn _next_or_stop<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        self.__next__(py)?.ok_or_else(|| PyStopAsyncIteration::new_err(()))
    }

    /// The next message, or None when `timeout` (in seconds) is over.
    #[pyo3(signature = (timeout=None))]
    fn get<'py>(&self, py: Python<'py>, timeout: Option<f64>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        self.wait(py, timeout)?.map(|message| pair(py, &message)).transpose()
    }

    /// Ends the subscription; what was published before can still be read.
    fn close(&self) {
        self.subscription.close();
    }

    fn __enter__(this: Py<Self>) -> Py<Self> {
        this
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, _exception: &Bound<'_, PyAny>) {
        self.close();
    }
}
