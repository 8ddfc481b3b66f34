//! The grammars of the data types, each with settings under which small values already change their form.

/// The commands of a type, mixed with some that make keys of another.
pub struct Family {
    /// Weight and template, as in [`super::commands::TEMPLATES`].
    pub templates: &'static [(u32, &'static str)],
    /// Settings of both servers.
    pub settings: &'static [(&'static str, &'static str)],
    /// What is asked about each key when states are compared.
    pub about: &'static [&'static str],
}

pub const SETS: Family = Family {
    templates: &[
        (20, "SADD <key> { <member> }"),
        (6, "SADD <key> { <member> <member> <member> }"),
        (12, "SREM <key> { <member> }"),
        (4, "SREM <key> { <member> <member> }"),
        (6, "SMOVE <key> <key> <member>"),
        (6, "SISMEMBER <key> <member>"),
        (4, "SMISMEMBER <key> { <member> }"),
        (4, "SCARD <key>"),
        (6, "SMEMBERS <key>"),
        // What comes out of a part of a set is a matter of chance.
        (1, "! SPOP <key> ( 0 | 1000 | -1 | x | 1000 1 )"),
        (4, "SRANDMEMBER <key> [ ( 0 | 1 | 3 | 1000 | -5 | x | -9223372036854775808 ) ]"),
        (4, "SSCAN <key> ( 0 | 0 | 0 | 7 | x ) [ MATCH <pattern> ] [ COUNT <count> ]"),
        (1, "SSCAN <key> 0 ( NOVALUES | TYPE set | COUNT )"),
        (6, "SINTER { <key> }"),
        (6, "SUNION { <key> }"),
        (6, "SDIFF { <key> }"),
        (5, "SINTERCARD ( 1 | 2 | 3 | 0 | x ) { <key> } [ LIMIT <index> ]"),
        (3, "SINTERCARD 2 <key> <key> [ LIMIT <index> ]"),
        (6, "SINTERSTORE <key> { <key> }"),
        (6, "SUNIONSTORE <key> { <key> }"),
        (6, "SDIFFSTORE <key> { <key> }"),
        (2, "SET <key> <short>"),
        (1, "GET <key>"),
        (2, "TYPE <key>"),
        (3, "DEL <key>"),
        (2, "COPY <key> <key> [ REPLACE ]"),
        (2, "RENAME <key> <key>"),
        (2, "PEXPIREAT <key> <at-milliseconds>"),
        (1, "PERSIST <key>"),
        (1, "EXISTS { <key> }"),
    ],
    settings: &[
        ("set-max-intset-entries", "4"),
        ("set-max-listpack-entries", "6"),
        ("set-max-listpack-value", "16"),
    ],
    about: &["TYPE", "SMEMBERS", "PEXPIRETIME"],
};
