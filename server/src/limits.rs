//! Every bound of the server, in one place, with its reason.

/// Commands that one connection carries out before the others of its thread get their turn.
pub const TURN_COMMANDS_MAX: usize = 1024;

/// Output after which a turn ends so that it can be sent before more is made.
pub const TURN_OUTPUT_BYTES: usize = 1 << 20;

/// Unsent output above which a connection's commands are no longer carried out (its input is still read, up to
/// [`PENDING_INPUT_BYTES_MAX`]): a client that sends a huge pipeline before it reads needs room on both sides.
pub const PENDING_OUTPUT_BYTES_MAX: usize = 64 << 20;

/// Input that may wait behind unsent output.
pub const PENDING_INPUT_BYTES_MAX: usize = 64 << 20;

/// The buffer that a worker thread reads into while a connection has no unfinished command.
pub const READ_BUFFER_BYTES: usize = 64 << 10;

/// The longest inline request and the longest line with a length, as in Redis.
pub const INLINE_BYTES_MAX: usize = 64 << 10;

/// Arguments of one command, as in Redis. Room is made as they arrive; `client-query-buffer-limit` bounds their bytes.
pub const ARGUMENTS_MAX: usize = i32::MAX as usize;

/// Arguments of one command before authentication, as in Redis.
pub const UNAUTHENTICATED_ARGUMENTS_MAX: usize = 10;

/// Bytes of one argument before authentication, as in Redis.
pub const UNAUTHENTICATED_BULK_BYTES_MAX: usize = 16 << 10;

/// Worker threads.
pub const WORKERS_MAX: usize = 128;

/// Distinct error codes that INFO errorstats tells apart, as in Redis.
pub const ERROR_KINDS_MAX: usize = 128;

// Configuration.

/// Number of databases, which the engine fixes.
pub const DATABASES: usize = polycache_core::limits::DATABASES;

/// Bytes of one configuration file, and of what stands on standard input.
pub const CONFIG_FILE_BYTES_MAX: usize = 1 << 20;

/// Bytes of one line of a configuration file.
pub const CONFIG_LINE_BYTES_MAX: usize = 64 << 10;

/// Files included by files included ...: ends circles.
pub const INCLUDE_DEPTH_MAX: usize = 16;

/// Files read in all: ends trees of files that include each other many times.
pub const INCLUDED_FILES_MAX: usize = 256;

/// Save points in one value.
pub const SAVE_POINTS_MAX: usize = 64;

/// Renamed commands.
pub const RENAMES_MAX: usize = 1024;

/// Bytes of a command's new name; longer names are never looked up.
pub const COMMAND_NAME_BYTES_MAX: usize = 32;

/// Addresses to listen on, Redis' bound.
pub const BIND_ADDRESSES_MAX: usize = 16;

/// Percentiles that INFO latencystats shows.
pub const PERCENTILES_MAX: usize = 32;

/// Members of a memcached cluster.
pub const CLUSTER_MEMBERS_MAX: usize = 1024;

/// Lines of a memcached authentication file.
pub const AUTH_FILE_LINES_MAX: usize = 1024;

/// Bytes of a memcached authentication file.
pub const AUTH_FILE_BYTES_MAX: u64 = 1 << 20;

/// Bytes of the password: Redis' bound for authentication.
pub const PASSWORD_BYTES_MAX: usize = 512;

/// Users of the access control.
pub const ACL_USERS_MAX: usize = 1 << 16;

/// Bytes of the ACL file.
pub const ACL_FILE_BYTES_MAX: u64 = 64 << 20;

/// Selectors of one user beside their own.
pub const ACL_SELECTORS_MAX: usize = 1024;

/// Patterns of keys, or of channels, or databases, in one selector.
pub const ACL_PATTERNS_MAX: usize = 4096;

/// Passwords of one user.
pub const ACL_PASSWORDS_MAX: usize = 1024;

/// How long a turn may take before the other connections of its thread get theirs.
pub const TURN_TIME_US: u64 = 1000;

/// Input of one connection is reserved at once up to so many bytes when a long argument is announced; beyond,
/// the buffer doubles.
pub const INPUT_RESERVE_BYTES_MAX: usize = 64 << 20;

/// Buffers of a connection that grew beyond this are given back when they are empty.
pub const IDLE_BUFFER_BYTES_MAX: usize = 64 << 10;

/// DEBUG SLEEP holds a thread for at most so long.
pub const DEBUG_SLEEP_SECONDS_MAX: f64 = 3600.0;

/// Names that one INFO, COMMAND INFO or COMMAND DOCS may ask for.
pub const NAMES_ASKED_MAX: usize = 4096;

/// Invalidations that a client does not read until it is closed.
pub const INVALIDATIONS_BYTES_MAX: u64 = 64 << 20;

/// A line that MIGRATE's peer replies with.
pub const PEER_LINE_BYTES_MAX: u64 = 4096;

/// Bytes of a script's source: what the parser of Lua 5.1 counts in an `int` must stay far below that.
pub const SCRIPT_BYTES_MAX: usize = 256 << 20;

/// Bytes that a Lua state may hold.
pub const SCRIPT_MEMORY_BYTES_MAX: usize = 512 << 20;

/// A Lua state that holds more is not kept for the next script.
pub const IDLE_MACHINE_BYTES_MAX: usize = 32 << 20;

/// Idle Lua states that a shard of them keeps.
pub const IDLE_MACHINES_MAX: usize = 4;

/// Scripts that came by EVAL are kept up to this number, Valkey's.
pub const EVAL_SCRIPTS_MAX: usize = 500;

/// Scripts that one Lua state keeps compiled.
pub const COMPILED_SCRIPTS_MAX: usize = 4096;

/// Threads for scripts that take long.
pub const SCRIPT_THREADS_MAX: usize = 16;

/// How long a library may take to register its functions.
pub const FUNCTION_LOAD_US_MAX: u64 = 500_000;

/// Nesting that `cmsgpack` packs, Redis'; deeper tables become nil.
pub const MESSAGE_PACK_DEPTH_MAX: usize = 16;

/// Nesting that `cmsgpack` unpacks: Lua's stack bounds it in Redis.
pub const MESSAGE_UNPACK_DEPTH_MAX: usize = 256;

/// Nesting of a script's reply: every level takes the thread's stack.
pub const ANSWER_DEPTH_MAX: usize = 500;

/// Nesting of what `cjson` writes and reads, whatever a script sets: every level takes the thread's stack.
pub const JSON_DEPTH_MAX: usize = 1000;
