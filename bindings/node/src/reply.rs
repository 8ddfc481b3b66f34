//! Replies of commands as JavaScript values, in a shape that `index.js` completes.
//!
//! Scalars are themselves; arrays are arrays. What JavaScript's plain values cannot say is an object with a `kind`:
//! `{ kind: "map" | "set", items }`, `{ kind: "bigint", items: [digits] }` and `{ kind: "error", items: [text, code] }`.

use std::ptr;

use napi::{Env, sys};
use polycache_core::command::Value;
use polycache_server::embedded::Error;

use crate::error::Result;
use crate::result::{Raw, array, buffer, check, integer, null, string};

/// What bulk strings become.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Bulk {
    Strings,
    Buffers,
}

pub fn value(env: &Env, bulk: Bulk, value: Value) -> Result<Raw> {
    let each = |value| self::value(env, bulk, value);
    match value {
        Value::Null => null(env),
        Value::Status(text) => string(env, text.as_bytes()),
        Value::Error(text) => {
            let error = Error::from_reply(text);
            let parts = [error.text(), error.code()];
            object(env, "error", array(env, 2, parts.iter().map(|part| string(env, part.as_bytes())))?)
        }
        Value::Integer(number) => integer(env, number),
        Value::Double(double) => {
            let mut number = ptr::null_mut();
            // SAFETY: `env` is the environment of the running callback; the place outlives the call.
            check("a number", unsafe { sys::napi_create_double(env.raw(), double, &mut number) }, number)
        }
        Value::Boolean(truth) => {
            let mut boolean = ptr::null_mut();
            // SAFETY: as above.
            check("a boolean", unsafe { sys::napi_get_boolean(env.raw(), truth, &mut boolean) }, boolean)
        }
        Value::BigNumber(digits) => object(env, "bigint", array(env, 1, [string(env, &digits)].into_iter())?),
        Value::Bulk(bytes) if bulk == Bulk::Buffers => buffer(env, bytes),
        Value::Bulk(bytes) | Value::Verbatim { bytes, .. } => string(env, &bytes),
        Value::Array(values) => array(env, values.len(), values.into_iter().map(each)),
        Value::Set(values) => object(env, "set", array(env, values.len(), values.into_iter().map(each))?),
        Value::Map(pairs) => {
            let flat = pairs.len() * 2;
            let items = pairs.into_iter().flat_map(|(key, value)| [key, value]).map(each);
            object(env, "map", array(env, flat, items)?)
        }
    }
}

fn object(env: &Env, kind: &str, items: Raw) -> Result<Raw> {
    let kind = string(env, kind.as_bytes())?;
    let mut object = ptr::null_mut();
    // SAFETY: `env` is the environment of the running callback; the place outlives the call.
    let made = check("an object", unsafe { sys::napi_create_object(env.raw(), &mut object) }, object)?;
    for (name, value) in [(c"kind", kind), (c"items", items)] {
        // SAFETY: the object was just made; the name ends with a NUL.
        unsafe { sys::napi_set_named_property(env.raw(), made.0, name.as_ptr(), value.0) };
    }
    Ok(made)
}
