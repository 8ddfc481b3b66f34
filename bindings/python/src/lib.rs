//! polycache for Python: the native half. `python/polycache` is what users import; `_native.pyi` describes this module,
//! and the tests hold the two against each other.
//!
//! # Concurrency
//! The module does not need the GIL (`gil_used = false`): its objects are frozen and the engine is made for threads.
//! With a GIL, calls of about a microsecond keep it; scans, commands, saves, large values and waiting for the disk let
//! it go.

/// For what the library itself allocates. The program's own malloc stays as it is, and with it what the program frees.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod arguments;
mod cache;
mod containers;
mod error;
mod loading;
mod many;
mod open;
mod reply;
mod rope;
mod scan;
mod server;
mod subscription;
mod transaction;

use pyo3::prelude::*;

#[pymodule(gil_used = false)]
mod _native {
    use super::*;

    #[pymodule_export]
    use super::cache::Cache;
    #[pymodule_export]
    use super::loading::{Doorbell, Lease, Loader, Waiting};
    #[pymodule_export]
    use super::open::open;
    #[pymodule_export]
    use super::scan::Scan;
    #[pymodule_export]
    use super::server::Server;
    #[pymodule_export]
    use super::subscription::Subscription;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
