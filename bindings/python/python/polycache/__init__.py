"""An in-memory store in your process.

    import polycache

    cache = polycache.open()                        # in memory; or open("some/directory")
    cache.set("greeting", "hello", ttl=60)
    cache.get("greeting")                           # b'hello'
    cache.hash("user:1")["name"] = "Ada"            # also list(), set_(), sorted_set(), stream()
    cache.execute("GETRANGE", "greeting", 0, 3)     # any Redis command
    cache.serve(resp="127.0.0.1:6379")              # other programs reach the same data
"""

from ._native import Cache, Scan, Server, Subscription, __version__, open
from .containers import Hash, List, Set, SortedSet, Stream, StreamGroup
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
    "Hash",
    "List",
    "LockedError",
    "OutOfMemoryError",
    "Scan",
    "Server",
    "Set",
    "SortedSet",
    "StorageError",
    "Stream",
    "StreamGroup",
    "Subscription",
    "__version__",
    "open",
]
