//! Several commands as one.

use polycache_core::command::Value;
use polycache_server::embedded::{Cache, Error};
use pyo3::prelude::*;

use crate::arguments::{Argument, argument};
use crate::error::OrRaise;
use crate::reply;

/// Carries out `commands`, an iterable of iterables of words; the list of their replies.
pub fn run<'py>(py: Python<'py>, cache: &Cache, commands: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let mut objects: Vec<Vec<Bound<'py, PyAny>>> = Vec::new();
    for command in commands.try_iter()? {
        objects.push(command?.try_iter()?.collect::<PyResult<_>>()?);
    }
    let mut owned: Vec<Vec<Argument<'_>>> = Vec::with_capacity(objects.len());
    for command in &objects {
        let mut args = Vec::with_capacity(command.len());
        for object in command {
            args.push(argument(object)?.into_owned_where_made());
        }
        owned.push(args);
    }
    let commands: Vec<Vec<&[u8]>> =
        owned.iter().map(|args| args.iter().map(Argument::as_bytes).collect()).collect();
    let commands: Vec<&[&[u8]]> = commands.iter().map(Vec::as_slice).collect();
    let values = py.detach(|| {
        let (values, durable) = cache.transaction(&commands)?;
        durable.wait()?;
        Ok::<_, Error>(values)
    });
    reply::object(py, &Value::Array(values.or_raise()?))
}
