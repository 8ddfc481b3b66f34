//! Replies of commands as Python objects.

use polycache_core::command::Value;
use polycache_server::embedded::{Error, Stats};
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyBytes, PyDict, PyFrozenSet, PyInt, PyList, PySet, PyString, PyTuple};

use crate::error::exception;

/// The object that `value` is: bulk strings `bytes`, words such as OK `str`, maps `dict`, sets `set`, numbers of any size
/// `int`; an error inside of an array is an exception object in its place.
pub fn object<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Null => py.None().into_bound(py),
        Value::Status(text) => PyString::new(py, text).into_any(),
        Value::Error(text) => {
            exception(py, &Error::from_reply(text.clone())).into_value(py).into_bound(py).into_any()
        }
        Value::Integer(integer) => integer.into_pyobject(py)?.into_any(),
        Value::Double(double) => double.into_pyobject(py)?.into_any(),
        Value::Boolean(truth) => truth.into_pyobject(py)?.to_owned().into_any(),
        Value::BigNumber(digits) => {
            let text = PyString::new(py, &String::from_utf8_lossy(digits)).into_any();
            // What is no number stays text.
            py.get_type::<PyInt>().call1((&text,)).unwrap_or(text)
        }
        Value::Bulk(bytes) => PyBytes::new(py, bytes).into_any(),
        Value::Verbatim { bytes, .. } => PyString::new(py, &String::from_utf8_lossy(bytes)).into_any(),
        Value::Array(values) => list(py, values)?.into_any(),
        Value::Map(pairs) => {
            let dict = PyDict::new(py);
            for (key, value) in pairs {
                dict.set_item(hashable(py, key)?, object(py, value)?)?;
            }
            dict.into_any()
        }
        Value::Set(values) => {
            let set = PySet::empty(py)?;
            for value in values {
                set.add(hashable(py, value)?)?;
            }
            set.into_any()
        }
    })
}

/// Numbers about a cache by their names.
pub fn numbers<'py>(py: Python<'py>, stats: &Stats) -> PyResult<Bound<'py, PyDict>> {
    [
        ("keys", stats.keys),
        ("hits", stats.hits),
        ("misses", stats.misses),
        ("expired", stats.expired),
        ("evicted", stats.evicted),
        ("used_bytes", stats.used_bytes),
        ("max_bytes", stats.max_bytes),
    ]
    .into_py_dict(py)
}

fn list<'py>(py: Python<'py>, values: &[Value]) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for value in values {
        list.append(object(py, value)?)?;
    }
    Ok(list)
}

/// For members of sets and keys of dicts: arrays become tuples, sets frozen ones, and maps tuples of pairs.
fn hashable<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    match value {
        Value::Array(values) => Ok(PyTuple::new(py, each_hashable(py, values)?)?.into_any()),
        Value::Set(values) => Ok(PyFrozenSet::new(py, each_hashable(py, values)?)?.into_any()),
        Value::Map(pairs) => {
            let pair =
                |(key, value): &(Value, Value)| PyTuple::new(py, [hashable(py, key)?, hashable(py, value)?]);
            let pairs: Vec<_> = pairs.iter().map(pair).collect::<PyResult<_>>()?;
            Ok(PyTuple::new(py, pairs)?.into_any())
        }
        other => object(py, other),
    }
}

fn each_hashable<'py>(py: Python<'py>, values: &[Value]) -> PyResult<Vec<Bound<'py, PyAny>>> {
    values.iter().map(|value| hashable(py, value)).collect()
}
