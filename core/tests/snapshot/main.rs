//! Snapshots: what is saved comes back, whatever happens meanwhile; what is damaged is never served.

mod concurrent;
mod damage;
mod generations;
mod jobs;
mod round_trip;
mod support;
