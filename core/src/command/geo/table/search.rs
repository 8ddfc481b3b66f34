//! The rows of the searches.

use crate::command::geo::search;
use crate::command::spec::{Arg, ArgKind, KeySpec, Keys, Spec, acl, flag};

pub(super) const TABLE: &[Spec] = &[
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::MOVABLEKEYS,
        acl: acl::GEO,
        keys: Keys::ONE,
        key_use: "RO access",
        key_specs: &[
            KeySpec { keys: Keys::ONE, key_use: "RO access", notes: "" },
            KeySpec {
                keys: Keys::Keyword { word: "STORE", from: 6, limit: 0 },
                key_use: "OW update variable_flags",
                notes: "",
            },
            KeySpec {
                keys: Keys::Keyword { word: "STOREDIST", from: 6, limit: 0 },
                key_use: "OW update variable_flags",
                notes: "",
            },
        ],
        history: &[
            ("6.2.0", "Added the `ANY` option for `COUNT`."),
            ("7.0.0", "Added support for uppercase unit names."),
        ],
        group: "geo",
        since: "3.2.0",
        summary: "Queries a geospatial index for members within a distance from a coordinate, optionally \
stores the result.",
        complexity: "O(N+log(M)) where N is the number of elements inside the bounding box of the circular \
area delimited by center and radius and M is the number of items inside the index.",
        args: &[
            Arg::key(),
            Arg::new("longitude", ArgKind::Double),
            Arg::new("latitude", ArgKind::Double),
            Arg::new("radius", ArgKind::Double),
            Arg::one_of(
                "unit",
                &[Arg::word("m", "M"), Arg::word("km", "KM"), Arg::word("ft", "FT"), Arg::word("mi", "MI")],
            ),
            Arg::word("withcoord", "WITHCOORD").optional(),
            Arg::word("withdist", "WITHDIST").optional(),
            Arg::word("withhash", "WITHHASH").optional(),
            Arg::block(
                "count-block",
                &[Arg::integer("count").token("COUNT"), Arg::word("any", "ANY").optional().since("6.2.0")],
            )
            .optional(),
            Arg::one_of("order", &[Arg::word("asc", "ASC"), Arg::word("desc", "DESC")]).optional(),
            Arg::one_of(
                "store",
                &[
                    Arg::new("storekey", ArgKind::Key).token("STORE").display("key").key_spec(1),
                    Arg::new("storedistkey", ArgKind::Key).token("STOREDIST").display("key").key_spec(2),
                ],
            )
            .optional(),
        ],
        ..Spec::new("georadius", -6, search::georadius)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::GEO,
        keys: Keys::ONE,
        key_use: "RO access",
        history: &[
            ("6.2.0", "Added the `ANY` option for `COUNT`."),
            ("7.0.0", "Added support for uppercase unit names."),
        ],
        group: "geo",
        since: "3.2.10",
        summary: "Returns members from a geospatial index that are within a distance from a coordinate.",
        complexity: "O(N+log(M)) where N is the number of elements inside the bounding box of the circular \
area delimited by center and radius and M is the number of items inside the index.",
        args: &[
            Arg::key(),
            Arg::new("longitude", ArgKind::Double),
            Arg::new("latitude", ArgKind::Double),
            Arg::new("radius", ArgKind::Double),
            Arg::one_of(
                "unit",
                &[Arg::word("m", "M"), Arg::word("km", "KM"), Arg::word("ft", "FT"), Arg::word("mi", "MI")],
            ),
            Arg::word("withcoord", "WITHCOORD").optional(),
            Arg::word("withdist", "WITHDIST").optional(),
            Arg::word("withhash", "WITHHASH").optional(),
            Arg::block(
                "count-block",
                &[Arg::integer("count").token("COUNT"), Arg::word("any", "ANY").optional().since("6.2.0")],
            )
            .optional(),
            Arg::one_of("order", &[Arg::word("asc", "ASC"), Arg::word("desc", "DESC")]).optional(),
        ],
        ..Spec::new("georadius_ro", -6, search::georadius_ro)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM | flag::MOVABLEKEYS,
        acl: acl::GEO,
        keys: Keys::ONE,
        key_use: "RO access",
        key_specs: &[
            KeySpec { keys: Keys::ONE, key_use: "RO access", notes: "" },
            KeySpec {
                keys: Keys::Keyword { word: "STORE", from: 5, limit: 0 },
                key_use: "OW update variable_flags",
                notes: "",
            },
            KeySpec {
                keys: Keys::Keyword { word: "STOREDIST", from: 5, limit: 0 },
                key_use: "OW update variable_flags",
                notes: "",
            },
        ],
        history: &[
            ("6.2.0", "Added the `ANY` option for `COUNT`."),
            ("7.0.0", "Added support for uppercase unit names."),
        ],
        group: "geo",
        since: "3.2.0",
        summary: "Queries a geospatial index for members within a distance from a member, optionally \
stores the result.",
        complexity: "O(N+log(M)) where N is the number of elements inside the bounding box of the circular \
area delimited by center and radius and M is the number of items inside the index.",
        args: &[
            Arg::key(),
            Arg::string("member"),
            Arg::new("radius", ArgKind::Double),
            Arg::one_of(
                "unit",
                &[Arg::word("m", "M"), Arg::word("km", "KM"), Arg::word("ft", "FT"), Arg::word("mi", "MI")],
            ),
            Arg::word("withcoord", "WITHCOORD").optional(),
            Arg::word("withdist", "WITHDIST").optional(),
            Arg::word("withhash", "WITHHASH").optional(),
            Arg::block(
                "count-block",
                &[Arg::integer("count").token("COUNT"), Arg::word("any", "ANY").optional()],
            )
            .optional(),
            Arg::one_of("order", &[Arg::word("asc", "ASC"), Arg::word("desc", "DESC")]).optional(),
            Arg::one_of(
                "store",
                &[
                    Arg::new("storekey", ArgKind::Key).token("STORE").display("key").key_spec(1),
                    Arg::new("storedistkey", ArgKind::Key).token("STOREDIST").display("key").key_spec(2),
                ],
            )
            .optional(),
        ],
        ..Spec::new("georadiusbymember", -5, search::georadiusbymember)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::GEO,
        keys: Keys::ONE,
        key_use: "RO access",
        history: &[
            ("6.2.0", "Added the `ANY` option for `COUNT`."),
            ("7.0.0", "Added support for uppercase unit names."),
        ],
        group: "geo",
        since: "3.2.10",
        summary: "Returns members from a geospatial index that are within a distance from a member.",
        complexity: "O(N+log(M)) where N is the number of elements inside the bounding box of the circular \
area delimited by center and radius and M is the number of items inside the index.",
        args: &[
            Arg::key(),
            Arg::string("member"),
            Arg::new("radius", ArgKind::Double),
            Arg::one_of(
                "unit",
                &[Arg::word("m", "M"), Arg::word("km", "KM"), Arg::word("ft", "FT"), Arg::word("mi", "MI")],
            ),
            Arg::word("withcoord", "WITHCOORD").optional(),
            Arg::word("withdist", "WITHDIST").optional(),
            Arg::word("withhash", "WITHHASH").optional(),
            Arg::block(
                "count-block",
                &[Arg::integer("count").token("COUNT"), Arg::word("any", "ANY").optional()],
            )
            .optional(),
            Arg::one_of("order", &[Arg::word("asc", "ASC"), Arg::word("desc", "DESC")]).optional(),
        ],
        ..Spec::new("georadiusbymember_ro", -5, search::georadiusbymember_ro)
    },
    Spec {
        flags: flag::READONLY,
        acl: acl::GEO,
        keys: Keys::ONE,
        key_use: "RO access",
        history: &[
            ("7.0.0", "Added support for uppercase unit names."),
            ("9.0.0", "Added support for the BYPOLYGON option."),
        ],
        group: "geo",
        since: "6.2.0",
        summary: "Queries a geospatial index for members inside an area of a box, circle, or a polygon.",
        complexity: "O(N+log(M)) where N is the number of elements in the grid-aligned bounding box area \
around the shape provided as the filter and M is the number of items inside the shape",
        args: &[
            Arg::key(),
            Arg::one_of(
                "from",
                &[
                    Arg::string("member").token("FROMMEMBER"),
                    Arg::block(
                        "fromlonlat",
                        &[Arg::new("longitude", ArgKind::Double), Arg::new("latitude", ArgKind::Double)],
                    )
                    .token("FROMLONLAT"),
                ],
            )
            .optional(),
            Arg::one_of(
                "by",
                &[
                    Arg::block(
                        "circle",
                        &[
                            Arg::new("radius", ArgKind::Double).token("BYRADIUS"),
                            Arg::one_of(
                                "unit",
                                &[
                                    Arg::word("m", "M"),
                                    Arg::word("km", "KM"),
                                    Arg::word("ft", "FT"),
                                    Arg::word("mi", "MI"),
                                ],
                            ),
                        ],
                    ),
                    Arg::block(
                        "box",
                        &[
                            Arg::new("width", ArgKind::Double).token("BYBOX"),
                            Arg::new("height", ArgKind::Double),
                            Arg::one_of(
                                "unit",
                                &[
                                    Arg::word("m", "M"),
                                    Arg::word("km", "KM"),
                                    Arg::word("ft", "FT"),
                                    Arg::word("mi", "MI"),
                                ],
                            ),
                        ],
                    ),
                    Arg::block(
                        "polygon",
                        &[
                            Arg::integer("num-vertices").token("BYPOLYGON"),
                            Arg::block(
                                "vertices",
                                &[
                                    Arg::new("longitude", ArgKind::Double),
                                    Arg::new("latitude", ArgKind::Double),
                                ],
                            )
                            .multiple(),
                        ],
                    )
                    .since("9.0.0"),
                ],
            ),
            Arg::one_of("order", &[Arg::word("asc", "ASC"), Arg::word("desc", "DESC")]).optional(),
            Arg::block(
                "count-block",
                &[Arg::integer("count").token("COUNT"), Arg::word("any", "ANY").optional()],
            )
            .optional(),
            Arg::word("withcoord", "WITHCOORD").optional(),
            Arg::word("withdist", "WITHDIST").optional(),
            Arg::word("withhash", "WITHHASH").optional(),
        ],
        ..Spec::new("geosearch", -7, search::geosearch)
    },
    Spec {
        flags: flag::WRITE | flag::DENYOOM,
        acl: acl::GEO,
        keys: Keys::Range { first: 1, last: 2, step: 1 },
        key_use: "OW update",
        key_specs: &[
            KeySpec { keys: Keys::ONE, key_use: "OW update", notes: "" },
            KeySpec { keys: Keys::Range { first: 2, last: 2, step: 1 }, key_use: "RO access", notes: "" },
        ],
        history: &[
            ("7.0.0", "Added support for uppercase unit names."),
            ("9.0.0", "Added support for the BYPOLYGON option."),
        ],
        group: "geo",
        since: "6.2.0",
        summary: "Queries a geospatial index for members inside an area of a box, a circle, or a polygon, \
optionally stores the result.",
        complexity: "O(N+log(M)) where N is the number of elements in the grid-aligned bounding box area \
around the shape provided as the filter and M is the number of items inside the shape",
        args: &[
            Arg::new("destination", ArgKind::Key),
            Arg::new("source", ArgKind::Key).key_spec(1),
            Arg::one_of(
                "from",
                &[
                    Arg::string("member").token("FROMMEMBER"),
                    Arg::block(
                        "fromlonlat",
                        &[Arg::new("longitude", ArgKind::Double), Arg::new("latitude", ArgKind::Double)],
                    )
                    .token("FROMLONLAT"),
                ],
            )
            .optional(),
            Arg::one_of(
                "by",
                &[
                    Arg::block(
                        "circle",
                        &[
                            Arg::new("radius", ArgKind::Double).token("BYRADIUS"),
                            Arg::one_of(
                                "unit",
                                &[
                                    Arg::word("m", "M"),
                                    Arg::word("km", "KM"),
                                    Arg::word("ft", "FT"),
                                    Arg::word("mi", "MI"),
                                ],
                            ),
                        ],
                    ),
                    Arg::block(
                        "box",
                        &[
                            Arg::new("width", ArgKind::Double).token("BYBOX"),
                            Arg::new("height", ArgKind::Double),
                            Arg::one_of(
                                "unit",
                                &[
                                    Arg::word("m", "M"),
                                    Arg::word("km", "KM"),
                                    Arg::word("ft", "FT"),
                                    Arg::word("mi", "MI"),
                                ],
                            ),
                        ],
                    ),
                    Arg::block(
                        "polygon",
                        &[
                            Arg::integer("num-vertices").token("BYPOLYGON"),
                            Arg::block(
                                "vertices",
                                &[
                                    Arg::new("longitude", ArgKind::Double),
                                    Arg::new("latitude", ArgKind::Double),
                                ],
                            )
                            .multiple(),
                        ],
                    )
                    .since("9.0.0"),
                ],
            ),
            Arg::one_of("order", &[Arg::word("asc", "ASC"), Arg::word("desc", "DESC")]).optional(),
            Arg::block(
                "count-block",
                &[Arg::integer("count").token("COUNT"), Arg::word("any", "ANY").optional()],
            )
            .optional(),
            Arg::word("storedist", "STOREDIST").optional(),
        ],
        ..Spec::new("geosearchstore", -8, search::geosearchstore)
    },
];
