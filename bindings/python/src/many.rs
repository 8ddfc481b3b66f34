//! Many keys at one instant.

use polycache_core::record::Str;
use polycache_server::embedded::Cache;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyMapping};

use crate::arguments::{argument, expire, key};
use crate::cache::{Found, LARGE_BYTES, finish};
use crate::error::OrRaise;
use crate::rope::from_large_rope;

/// Keys or pairs from which a call on many takes longer than letting the GIL go.
const MANY: usize = 32;

/// The values of `keys`, in their order.
pub fn get<'py>(py: Python<'py>, cache: &Cache, keys: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
    let objects: Vec<Bound<'py, PyAny>> = keys.try_iter()?.collect::<PyResult<_>>()?;
    let keys: Vec<&[u8]> = objects.iter().map(key).collect::<PyResult<_>>()?;
    let mut values: Vec<Option<Found<'py>>> = Vec::with_capacity(keys.len());
    cache
        .get_many(&keys, |_, value| {
            values.push(value.map(|value| match value {
                Str::Rope(rope) => Found::Large(rope.clone()),
                Str::Inline(bytes) => Found::Small(PyBytes::new(py, bytes)),
            }));
        })
        .or_raise()?;
    let list = PyList::empty(py);
    for value in values {
        match value {
            None => list.append(py.None())?,
            Some(Found::Small(bytes)) => list.append(bytes)?,
            Some(Found::Large(rope)) => list.append(from_large_rope(py, &rope)?)?,
        }
    }
    Ok(list)
}

/// Sets all `items`, a mapping or pairs.
pub fn set(
    py: Python<'_>,
    cache: &Cache,
    items: &Bound<'_, PyAny>,
    ttl: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let expire = expire(ttl)?;
    let items = match items.cast::<PyMapping>() {
        Ok(mapping) => mapping.items()?.into_any(),
        Err(_) => items.clone(),
    };
    let objects: Vec<(Bound<'_, PyAny>, Bound<'_, PyAny>)> =
        items.try_iter()?.map(|item| item?.extract()).collect::<PyResult<_>>()?;
    let mut pairs = Vec::with_capacity(objects.len());
    for (name, value) in &objects {
        pairs.push((key(name)?, argument(value)?.into_owned_where_made()));
    }
    let pairs: Vec<(&[u8], &[u8])> = pairs.iter().map(|(key, value)| (*key, value.as_bytes())).collect();
    let large = pairs.len() >= MANY || pairs.iter().any(|(_, value)| value.len() >= LARGE_BYTES);
    let written =
        if large { py.detach(|| cache.set_many(&pairs, expire)) } else { cache.set_many(&pairs, expire) };
    finish(py, written.map(|durable| ((), durable)))
}

/// Deletes `keys`; how many there were.
pub fn delete(py: Python<'_>, cache: &Cache, keys: &Bound<'_, PyAny>) -> PyResult<usize> {
    let objects: Vec<Bound<'_, PyAny>> = keys.try_iter()?.collect::<PyResult<_>>()?;
    let keys: Vec<&[u8]> = objects.iter().map(key).collect::<PyResult<_>>()?;
    finish(py, py.detach(|| cache.delete_many(&keys)))
}
