//! Long values as Python's bytes.

use polycache_core::record::Rope;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// Copies a value.
pub fn from_rope<'py>(py: Python<'py>, rope: &Rope) -> Bound<'py, PyBytes> {
    let mut bytes = Vec::with_capacity(rope.len());
    rope.range(0, usize::MAX).for_each(|piece| bytes.extend_from_slice(piece));
    PyBytes::new(py, &bytes)
}

/// Copies a large value once, without the GIL.
pub fn from_large_rope<'py>(py: Python<'py>, rope: &Rope) -> PyResult<Bound<'py, PyBytes>> {
    PyBytes::new_with(py, rope.len(), |target| {
        py.detach(|| {
            let mut rest = target;
            for piece in rope.range(0, usize::MAX) {
                let (now, later) = rest.split_at_mut(piece.len());
                now.copy_from_slice(piece);
                rest = later;
            }
        });
        Ok(())
    })
}
