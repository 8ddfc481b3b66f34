//! RDB files and DUMP payloads, exchanged with real servers: what Valkey 9 and redis-server 7.0 write is read, and what
//! we write they load, for every type and every encoding.

#[path = "rdb/carry.rs"]
mod carry;
#[path = "rdb/files.rs"]
mod files;
#[path = "rdb/kinds.rs"]
mod kinds;
#[path = "rdb/payloads.rs"]
mod payloads;
#[path = "rdb/restore.rs"]
mod restore;
#[path = "rdb/samples.rs"]
mod samples;
