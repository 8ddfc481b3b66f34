//! polycache for Node: the native half. `index.js` is what users load; it gives these functions their friendly shape.
//!
//! Made by what calls cost: a call into native code is half a microsecond, a string back as much again, but a `Buffer`
//! two to three. So small values are strings, or bytes in a buffer that JavaScript owns; many values are one buffer with
//! offsets; and only large values become a `Buffer` of their own, without a copy.
//!
//! # Concurrency
//! The engine belongs to the process. Worker threads load this library once each, and share an engine by opening the
//! same path or name. Long work runs on libuv's threads and comes back as a promise.

// napi leaves its exports out of test builds, which clippy makes of every target.
#![cfg_attr(test, allow(dead_code))]

/// For what the library itself allocates. The program's own malloc stays as it is, and with it what the program frees.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod argument;
mod cache;
mod error;
mod loading;
mod reply;
mod result;
mod server;
mod subscription;
mod task;
mod wake;
