"""The decorator."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import polycache
import pytest


def test_results_are_kept_by_arguments(cache: polycache.Cache) -> None:
    calls = []

    @cache.memoize(ttl=60)
    def area(width: int, height: int = 1, *more: int, unit: str = "m") -> dict[str, object]:
        """Says how large."""
        calls.append((width, height, more, unit))
        return {"area": width * height, "unit": unit}

    assert area(2, 3) == area(2, height=3) == area(width=2, height=3) == {"area": 6, "unit": "m"}
    assert len(calls) == 1
    assert area(2) == {"area": 2, "unit": "m"} and area(2, 3, 4)["area"] == 6 and area(2, unit="km")["unit"] == "km"
    assert len(calls) == 4
    assert area.__doc__ == "Says how large."
    key = area.cache_key(2, 3)
    assert key in cache and (cache.ttl(key) or 0) > 59
    assert cache.delete(key) and area(2, 3)["area"] == 6 and len(calls) == 5
    assert area.cache_clear() == 4 == 4 + len(cache)
    assert area.cache_clear() == 0


def test_one_and_the_text_of_one_are_two(cache: polycache.Cache) -> None:
    @cache.memoize()
    def kind(value: object) -> str:
        return type(value).__name__

    assert [kind(1), kind("1"), kind(1.0), kind(True), kind([1]), kind("x y")] == [
        "int",
        "str",
        "float",
        "bool",
        "list",
        "str",
    ]
    assert kind("x" * 1000) == "str" and len(kind.cache_key("x" * 1000)) < 250
    assert kind.cache_key("x" * 1000) != kind.cache_key("x" * 1001)
    for unclear in (object(), {1: 2}, b"bytes"):
        with pytest.raises(TypeError, match="key function"):
            kind(unclear)


def test_methods_need_a_key_function(cache: polycache.Cache) -> None:
    class User:
        def __init__(self, number: int) -> None:
            self.number = number

        @cache.memoize(key=lambda self, what: f"{self.number}:{what}")
        def tell(self, what: str) -> str:
            return f"{what} of {self.number}"

    assert User(1).tell("name") == "name of 1" and User(2).tell("name") == "name of 2"
    assert len(cache) == 2


def test_none_and_errors_are_not_kept(cache: polycache.Cache) -> None:
    results: list[str | None] = [None, "v", "unused"]

    @cache.memoize()
    def next_result() -> str | None:
        return results.pop(0)

    assert [next_result(), next_result(), next_result()] == [None, "v", "v"]

    @cache.memoize()
    def fails() -> str:
        raise OSError("away")

    for _ in range(2):
        with pytest.raises(OSError):
            fails()


def test_other_formats(cache: polycache.Cache) -> None:
    @cache.memoize(dumps=lambda number: number.to_bytes(4, "big"), loads=lambda data: int.from_bytes(data, "big"))
    def double(number: int) -> int:
        return 2 * number

    assert double(4) == double(4) == 8
    assert cache[double.cache_key(4)] == b"\0\0\0\x08"


def test_threads_call_once(cache: polycache.Cache) -> None:
    calls, barrier = [], threading.Barrier(4)

    @cache.memoize()
    def slow() -> int:
        calls.append(1)
        return 5

    def call() -> int:
        barrier.wait(20)
        return slow()

    with ThreadPoolExecutor(4) as pool:
        assert [future.result() for future in [pool.submit(call) for _ in range(4)]] == [5] * 4
    assert len(calls) == 1


def test_coroutine_functions(cache: polycache.Cache) -> None:
    calls = []

    @cache.memoize(ttl=60, early=5)
    async def square(number: int) -> int:
        calls.append(number)
        await asyncio.sleep(0)
        return number * number

    async def main() -> None:
        assert await asyncio.gather(*(square(3) for _ in range(20))) == [9] * 20
        assert await square(4) == 16

    assert asyncio.iscoroutinefunction(square)
    asyncio.run(asyncio.wait_for(main(), 20))
    assert calls == [3, 4]
