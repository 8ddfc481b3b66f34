//! The memcached classic text protocol, against memcached and against its own promises.

mod limits;
mod oracle;
mod scripts;
mod statistics;
