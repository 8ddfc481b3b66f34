"""A decorator that keeps a function's results in a cache, under the function's name and its arguments."""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar, cast

if TYPE_CHECKING:
    from datetime import timedelta

    from ._native import Cache

__all__ = ["Memoized", "memoize"]

_P = ParamSpec("_P")
_R = TypeVar("_R")
_R_co = TypeVar("_R_co", covariant=True)

# Longer arguments are told apart by a hash of them: keys stay within what memcached's clients can name.
_ARGUMENTS_MAX = 128


class Memoized(Protocol[_P, _R_co]):
    """A function whose results are kept."""

    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _R_co: ...

    def cache_key(self, *args: _P.args, **kwargs: _P.kwargs) -> str:
        """The key of a call's result: for delete(), invalidate(), ttl() and the like."""

    def cache_clear(self) -> int:
        """Deletes all results of the function; how many there were."""


def memoize(
    cache: Cache,
    ttl: float | timedelta | None = None,
    *,
    early: float | timedelta | None = None,
    stale: bool = True,
    wait: float = 10.0,
    key: Callable[..., str] | None = None,
    dumps: Callable[[Any], str | bytes] = json.dumps,
    loads: Callable[[bytes], Any] = json.loads,
) -> Callable[[Callable[_P, _R]], Memoized[_P, _R]]:
    """What Cache.memoize() gives. `key` makes the text that stands for the arguments, where they are not JSON."""

    def decorate(function: Callable[_P, _R]) -> Memoized[_P, _R]:
        prefix = f"memoize:{function.__module__}.{function.__qualname__}:"
        signature = inspect.signature(function)

        def cache_key(*args: _P.args, **kwargs: _P.kwargs) -> str:
            return prefix + (_told(signature, args, kwargs) if key is None else key(*args, **kwargs))

        def cache_clear() -> int:
            return cache.delete_many(list(cache.scan(match=_literal(prefix) + "*")))

        def dumped(result: Any) -> str | bytes | None:
            return None if result is None else dumps(result)

        def loaded(found: bytes | None) -> Any:
            return None if found is None else loads(found)

        how: dict[str, Any] = {"early": early, "stale": stale, "wait": wait}
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def later(*args: _P.args, **kwargs: _P.kwargs) -> Any:
                async def loader() -> str | bytes | None:
                    return dumped(await function(*args, **kwargs))

                return loaded(await cache.aget_or_load(cache_key(*args, **kwargs), loader, ttl, **how))

            memoized: Any = later
        else:

            @functools.wraps(function)
            def now(*args: _P.args, **kwargs: _P.kwargs) -> Any:
                def loader() -> str | bytes | None:
                    return dumped(function(*args, **kwargs))

                return loaded(cache.get_or_load(cache_key(*args, **kwargs), loader, ttl, **how))

            memoized = now
        memoized.cache_key, memoized.cache_clear = cache_key, cache_clear
        return cast("Memoized[_P, _R]", memoized)

    return decorate


def _told(signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """The arguments as JSON, by their names: f(1) and f(x=1) are one call, f(1) and f("1") are two."""
    bound = signature.bind(*args, **kwargs)
    bound.apply_defaults()
    try:
        _check(bound.arguments)
        told = json.dumps(bound.arguments, sort_keys=True, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise TypeError(f"an argument cannot be part of a key ({error}): give memoize() a key function") from None
    if len(told) <= _ARGUMENTS_MAX and told.isprintable() and " " not in told:
        return told
    return hashlib.blake2b(told.encode(), digest_size=20).hexdigest()


def _check(argument: Any) -> None:
    """Refuses what JSON would take for something else: {1: 2} is {"1": 2} there."""
    if isinstance(argument, dict):
        for name, value in argument.items():
            if not isinstance(name, str):
                raise TypeError(f"a dict with the key {name!r}, which is not str")
            _check(value)
    elif isinstance(argument, (list, tuple)):
        for value in argument:
            _check(value)


def _literal(text: str) -> str:
    """A glob pattern that matches `text`."""
    return "".join("\\" + letter if letter in "*?[]\\^" else letter for letter in text)
