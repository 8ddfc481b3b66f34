//! libcache.so: the engine in-process, for C. One file per group of functions of the header; `include/cache.h` is
//! generated from the public items here, in the order of the modules
//! (which blank lines keep from being sorted).
//!
//! Concurrency: a handle is never freed, only emptied, so that a call that races with cache_close() meets an error and
//! not freed memory.

#![allow(non_camel_case_types)]
// Every exported function states in its documentation what its pointers must be; C has no other way to say it.
#![allow(clippy::missing_safety_doc)]

/// For what the library itself allocates. The program's own malloc stays as it is, and with it what the program frees.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub mod status;

pub mod handle;

pub mod value;

pub mod lease;

pub mod many;

pub mod containers;

pub mod reply;

pub mod serve;

pub mod stats;

pub mod subscribe;

#[cfg(test)]
mod tests {
    /// The tests compile and run the examples; the README must show the very same text.
    #[test]
    fn the_readme_shows_the_example() {
        let (readme, example) = (include_str!("../README.md"), include_str!("../examples/hello.c"));
        assert!(readme.contains(&format!("```c\n{example}```")));
    }
}
