"""Values with elements: lists, sets, hashes, sorted sets and streams of a cache, with the manners of Python's own.

Each object is a name for what a key holds, made by ``cache.list(key)`` and its kin: it holds nothing itself, and a key
that does not exist is an empty container. Keys, elements and fields are ``str`` (as UTF-8) or ``bytes``, and come back
as ``bytes``. One call is one command: nobody sees half of it. Walks over a container see it as it was at one instant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, MutableSet, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias, cast, overload

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from ._native import Cache

    _Key: TypeAlias = str | bytes
    _Value: TypeAlias = str | int | float | Buffer
    _Entry: TypeAlias = tuple[str, dict[bytes, bytes]]

__all__ = ["Hash", "List", "Set", "SortedSet", "Stream", "StreamGroup"]


class _Container:
    __slots__ = ("_cache", "_key")

    def __init__(self, cache: Cache, key: _Key) -> None:
        self._cache = cache
        self._key = key

    @property
    def key(self) -> str | bytes:
        """The key that holds the container."""
        return self._key

    def _run(self, command: str, *arguments: Any) -> Any:
        return self._cache.execute(command, self._key, *arguments)

    def clear(self) -> None:
        """Deletes the key."""
        self._run("DEL")

    def __repr__(self) -> str:
        return f"<polycache.{type(self).__name__} {self._key!r}>"


class List(_Container, Sequence[bytes]):
    """A list: a sequence that also grows and shrinks at both ends, as a deque does."""

    __slots__ = ()

    def __len__(self) -> int:
        return cast(int, self._run("LLEN"))

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> list[bytes]: ...
    def __getitem__(self, index: int | slice) -> bytes | list[bytes]:
        if isinstance(index, slice):
            if index.step in (None, 1) and index.stop != 0:
                start = 0 if index.start is None else index.start
                stop = -1 if index.stop is None else index.stop - 1
                return cast("list[bytes]", self._run("LRANGE", start, stop))
            return cast("list[bytes]", self._run("LRANGE", 0, -1))[index]
        element = self._run("LINDEX", index)
        if element is None:
            raise IndexError("list index out of range")
        return cast(bytes, element)

    def __setitem__(self, index: int, value: _Value) -> None:
        if not -len(self) <= index < len(self):
            raise IndexError("list assignment index out of range")
        self._run("LSET", index, value)

    def __iter__(self) -> Iterator[bytes]:
        return iter(cast("list[bytes]", self._run("LRANGE", 0, -1)))

    def __reversed__(self) -> Iterator[bytes]:
        return reversed(cast("list[bytes]", self._run("LRANGE", 0, -1)))

    def __contains__(self, value: object) -> bool:
        return isinstance(value, (str, bytes, int, float)) and self._run("LPOS", value) is not None

    def append(self, *values: _Value) -> int:
        """Adds values at the right end; the new length."""
        return cast(int, self._run("RPUSH", *values))

    def appendleft(self, *values: _Value) -> int:
        """Adds values at the left end, one after the other; the new length."""
        return cast(int, self._run("LPUSH", *values))

    def extend(self, values: Iterable[_Value]) -> None:
        """Adds values at the right end, at one instant."""
        if found := list(values):
            self._run("RPUSH", *found)

    def pop(self) -> bytes:
        """Takes the last element."""
        return self._taken(self._run("RPOP"))

    def popleft(self) -> bytes:
        """Takes the first element."""
        return self._taken(self._run("LPOP"))

    def _taken(self, element: bytes | None) -> bytes:
        if element is None:
            raise IndexError("pop from an empty list")
        return element

    def wait_pop(self, timeout: float = 0) -> bytes | None:
        """Takes the last element, waiting for one; None after `timeout` seconds (0: never)."""
        reply = self._run("BRPOP", timeout)
        return None if reply is None else cast(bytes, reply[1])

    def wait_popleft(self, timeout: float = 0) -> bytes | None:
        """Takes the first element, waiting for one; None after `timeout` seconds (0: never)."""
        reply = self._run("BLPOP", timeout)
        return None if reply is None else cast(bytes, reply[1])

    def remove(self, value: _Value, count: int = 1) -> int:
        """Removes the first `count` elements that are `value` (the last where negative, all for 0); how many it were."""
        return cast(int, self._run("LREM", count, value))

    def insert_before(self, pivot: _Value, value: _Value) -> bool:
        """Inserts `value` in front of the first `pivot`; whether there is one."""
        return cast(int, self._run("LINSERT", "BEFORE", pivot, value)) > 0

    def insert_after(self, pivot: _Value, value: _Value) -> bool:
        """Inserts `value` behind the first `pivot`; whether there is one."""
        return cast(int, self._run("LINSERT", "AFTER", pivot, value)) > 0

    def trim(self, start: int, stop: int) -> None:
        """Keeps the elements from `start` to in front of `stop`."""
        if stop == 0 or start >= stop > 0:
            self.clear()
        else:
            self._run("LTRIM", start, stop - 1)


class Set(_Container, MutableSet[bytes]):
    """A set."""

    __slots__ = ()

    @classmethod
    def _from_iterable(cls, it: Iterable[Any]) -> Any:
        # What operators make is a set of Python's own.
        return set(it)

    def __len__(self) -> int:
        return cast(int, self._run("SCARD"))

    def __contains__(self, member: object) -> bool:
        return isinstance(member, (str, bytes, int, float)) and bool(self._run("SISMEMBER", member))

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.members())

    def members(self) -> set[bytes]:
        """All members, as they are at one instant."""
        return cast("set[bytes]", self._run("SMEMBERS"))

    def add(self, member: _Value) -> None:
        """Adds a member."""
        self._run("SADD", member)

    def update(self, members: Iterable[_Value]) -> int:
        """Adds members at one instant; how many of them were new."""
        found = list(members)
        return cast(int, self._run("SADD", *found)) if found else 0

    def discard(self, member: _Value) -> None:
        """Removes a member, if it is there."""
        self._run("SREM", member)

    def pop(self) -> bytes:
        """Takes a member by chance."""
        member = self._run("SPOP")
        if member is None:
            raise KeyError("pop from an empty set")
        return cast(bytes, member)

    def random(self, count: int = 1) -> list[bytes]:
        """Up to `count` different members by chance; for a negative count so many, with repetitions."""
        return cast("list[bytes]", self._run("SRANDMEMBER", count))

    def contains_many(self, members: Iterable[_Value]) -> list[bool]:
        """Whether each of the members is there."""
        found = list(members)
        return [bool(is_member) for is_member in self._run("SMISMEMBER", *found)] if found else []


class Hash(_Container, MutableMapping["str | bytes", bytes]):
    """A hash: a mapping from fields to values."""

    __slots__ = ()

    def __len__(self) -> int:
        return cast(int, self._run("HLEN"))

    def __getitem__(self, field: _Key) -> bytes:
        value = self._run("HGET", field)
        if value is None:
            raise KeyError(field)
        return cast(bytes, value)

    def __setitem__(self, field: _Key, value: _Value) -> None:
        self._run("HSET", field, value)

    def __delitem__(self, field: _Key) -> None:
        if not self._run("HDEL", field):
            raise KeyError(field)

    def __contains__(self, field: object) -> bool:
        return isinstance(field, (str, bytes)) and bool(self._run("HEXISTS", field))

    def __iter__(self) -> Iterator[bytes]:
        return iter(cast("list[bytes]", self._run("HKEYS")))

    def to_dict(self) -> dict[bytes, bytes]:
        """All fields and values, as they are at one instant."""
        return cast("dict[bytes, bytes]", self._run("HGETALL"))

    def set_many(self, items: Mapping[Any, _Value] | Iterable[tuple[_Key, _Value]]) -> int:
        """Sets fields at one instant; how many of them were new."""
        pairs = items.items() if isinstance(items, Mapping) else items
        flat = [word for pair in pairs for word in pair]
        return cast(int, self._run("HSET", *flat)) if flat else 0

    def get_many(self, fields: Iterable[_Key]) -> list[bytes | None]:
        """The values of fields at one instant; None for one that is not there."""
        found = list(fields)
        return cast("list[bytes | None]", self._run("HMGET", *found)) if found else []

    def set_default(self, field: _Key, value: _Value) -> bool:
        """Sets a field that is not there; whether it was not."""
        return bool(self._run("HSETNX", field, value))

    def incr(self, field: _Key, by: int = 1) -> int:
        """Adds to the integer in a field (0 where there is none); the sum."""
        return cast(int, self._run("HINCRBY", field, by))

    def incr_float(self, field: _Key, by: float) -> float:
        """Adds to the number in a field; the sum."""
        return float(self._run("HINCRBYFLOAT", field, by))

    def expire(self, field: _Key, ttl: float | timedelta | None) -> bool:
        """Sets (or with None clears) when a field expires, in seconds from now; whether the field exists."""
        if ttl is None:
            return bool(self._run("HPERSIST", "FIELDS", 1, field)[0] != -2)
        seconds = ttl.total_seconds() if isinstance(ttl, timedelta) else ttl
        if not seconds > 0:
            raise ValueError("ttl must be more than 0 seconds")
        return bool(self._run("HPEXPIRE", max(1, round(seconds * 1000)), "FIELDS", 1, field)[0] != -2)

    def ttl(self, field: _Key) -> float | None:
        """Seconds until a field expires; None if never. KeyError without the field."""
        left = cast(int, self._run("HPTTL", "FIELDS", 1, field)[0])
        if left == -2:
            raise KeyError(field)
        return None if left == -1 else left / 1000


class SortedSet(_Container, MutableMapping["str | bytes", float]):
    """A sorted set: a mapping from members to scores, in the order of the scores."""

    __slots__ = ()

    def __len__(self) -> int:
        return cast(int, self._run("ZCARD"))

    def __getitem__(self, member: _Key) -> float:
        score = self._run("ZSCORE", member)
        if score is None:
            raise KeyError(member)
        return cast(float, score)

    def __setitem__(self, member: _Key, score: float) -> None:
        self._run("ZADD", score, member)

    def __delitem__(self, member: _Key) -> None:
        if not self._run("ZREM", member):
            raise KeyError(member)

    def __contains__(self, member: object) -> bool:
        return isinstance(member, (str, bytes)) and self._run("ZSCORE", member) is not None

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.range())

    def add(
        self,
        member: _Key,
        score: float,
        *,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> bool:
        """Sets the score of a member (only a new one: nx; one that is there: xx; if greater: gt; if less: lt); whether
        anything changed."""
        options = [word for word, is_set in (("NX", nx), ("XX", xx), ("GT", gt), ("LT", lt)) if is_set]
        return bool(self._run("ZADD", *options, "CH", score, member))

    def set_many(self, items: Mapping[Any, float] | Iterable[tuple[_Key, float]]) -> int:
        """Sets scores of members at one instant; how many of them were new."""
        pairs = items.items() if isinstance(items, Mapping) else items
        flat = [word for member, score in pairs for word in (score, member)]
        return cast(int, self._run("ZADD", *flat)) if flat else 0

    def incr(self, member: _Key, by: float = 1) -> float:
        """Adds to the score of a member (0 where it is not there); the sum."""
        return cast(float, self._run("ZINCRBY", by, member))

    def rank(self, member: _Key, *, reverse: bool = False) -> int | None:
        """How many members stand in front of this one; None where it is not there."""
        return cast("int | None", self._run("ZREVRANK" if reverse else "ZRANK", member))

    def range(self, start: int = 0, stop: int = -1, *, reverse: bool = False) -> list[bytes]:
        """The members of a range of ranks, both ends included; negative ones count from the end."""
        return cast("list[bytes]", self._run("ZRANGE", start, stop, *(("REV",) if reverse else ())))

    def range_with_scores(
        self, start: int = 0, stop: int = -1, *, reverse: bool = False
    ) -> list[tuple[bytes, float]]:
        """As range(), with scores."""
        found = self._run("ZRANGE", start, stop, *(("REV",) if reverse else ()), "WITHSCORES")
        return [(member, score) for member, score in found]

    def range_by_score(
        self,
        low: float | str = "-inf",
        high: float | str = "+inf",
        *,
        offset: int = 0,
        count: int = -1,
        reverse: bool = False,
    ) -> list[tuple[bytes, float]]:
        """Members with scores from `low` to `high`, both included unless written as "(1.5"."""
        ends = (high, low, "BYSCORE", "REV") if reverse else (low, high, "BYSCORE")
        found = self._run("ZRANGE", *ends, "LIMIT", offset, count, "WITHSCORES")
        return [(member, score) for member, score in found]

    def count(self, low: float | str = "-inf", high: float | str = "+inf") -> int:
        """How many members have scores from `low` to `high`."""
        return cast(int, self._run("ZCOUNT", low, high))

    def pop_min(self, count: int = 1) -> list[tuple[bytes, float]]:
        """Takes the members with the lowest scores."""
        return [(member, score) for member, score in self._run("ZPOPMIN", count)]

    def pop_max(self, count: int = 1) -> list[tuple[bytes, float]]:
        """Takes the members with the highest scores."""
        return [(member, score) for member, score in self._run("ZPOPMAX", count)]

    def to_dict(self) -> dict[bytes, float]:
        """All members with their scores, in order, as they are at one instant."""
        return dict(self.range_with_scores())


def _entry(reply: Any) -> _Entry:
    name, words = reply
    words = words or []
    return name.decode(), dict(zip(words[::2], words[1::2], strict=True))


def _entries(reply: Any, key: _Key) -> list[_Entry]:
    """The entries of one stream in XREAD's reply."""
    if not reply:
        return []
    return [_entry(entry) for entry in reply[key.encode() if isinstance(key, str) else key]]


class Stream(_Container):
    """A stream: entries with ids, in the order in which they came."""

    __slots__ = ()

    def __len__(self) -> int:
        return cast(int, self._run("XLEN"))

    def __bool__(self) -> bool:
        return len(self) > 0

    def __iter__(self) -> Iterator[_Entry]:
        return iter(self.range())

    def __getitem__(self, id: str) -> dict[bytes, bytes]:
        found = self._run("XRANGE", id, id)
        if not found:
            raise KeyError(id)
        return _entry(found[0])[1]

    def add(
        self, fields: Mapping[Any, _Value], id: str = "*", *, max_len: int | None = None, exact: bool = False
    ) -> str:
        """Adds an entry; its id. With `max_len` the oldest entries beyond so many go (about so many, unless exact)."""
        trim: tuple[_Value, ...] = () if max_len is None else ("MAXLEN", "=" if exact else "~", max_len)
        flat = [word for pair in fields.items() for word in pair]
        return cast(bytes, self._run("XADD", *trim, id, *flat)).decode()

    def range(
        self, start: str = "-", stop: str = "+", *, count: int | None = None, reverse: bool = False
    ) -> list[_Entry]:
        """The entries from one id to another."""
        ends = (stop, start) if reverse else (start, stop)
        limit = () if count is None else ("COUNT", count)
        return [_entry(entry) for entry in self._run("XREVRANGE" if reverse else "XRANGE", *ends, *limit)]

    def read(self, after: str = "0", *, count: int | None = None, wait: float | None = None) -> list[_Entry]:
        """The entries behind an id ("$": those to come); with `wait` up to so many seconds for the first (0: forever)."""
        limit: tuple[_Value, ...] = () if count is None else ("COUNT", count)
        if wait is not None:
            limit += ("BLOCK", round(wait * 1000))
        return _entries(self._cache.execute("XREAD", *limit, "STREAMS", self._key, after), self._key)

    def delete(self, *ids: str) -> int:
        """Deletes entries; how many there were."""
        return cast(int, self._run("XDEL", *ids))

    def trim(self, max_len: int) -> int:
        """Keeps the newest `max_len` entries; how many went."""
        return cast(int, self._run("XTRIM", "MAXLEN", max_len))

    def info(self) -> dict[str, Any]:
        """What XINFO STREAM tells."""
        found = self._cache.execute("XINFO", "STREAM", self._key)
        return {name.decode(): value for name, value in found.items()}

    def group(self, name: _Key) -> StreamGroup:
        """A group of consumers."""
        return StreamGroup(self._cache, self._key, name)


class StreamGroup:
    """A group of consumers of a stream."""

    __slots__ = ("_cache", "_key", "_name")

    def __init__(self, cache: Cache, key: _Key, name: _Key) -> None:
        self._cache = cache
        self._key = key
        self._name = name

    def create(self, start: str = "$") -> None:
        """Creates the group, and the stream where there is none; it reads what comes behind `start`."""
        self._cache.execute("XGROUP", "CREATE", self._key, self._name, start, "MKSTREAM")

    def destroy(self) -> bool:
        """Deletes the group; whether there was one."""
        return bool(self._cache.execute("XGROUP", "DESTROY", self._key, self._name))

    def read(
        self, consumer: _Key, after: str = ">", *, count: int | None = None, wait: float | None = None
    ) -> list[_Entry]:
        """Entries that nobody has got yet, or with an id those that this consumer has got and not acknowledged."""
        limit: tuple[_Value, ...] = () if count is None else ("COUNT", count)
        if wait is not None:
            limit += ("BLOCK", round(wait * 1000))
        words = ("GROUP", self._name, consumer, *limit, "STREAMS", self._key, after)
        return _entries(self._cache.execute("XREADGROUP", *words), self._key)

    def ack(self, *ids: str) -> int:
        """Acknowledges entries; how many were pending."""
        return cast(int, self._cache.execute("XACK", self._key, self._name, *ids))

    def pending(self, count: int = 100, consumer: _Key | None = None) -> list[tuple[str, bytes, int, int]]:
        """Entries that were not acknowledged: id, consumer, milliseconds since the delivery, deliveries."""
        of = () if consumer is None else (consumer,)
        found = self._cache.execute("XPENDING", self._key, self._name, "-", "+", count, *of)
        return [(name.decode(), owner, idle, times) for name, owner, idle, times in found]

    def claim_idle(self, consumer: _Key, idle: float, *, count: int = 100) -> list[_Entry]:
        """Takes over entries that have been pending for `idle` seconds."""
        words = (self._key, self._name, consumer, round(idle * 1000), "0", "COUNT", count)
        return [_entry(entry) for entry in self._cache.execute("XAUTOCLAIM", *words)[1]]

    def __repr__(self) -> str:
        return f"<polycache.StreamGroup {self._name!r} of {self._key!r}>"
