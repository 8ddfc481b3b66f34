"""Threads share a cache: counts add up, sets of many are seen whole, the GIL is let go where it takes long."""

import threading
from collections.abc import Callable

import polycache


def together(*works: Callable[[], None]) -> None:
    """Runs each on a thread of its own, and raises what they raised."""
    failures: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def test_counts_add_up(cache: polycache.Cache) -> None:
    def count() -> None:
        for _ in range(2000):
            cache.incr("n")

    together(count, count, count, count)
    assert cache["n"] == b"8000"


def test_sets_of_many_are_seen_whole(cache: polycache.Cache) -> None:
    keys = [f"k{number}" for number in range(40)]
    cache.set_many({key: 0 for key in keys})
    done = threading.Event()

    def write() -> None:
        try:
            for version in range(300):
                cache.set_many({key: version for key in keys})
        finally:
            done.set()

    def read() -> None:
        while not done.is_set():
            assert len(set(cache.get_many(keys))) == 1

    together(write, read, read)


def test_values_are_seen_whole(cache: polycache.Cache) -> None:
    values = [bytes([byte]) * 200_000 for byte in range(3)]
    cache["k"] = values[0]
    done = threading.Event()

    def write() -> None:
        try:
            for turn in range(100):
                cache["k"] = values[turn % 3]
        finally:
            done.set()

    def read() -> None:
        while not done.is_set():
            assert cache["k"] in values

    together(write, read, read)


def test_an_iterator_may_be_shared(cache: polycache.Cache) -> None:
    cache.set_many({f"k{number}": number for number in range(2000)})
    walk = iter(cache)
    seen: list[bytes] = []

    def take() -> None:
        seen.extend(walk)

    together(take, take, take)
    assert set(seen) == set(cache)


def test_others_run_while_a_command_takes_long(cache: polycache.Cache) -> None:
    cache.set_many({"a": "ab" * 3000, "b": "ba" * 3000})
    turns = 0
    done = threading.Event()

    def long() -> None:
        try:
            cache.execute("LCS", "a", "b", "LEN")
        finally:
            done.set()

    def others() -> None:
        nonlocal turns
        while not done.is_set():
            turns += 1

    together(long, others)
    assert turns > 100, "the other thread had no turn while the command ran"
