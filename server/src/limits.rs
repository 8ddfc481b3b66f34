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

/// Arguments of one command.
pub const ARGUMENTS_MAX: usize = 1 << 20;

/// Arguments of one command before authentication, as in Redis.
pub const UNAUTHENTICATED_ARGUMENTS_MAX: usize = 10;

/// Bytes of one argument before authentication, as in Redis.
pub const UNAUTHENTICATED_BULK_BYTES_MAX: usize = 16 << 10;

/// Worker threads.
pub const WORKERS_MAX: usize = 128;

/// Distinct error codes that INFO errorstats tells apart, as in Redis.
pub const ERROR_KINDS_MAX: usize = 128;
