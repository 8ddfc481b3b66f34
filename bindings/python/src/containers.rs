//! The objects of `polycache.containers`, made from a cache and a key.

use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::arguments::key;
use crate::cache::Cache;

/// An object of a class of `polycache.containers`; the key must be one.
pub fn container<'py>(
    cache: &Bound<'py, Cache>,
    name: &Bound<'py, PyAny>,
    class: &Bound<'py, PyType>,
) -> PyResult<Bound<'py, PyAny>> {
    key(name)?;
    class.call1((cache, name))
}

/// A class of `polycache.containers`, looked up once.
macro_rules! class {
    ($py:expr, $name:literal) => {{
        static CLASS: pyo3::sync::PyOnceLock<pyo3::Py<pyo3::types::PyType>> = pyo3::sync::PyOnceLock::new();
        CLASS.import($py, "polycache.containers", $name)
    }};
}
pub(crate) use class;
