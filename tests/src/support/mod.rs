//! Servers and clients for tests.

mod embedded;
pub mod memcached;
pub mod programs;
pub mod resp;
pub mod server;
pub mod value;

pub use embedded::Embedded;
pub use resp::{Client, encode};
pub use server::{Kind, Server, ServerOptions, free_port};
pub use value::Value;
