//! Values on their way to JavaScript.

use std::ptr;

use napi::bindgen_prelude::{Buffer, ToNapiValue, TypeName};
use napi::{Env, ValueType, sys};
use polycache_core::record::Str;

use crate::error::{Result, failed};

/// A value that is a JavaScript value already.
pub struct Raw(pub sys::napi_value);

impl ToNapiValue for Raw {
    unsafe fn to_napi_value(_: sys::napi_env, value: Raw) -> napi::Result<sys::napi_value> {
        Ok(value.0)
    }
}

impl TypeName for Raw {
    fn type_name() -> &'static str {
        "unknown"
    }

    fn value_type() -> ValueType {
        ValueType::Unknown
    }
}

/// `null`.
pub fn null(env: &Env) -> Result<Raw> {
    let mut value = ptr::null_mut();
    // SAFETY: `env` is the environment of the running callback; the place outlives the call.
    check("null", unsafe { sys::napi_get_null(env.raw(), &mut value) }, value)
}

/// A string of `bytes`, with U+FFFD for what is no UTF-8.
#[inline]
pub fn string(env: &Env, bytes: &[u8]) -> Result<Raw> {
    let (data, len) = (bytes.as_ptr().cast(), bytes.len() as isize);
    let mut value = ptr::null_mut();
    // SAFETY: `data` has `len` bytes; the place outlives the call.
    let status = unsafe {
        if bytes.is_ascii() {
            sys::napi_create_string_latin1(env.raw(), data, len, &mut value)
        } else {
            sys::napi_create_string_utf8(env.raw(), data, len, &mut value)
        }
    };
    check("a string of this length", status, value)
}

/// A string of a stored value.
#[inline]
pub fn string_of(env: &Env, value: Str<'_>) -> Result<Raw> {
    match value {
        Str::Inline(bytes) => string(env, bytes),
        rope => string(env, &rope.to_vec()),
    }
}

/// A `Buffer` over `bytes`, which are not copied again.
pub fn buffer(env: &Env, bytes: Vec<u8>) -> Result<Raw> {
    // SAFETY: `env` is the environment of the running callback.
    match unsafe { Buffer::to_napi_value(env.raw(), Buffer::from(bytes)) } {
        Ok(value) => Ok(Raw(value)),
        Err(_) => Err(failed("a buffer of this length")),
    }
}

/// A number, or a `BigInt` where a number would not be exact.
pub fn integer(env: &Env, integer: i64) -> Result<Raw> {
    /// JavaScript's `Number.MAX_SAFE_INTEGER`.
    const SAFE_MAX: u64 = (1 << 53) - 1;
    let mut value = ptr::null_mut();
    // SAFETY: `env` is the environment of the running callback; the place outlives the call.
    let status = unsafe {
        if integer.unsigned_abs() <= SAFE_MAX {
            sys::napi_create_int64(env.raw(), integer, &mut value)
        } else {
            sys::napi_create_bigint_int64(env.raw(), integer, &mut value)
        }
    };
    check("a number", status, value)
}

/// An array of values.
pub fn array(env: &Env, len: usize, values: impl Iterator<Item = Result<Raw>>) -> Result<Raw> {
    let mut array = ptr::null_mut();
    // SAFETY: `env` is the environment of the running callback; the place outlives the call.
    let status = unsafe { sys::napi_create_array_with_length(env.raw(), len, &mut array) };
    let array = check("an array", status, array)?;
    for (index, value) in values.enumerate() {
        // SAFETY: `array` was just made, and the value is of the same environment.
        unsafe { sys::napi_set_element(env.raw(), array.0, index as u32, value?.0) };
    }
    Ok(array)
}

pub fn check(what: &str, status: sys::napi_status, value: sys::napi_value) -> Result<Raw> {
    if status == sys::Status::napi_ok { Ok(Raw(value)) } else { Err(failed(what)) }
}
