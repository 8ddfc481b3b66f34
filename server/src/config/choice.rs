//! The types that fields of the settings have, and their way from and to [`Value`].

use polycache_core::config::{AofIo, BaseFormat, EvictionPolicy, FsyncPolicy};
use polycache_core::rdb::Version;

use super::value::{OutputLimits, Rename, SavePoint, Value};

/// An enum whose variants have names in the configuration.
pub trait Choice: Copy + 'static {
    /// The names in the order in which errors list them.
    const NAMES: &'static [&'static str];
    fn from_name(name: &str) -> Self;
    fn name(self) -> &'static str;
}

/// A type that a field of the settings can have.
pub trait Field: Sized {
    fn from_value(value: Value) -> Self;
    fn to_value(&self) -> Value;
}

macro_rules! choice {
    ($type:ty { $($variant:ident = $name:literal),+ $(,)? }) => {
        impl Choice for $type {
            const NAMES: &'static [&'static str] = &[$($name),+];
            fn from_name(name: &str) -> Self {
                match name {
                    $($name => Self::$variant,)+
                    other => unreachable!("the kind lets no {other} through"),
                }
            }
            fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }
        impl Field for $type {
            fn from_value(value: Value) -> Self {
                match value {
                    Value::Choice(name) => <Self as Choice>::from_name(name),
                    other => unreachable!("a row's kind and its field disagree: {other:?}"),
                }
            }
            fn to_value(&self) -> Value {
                Value::Choice(Choice::name(*self))
            }
        }
    };
}

macro_rules! field {
    ($type:ty = $variant:ident) => {
        impl Field for $type {
            fn from_value(value: Value) -> Self {
                match value {
                    Value::$variant(inner) => inner,
                    other => unreachable!("a row's kind and its field disagree: {other:?}"),
                }
            }
            fn to_value(&self) -> Value {
                Value::$variant(self.clone())
            }
        }
    };
}

macro_rules! integer_field {
    ($($type:ty),+) => {$(
        impl Field for $type {
            fn from_value(value: Value) -> Self {
                match value {
                    Value::Integer(number) => number.try_into().expect("the kind's bounds fit the field"),
                    other => unreachable!("a row's kind and its field disagree: {other:?}"),
                }
            }
            fn to_value(&self) -> Value {
                Value::Integer((*self).try_into().expect("the kind's bounds fit the field"))
            }
        }
    )+};
}

impl Field for Option<String> {
    fn from_value(value: Value) -> Self {
        Some(String::from_value(value)).filter(|text| !text.is_empty())
    }
    fn to_value(&self) -> Value {
        Value::Text(self.clone().unwrap_or_default())
    }
}

field!(bool = Bool);
field!(String = Text);
field!(Vec<String> = Words);
field!(Vec<SavePoint> = SavePoints);
field!(OutputLimits = OutputLimits);
field!(Vec<Rename> = Renames);
integer_field!(i64, u8, u16, u32, u64, usize);

/// What channels new users may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewUsers {
    AllChannels,
    NoChannels,
}
choice!(NewUsers { AllChannels = "allchannels", NoChannels = "resetchannels" });

impl NewUsers {
    pub fn is_open(self) -> bool {
        self == NewUsers::AllChannels
    }
}

/// Who may use a feature that is dangerous in the wrong hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    No,
    Yes,
    /// Clients on the loopback interface or a Unix socket.
    Local,
}
choice!(Access { No = "no", Yes = "yes", Local = "local" });

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    Debug,
    Verbose,
    Notice,
    Warning,
    Nothing,
}
choice!(LogLevel {
    Debug = "debug",
    Verbose = "verbose",
    Notice = "notice",
    Warning = "warning",
    Nothing = "nothing",
});

choice!(FsyncPolicy { EverySec = "everysec", Always = "always", No = "no" });

choice!(AofIo { Auto = "auto", Uring = "io_uring", Thread = "thread" });

choice!(BaseFormat { Snapshot = "snapshot", Resp = "resp", Rdb = "rdb" });

choice!(Version {
    Redis10 = "redis10",
    Redis11 = "redis11",
    Redis12 = "redis12",
    Valkey80 = "valkey80",
});

choice!(EvictionPolicy {
    VolatileLru = "volatile-lru",
    VolatileLfu = "volatile-lfu",
    VolatileRandom = "volatile-random",
    VolatileTtl = "volatile-ttl",
    AllKeysLru = "allkeys-lru",
    AllKeysLfu = "allkeys-lfu",
    AllKeysRandom = "allkeys-random",
    VolatileS3Fifo = "volatile-s3fifo",
    AllKeysS3Fifo = "allkeys-s3fifo",
    NoEviction = "noeviction",
});
