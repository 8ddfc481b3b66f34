//! Why a command was refused: the error reply, in the words that Redis clients match on.
//!
//! Every text that more than one command uses stands here, so that a text exists once.

use std::borrow::Cow;

/// An error reply: code and text as RESP carries them, without the leading `-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure(pub Cow<'static, str>);

impl Failure {
    pub const WRONG_TYPE: Failure =
        Failure::text("WRONGTYPE Operation against a key holding the wrong kind of value");
    pub const SYNTAX: Failure = Failure::text("ERR syntax error");
    pub const NOT_INTEGER: Failure = Failure::text("ERR value is not an integer or out of range");
    pub const NOT_FLOAT: Failure = Failure::text("ERR value is not a valid float");
    pub const OUT_OF_RANGE: Failure = Failure::text("ERR value is out of range");
    pub const OVERFLOW: Failure = Failure::text("ERR increment or decrement would overflow");
    pub const NO_SUCH_KEY: Failure = Failure::text("ERR no such key");
    pub const INDEX_OUT_OF_RANGE: Failure = Failure::text("ERR index out of range");
    pub const DB_INDEX: Failure = Failure::text("ERR DB index is out of range");
    pub const STRING_TOO_LONG: Failure =
        Failure::text("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
    pub const OUT_OF_MEMORY: Failure =
        Failure::text("OOM command not allowed when used memory > 'maxmemory'.");

    pub const DAMAGED: Failure = Failure::text(
        "ERR the record of this key in the snapshot file is damaged; stop the server and run 'polycache-server check'",
    );

    pub const BUSY: Failure = Failure::text(
        "BUSY Valkey is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
    );

    pub const SCOPES_CONFLICT: Failure = Failure::text(
        "ERR two transactions or scripts needed each other's keys; declare all keys that the script uses",
    );

    pub const SAVES_FAIL: Failure = Failure::text(
        "MISCONF Valkey is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands \
         that may modify the data set are disabled, because this instance is configured to report errors during \
         writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Valkey logs for \
         details about the RDB error.",
    );

    /// A failure whose text is known at compile time.
    pub const fn text(text: &'static str) -> Failure {
        Failure(Cow::Borrowed(text))
    }

    /// A failure whose text is made now.
    pub fn new(text: impl Into<String>) -> Failure {
        Failure(Cow::Owned(text.into()))
    }

    /// `ERR invalid expire time in 'set' command` and its likes.
    pub fn invalid_expire(command: &str) -> Failure {
        Failure::new(format!("ERR invalid expire time in '{command}' command"))
    }

    /// `ERR wrong number of arguments for '...' command`; `command` in lower case, `parent|child` for subcommands.
    pub fn wrong_arity(command: &str) -> Failure {
        Failure::new(format!("ERR wrong number of arguments for '{command}' command"))
    }
}
