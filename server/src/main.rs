//! The program `polycache-server`.

use std::process::ExitCode;

/// Threads allocate without meeting, which the system's allocator cannot promise.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args: Vec<String> =
        std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
    polycache_server::program::run(&args)
}
