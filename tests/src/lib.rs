//! What the tests of whole faces share: servers to start, clients to speak with them, the differential machinery.
//!
//! The servers are programs: ours from the target directory, Valkey from the virtual environment that
//! `cargo xtask test` makes, redis-server and memcached from the PATH. A program that is missing fails the test.

pub mod crash;
pub mod differential;
pub mod interleaving;
pub mod linearizability;
pub mod support;
