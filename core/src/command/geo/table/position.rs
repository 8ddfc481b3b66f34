//! The rows of the positions.

use crate::command::geo::position;
use crate::command::spec::{Arg, ArgKind, Keys, Spec, acl, flag};

pub(super) const TABLE: &[Spec] = &[
    Spec {
        flags: flag::WRITE | flag::DENYOOM,
        acl: acl::GEO,
        keys: Keys::ONE,
        key_use: "RW update",
        history: &[("6.2.0", "Added the `CH`, `NX` and `XX` options.")],
        group: "geo",
        since: "3.2.0",
        summary: "Adds one or more members to a geospatial index. The key is created if it doesn't exist.",
        complexity: "O(log(N)) for each item added, where N is the number of elements in the sorted set.",
        args: &[
            Arg::key(),
            Arg::one_of("condition", &[Arg::word("nx", "NX"), Arg::word("xx", "XX")])
                .optional()
                .since("6.2.0"),
            Arg::word("change", "CH").optional().since("6.2.0"),
            Arg::block(
                "data",
                &[
                    Arg::new("longitude", ArgKind::Double),
                    Arg::new("latitude", ArgKind::Double),
                    Arg::string("member"),
                ],
            )
            .multiple(),
        ],
        ..Spec::new("geoadd", -5, position::geoadd)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::GEO,
        keys: Keys::ONE,
        key_use: "RO access",
        group: "geo",
        since: "3.2.0",
        summary: "Returns the distance between two members of a geospatial index.",
        args: &[
            Arg::key(),
            Arg::string("member1"),
            Arg::string("member2"),
            Arg::one_of(
                "unit",
                &[Arg::word("m", "M"), Arg::word("km", "KM"), Arg::word("ft", "FT"), Arg::word("mi", "MI")],
            )
            .optional(),
        ],
        ..Spec::new("geodist", -4, position::geodist)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::GEO,
        keys: Keys::ONE,
        key_use: "RO access",
        group: "geo",
        since: "3.2.0",
        summary: "Returns members from a geospatial index as geohash strings.",
        complexity: "O(1) for each member requested.",
        args: &[Arg::key(), Arg::string("member").optional().multiple()],
        ..Spec::new("geohash", -2, position::geohash)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::GEO,
        keys: Keys::ONE,
        key_use: "RO access",
        group: "geo",
        since: "3.2.0",
        summary: "Returns the longitude and latitude of members from a geospatial index.",
        complexity: "O(1) for each member requested.",
        args: &[Arg::key(), Arg::string("member").optional().multiple()],
        ..Spec::new("geopos", -2, position::geopos)
    },
];
