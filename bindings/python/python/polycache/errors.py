"""What can go wrong, as exceptions; all derive from CacheError."""


class CacheError(Exception):
    """Any error of the cache. `code` is the word for programs, such as WRONGTYPE or CLOSED."""

    code: str

    def __init__(self, message: str, code: str = "ERR") -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[type["CacheError"], tuple[str, str]]:
        return type(self), (str(self), self.code)


class CommandError(CacheError):
    """A command was refused; code and text are those that a Redis client would see."""


class OutOfMemoryError(CommandError):
    """The memory limit is reached, and the eviction policy finds nothing to evict."""


class ConfigError(CacheError, ValueError):
    """A setting of open() or serve() that is unknown or cannot be satisfied."""


class ClosedError(CacheError):
    """The cache was closed."""


class ForkedError(CacheError):
    """The cache was opened before a fork, and this is the child."""


class StorageError(CacheError):
    """The operating system refused to read or write the directory."""


class LockedError(StorageError):
    """Another process has the directory open."""


class CorruptError(StorageError):
    """A file in the directory is damaged; the text names the way out."""


class DurabilityError(StorageError):
    """The log cannot be written: what was not acknowledged may be lost, and writes are refused."""
