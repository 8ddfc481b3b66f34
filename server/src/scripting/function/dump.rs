//! The payload of FUNCTION DUMP: libraries as in an RDB file, behind them version and checksum.

use std::sync::Arc;

use polycache_core::command::Failure;
use polycache_core::rdb::{FunctionsError, Options, read_functions, write_functions};

/// A payload of these libraries' codes.
pub fn write(codes: &[Arc<[u8]>], options: Options) -> Result<Vec<u8>, Failure> {
    write_functions(codes.iter().map(AsRef::as_ref), options)
        .map_err(|_| Failure::text("ERR the libraries cannot be dumped"))
}

/// The codes in a payload.
pub fn read(payload: &[u8]) -> Result<Vec<Arc<[u8]>>, Failure> {
    const FOOTER: Failure = Failure::text("ERR DUMP payload version or checksum are wrong");
    const BODY: Failure = Failure::text("ERR given type is not a function");
    let mut codes = Vec::new();
    read_functions(payload, &mut |code| codes.push(Arc::from(code))).map_err(|error| match error {
        FunctionsError::Footer => FOOTER,
        FunctionsError::Body => BODY,
    })?;
    Ok(codes)
}
