//! Walking over the keys, the values, or both.

use std::sync::{Mutex, PoisonError};
use std::vec;

use polycache_server::embedded;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

use crate::cache::Cache;
use crate::error::OrRaise;

/// What a walk shows of each key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Show {
    Keys,
    Values,
    Items,
}

/// An iterator over the keys, values or items of a cache. What is there during the whole walk is seen; what comes or goes
/// meanwhile may be; and while the table grows or shrinks a key may be seen twice.
#[pyclass(frozen, module = "polycache")]
pub struct Scan {
    cache: Py<Cache>,
    show: Show,
    pattern: Option<Vec<u8>>,
    count: usize,
    walk: Mutex<Walk>,
}

struct Walk {
    cursor: u64,
    /// Whether the cursor came back to 0.
    complete: bool,
    found: vec::IntoIter<Item>,
}

/// A key with its value, which is empty in a walk over keys.
type Item = (Vec<u8>, Vec<u8>);

impl Scan {
    pub fn new(cache: Py<Cache>, show: Show, pattern: Option<Vec<u8>>, count: usize) -> Scan {
        let walk = Walk { cursor: 0, complete: false, found: Vec::new().into_iter() };
        Scan { cache, show, pattern, count, walk: Mutex::new(walk) }
    }

    /// The next item; looks at the table without the GIL.
    fn next(&self, py: Python<'_>) -> PyResult<Option<Item>> {
        // Two threads that share an iterator: the other may wait for the GIL while it holds the walk, so the GIL is let
        // go before the lock is asked for.
        py.detach(|| {
            let mut walk = self.walk.lock().unwrap_or_else(PoisonError::into_inner);
            loop {
                if let Some(item) = walk.found.next() {
                    return Ok(Some(item));
                }
                if walk.complete {
                    return Ok(None);
                }
                let cache = self.cache.get().native();
                let (cursor, keys) = cache.scan(walk.cursor, self.pattern.as_deref(), self.count)?;
                walk.found = self.look_up(cache, keys)?.into_iter();
                walk.cursor = cursor;
                walk.complete = cursor == 0;
            }
        })
        .or_raise()
    }

    /// The items of `keys`, without those whose value is gone or no string.
    fn look_up(&self, cache: &embedded::Cache, keys: Vec<Vec<u8>>) -> embedded::Result<Vec<Item>> {
        if self.show == Show::Keys {
            return Ok(keys.into_iter().map(|key| (key, Vec::new())).collect());
        }
        let borrowed: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
        let mut values = Vec::with_capacity(keys.len());
        cache.get_many(&borrowed, |_, value| values.push(value.map(|value| value.to_vec())))?;
        Ok(keys.into_iter().zip(values).filter_map(|(key, value)| Some((key, value?))).collect())
    }
}

#[pymethods]
impl Scan {
    fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        // Most items are there already: no need to let the GIL go for them.
        let ready = self.walk.try_lock().ok().and_then(|mut walk| walk.found.next());
        let item = match ready {
            Some(item) => Some(item),
            None => self.next(py)?,
        };
        let Some((key, value)) = item else { return Ok(None) };
        Ok(Some(match self.show {
            Show::Keys => PyBytes::new(py, &key).into_any(),
            Show::Values => PyBytes::new(py, &value).into_any(),
            Show::Items => PyTuple::new(py, [PyBytes::new(py, &key), PyBytes::new(py, &value)])?.into_any(),
        }))
    }
}
