"""An in-memory store in your process.

    import polycache

    cache = polycache.open()                        # in memory; or open("some/directory")
    cache.set("greeting", "hello", ttl=60)
    cache.get("greeting")                           # b'hello'
    cache.execute("GETRANGE", "greeting", 0, 3)     # any Redis command
    cache.serve(resp="127.0.0.1:6379")              # other programs reach the same data
"""

from ._native import Cache, Scan, Server, __version__, open
from .errors import (
    CacheError,
    ClosedError,
    CommandError,
    ConfigError,
    CorruptError,
    DurabilityError,
    ForkedError,
    LockedError,
    OutOfMemoryError,
    StorageError,
)

__all__ = [
    "Cache",
    "CacheError",
    "ClosedError",
    "CommandError",
    "ConfigError",
    "CorruptError",
    "DurabilityError",
    "ForkedError",
    "LockedError",
    "OutOfMemoryError",
    "Scan",
    "Server",
    "StorageError",
    "__version__",
    "open",
]
