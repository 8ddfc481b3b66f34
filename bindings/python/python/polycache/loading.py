"""Getting a value or loading it: of all who miss a key, one loads, and the others wait for its value.

The lease is the engine's, so threads, coroutines, other handles and clients of memcached (``mg`` with N or R) wait for
the same loader.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeAlias
from weakref import WeakKeyDictionary

from ._native import Doorbell, Lease, Loader, Waiting

if TYPE_CHECKING:
    from datetime import timedelta

    from typing_extensions import Buffer

    _Value: TypeAlias = str | int | float | Buffer | None
    _Place: TypeAlias = tuple[int, bytes]

__all__ = ["aget_or_load", "get_or_load"]

# What the present thread or task, or one that started it, is loading. Who asks for that would wait for itself.
_loading: ContextVar[frozenset[_Place]] = ContextVar("polycache.loading", default=frozenset())


def _enter(asks: Loader, key: str | bytes) -> _Place:
    place = (id(asks.cache), key.encode() if isinstance(key, str) else key)
    if place in _loading.get():
        raise RecursionError(f"the loader of {key!r} asks for its own key: it would wait for itself")
    return place


def get_or_load(
    asks: Loader, key: str | bytes, loader: Callable[[], _Value], ttl: float | timedelta | None
) -> bytes | None:
    """What Cache.get_or_load() does where there is no good value."""
    place = _enter(asks, key)
    found = asks.wait(key)
    if isinstance(found, bytes):
        return found
    token = _loading.set(_loading.get() | {place})
    try:
        value = loader()
        if inspect.isawaitable(value):
            if inspect.iscoroutine(value):
                value.close()
            raise TypeError("the loader is a coroutine function: await aget_or_load() instead")
        return None if value is None else found.store(value, ttl)
    finally:
        _loading.reset(token)
        found.give_back()


async def aget_or_load(
    asks: Loader,
    key: str | bytes,
    loader: Callable[[], Awaitable[_Value] | _Value],
    ttl: float | timedelta | None,
) -> bytes | None:
    """Cache.aget_or_load()."""
    place = _enter(asks, key)
    found = asks.ask(key)
    while isinstance(found, Waiting):
        found = await _Bells.wait_for(asks, found)
    if isinstance(found, bytes):
        return found
    token = _loading.set(_loading.get() | {place})
    try:
        value = loader()
        if inspect.isawaitable(value):
            value = await value
        return None if value is None else found.store(value, ttl)
    finally:
        _loading.reset(token)
        found.give_back()


class _Bells:
    """Wakes the coroutines of one event loop."""

    _of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, _Bells] = WeakKeyDictionary()

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._doorbell = Doorbell()
        self._futures: dict[int, asyncio.Future[None]] = {}
        self._number = 0
        loop.add_reader(self._doorbell.fileno(), self._answer)

    def _answer(self) -> None:
        for number in self._doorbell.take():
            future = self._futures.get(number)
            if future is not None and not future.done():
                future.set_result(None)

    @classmethod
    async def wait_for(cls, asks: Loader, waiting: Waiting) -> bytes | Lease | Waiting:
        """Waits for whoever loads, and asks again."""
        loop = asyncio.get_running_loop()
        bells = cls._of_loops.get(loop)
        if bells is None:
            bells = cls._of_loops[loop] = cls(loop)
        bells._number += 1
        number = bells._number
        future = bells._futures[number] = loop.create_future()
        try:
            if not waiting.listen(bells._doorbell, number):
                await asyncio.wait([future], timeout=asks.wait_seconds)
            return asks.ask_again(waiting)
        finally:
            del bells._futures[number]
            # A coroutine that was cancelled leaves its place in the queue.
            waiting.close()
