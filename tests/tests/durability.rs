//! What survives: kills under load in each fsync mode, damaged files, failing disks, and the exchange of append-only
//! directories with redis-server 7.
//!
//! `POLYCACHE_CRASH_ROUNDS` makes longer runs.

#[path = "durability/damage.rs"]
mod damage;
#[path = "durability/exchange.rs"]
mod exchange;
#[path = "durability/faults.rs"]
mod faults;
#[path = "durability/full_disk.rs"]
mod full_disk;
#[path = "durability/kills.rs"]
mod kills;
