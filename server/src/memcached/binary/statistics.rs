//! stat: one response for each figure, and an empty one behind them.

use super::header::{Request, Status, respond};
use crate::memcached::statistics;
use crate::memcached::work::Work;

/// Stat.
#[cold]
pub fn stat(work: &mut Work<'_>, request: &Request<'_>) {
    let command: &[&[u8]] = if request.key == b"reset" { &[b"config", b"resetstat"] } else { &[b"info"] };
    if let Err(failure) = work.permit_call(command) {
        return super::fail(work, request, &failure);
    }
    match request.key {
        b"reset" => statistics::reset(work),
        b"detail on" | b"detail off" => {
            work.server.memcached.detail.switch(request.key.ends_with(b"on"));
            work.is_observed = work.server.memcached.is_observed();
        }
        b"detail dump" => {
            let mut text = Vec::new();
            work.server.memcached.detail.dump(&mut text);
            respond(work.out, request).body(0, &[], b"detailed", &text);
        }
        key => {
            let mut sink = |out: &mut Vec<u8>, name: &str, value: &dyn std::fmt::Display| {
                respond(out, request).body(0, &[], name.as_bytes(), value.to_string().as_bytes());
            };
            if !statistics::group(work, key, &mut sink) {
                return respond(work.out, request).error(Status::NotFound);
            }
        }
    }
    respond(work.out, request).empty(0);
}
