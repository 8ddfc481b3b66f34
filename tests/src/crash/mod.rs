//! Crash tests: writers whose every operation follows from its number, so that what a server recovered can be
//! compared with the exact prefix of operations that it claims to hold.
//!
//! **Invariant.** After a crash each writer's keys are in the state after operation P, for one P that lies between the
//! last operation whose loss the fsync mode excludes and the last one that was sent: nothing in between is missing,
//! no half of an MSET is there, nothing came twice.

pub mod operation;
pub mod round;
pub mod writer;
