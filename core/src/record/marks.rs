//! What a record carries beyond its value, expiry and flags: the state of a lease, and a CAS number of its own.

/// Marks of a record; most have none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// The value is known to be out of date (see [`crate::lease`]).
    pub stale: bool,
    /// Somebody was told to make a new value.
    pub leased: bool,
    /// There is no value yet: the record was made for the lease, and the key is absent to all who know no leases.
    pub place: bool,
    /// Somebody has read the record.
    pub fetched: bool,
    /// The CAS number, where it is not the version: a client chose it, or the value is older than the record.
    pub cas: Option<u64>,
}
