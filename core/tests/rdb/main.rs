//! RDB files and payloads: what is written comes back, every old encoding is read, damage of any kind is an error.

mod build;
mod damage;
mod old;
mod round_trip;
mod values;
