//! The memcached protocols, against memcached and against their own promises.

mod access;
mod binary;
mod lease;
mod limits;
mod meta;
mod oracle;
mod random;
mod scripts;
mod statistics;
