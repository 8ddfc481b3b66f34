//! Opening a cache.

use std::path::PathBuf;

use polycache_server::embedded::{self, Options, parse_bytes};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::cache::Cache;
use crate::error::OrRaise;

/// Opens a cache: in memory, or with its data in the directory `path`.
#[pyfunction]
#[pyo3(signature = (path=None, *, max_bytes=None, eviction=None, persist=None, name=None, maintenance=None))]
pub fn open(
    py: Python<'_>,
    path: Option<PathBuf>,
    max_bytes: Option<&Bound<'_, PyAny>>,
    eviction: Option<&str>,
    persist: Option<&str>,
    name: Option<String>,
    maintenance: Option<&str>,
) -> PyResult<Cache> {
    let mut options = Options { path, name, ..Options::default() };
    if let Some(limit) = max_bytes {
        options.max_bytes = match limit.extract::<u64>() {
            Ok(bytes) => bytes,
            Err(_) => parse_bytes(limit.extract::<&str>().map_err(|_| {
                PyTypeError::new_err("max_bytes is a number of bytes, or text like \"100mb\" or \"2gb\"")
            })?)
            .or_raise()?,
        };
    }
    for (name, value) in [("eviction", eviction), ("persist", persist), ("maintenance", maintenance)] {
        if let Some(value) = value {
            options.set(name, value).or_raise()?;
        }
    }
    let cache = py.detach(|| embedded::Cache::open(&options)).or_raise()?;
    Ok(Cache::of(cache))
}
