//! get, touch, get-and-touch, with and without the key.

use polycache_core::record::Record;

use super::fail;
use super::header::{Opcode, Request, Response, Status, respond};
use crate::memcached::expiry::Expiry;
use crate::memcached::item::retime;
use crate::memcached::work::Work;
use crate::stats::Counter;

/// Get, GetQ, GetK, GetKQ.
#[inline]
pub fn get(work: &mut Work<'_>, request: &Request<'_>, opcode: Opcode) {
    work.keys += 1;
    let found = match work.permit_read(request.key).and_then(|()| work.ctx.read(request.key)) {
        Ok(found) => found,
        Err(failure) => return fail(work, request, &failure),
    };
    work.count_get(found.is_some());
    if work.is_observed {
        let size = found.and_then(|record| record.string().ok()).map(|value| value.len());
        work.observe_get(request.key, size);
    }
    match found {
        Some(record) => send(work, request, opcode, record),
        None => miss(work, request, opcode),
    }
}

/// Touch, GAT, GATQ, GATK, GATKQ.
pub fn touch(work: &mut Work<'_>, request: &Request<'_>, opcode: Opcode) {
    work.keys += 1;
    let exptime = request.extras.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
    if let Err(failure) = work.permit_read_and_touch(request.key).and_then(|()| work.admit_change()) {
        return fail(work, request, &failure);
    }
    let now = work.ctx.now();
    let mut entry = match work.ctx.latch(request.key) {
        Ok(entry) => entry,
        Err(failure) => return fail(work, request, &failure),
    };
    let found = entry.record();
    let result = match found {
        Some(record) => {
            record.mark_fetched();
            retime::expire(&mut entry, record, Expiry::resolve(exptime.into(), now))
        }
        None => Ok(()),
    };
    drop(entry);
    if let Err(failure) = result {
        return fail(work, request, &failure);
    }
    let (hits, misses) = (Counter::MemcachedTouchHits, Counter::MemcachedTouchMisses);
    work.stats.add(if found.is_some() { hits } else { misses }, 1);
    if work.is_observed {
        let size = found.and_then(|record| record.string().ok()).map(|value| value.len());
        work.observe_get(request.key, size);
    }
    match found {
        Some(record) => send(work, request, opcode, record),
        None => miss(work, request, opcode),
    }
}

#[inline]
fn has_key(opcode: Opcode) -> bool {
    matches!(opcode, Opcode::GetKey | Opcode::GetAndTouchKey)
}

#[inline]
fn send(work: &mut Work<'_>, request: &Request<'_>, opcode: Opcode, record: Record<'_>) {
    let value = match record.string() {
        Ok(value) => value,
        Err(failure) => return fail(work, request, &failure),
    };
    let key = if has_key(opcode) { request.key } else { b"" };
    let value_len = if opcode == Opcode::Touch { 0 } else { value.len() };
    let mut response: Response<'_> = respond(work.out, request);
    response.head(Status::Ok, key.len(), 4, value_len, record.cas());
    let out = response.out();
    out.extend_from_slice(&record.flags().to_be_bytes());
    out.extend_from_slice(key);
    if opcode != Opcode::Touch {
        value.pieces().for_each(|piece| out.extend_from_slice(piece));
    }
}

fn miss(work: &mut Work<'_>, request: &Request<'_>, opcode: Opcode) {
    if request.quiet {
        return;
    }
    let response = respond(work.out, request);
    if has_key(opcode) { response.missed(request.key) } else { response.error(Status::NotFound) }
}
