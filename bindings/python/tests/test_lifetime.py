"""Opening and closing: options, sharing by name, closing while in use, errors that can be pickled."""

import gc
import multiprocessing
import pickle
import threading

import polycache
import pytest


def test_closed(cache: polycache.Cache) -> None:
    cache["k"] = "v"
    walk = iter(cache)
    assert not cache.closed
    cache.close()
    cache.close()
    assert cache.closed and not cache and "closed" in repr(cache)
    acts = [
        lambda: cache.get("k"),
        lambda: cache.set("k", "v"),
        lambda: len(cache),
        lambda: next(walk),
        lambda: cache.execute("GET", "k"),
        lambda: cache.serve(),
        lambda: cache.stats(),
        lambda: cache.database(1),
    ]
    for act in acts:
        with pytest.raises(polycache.ClosedError) as caught:
            act()
        assert caught.value.code == "CLOSED"


def test_context_manager_closes_on_errors_too() -> None:
    with pytest.raises(ZeroDivisionError), polycache.open() as cache:
        1 / 0
    assert cache.closed


@pytest.mark.parametrize(
    "options",
    [
        {"eviction": "least-loved"},
        {"persist": "always"},
        {"path": "never-made", "persist": "sometimes"},
        {"path": ""},
        {"max_bytes": "lots"},
        {"maintenance": "nobody"},
        {"path": "never-made", "name": "both"},
    ],
)
def test_impossible_options(options: dict[str, str]) -> None:
    with pytest.raises(polycache.ConfigError) as caught:
        polycache.open(**options)  # type: ignore[arg-type]
    assert caught.value.code == "CONFIG" and isinstance(caught.value, ValueError)


def test_options_have_types() -> None:
    for options in ({"max_bytes": 1.5}, {"max_bytes": -1}, {"path": 5}, {"nonsense": 1}):
        with pytest.raises((TypeError, OverflowError)):
            polycache.open(**options)  # type: ignore[arg-type]


def test_a_limit_holds() -> None:
    with polycache.open(max_bytes="2mb") as cache:
        for number in range(5000):
            cache[f"k{number}"] = b"x" * 1000
        stats = cache.stats()
        assert stats["evicted"] > 0 and stats["used_bytes"] < 3 * 1024 * 1024 and "k4999" in cache
    with polycache.open(max_bytes=1_000_000, eviction="noeviction", maintenance="caller") as cache:
        with pytest.raises(polycache.OutOfMemoryError) as caught:
            for number in range(5000):
                cache[f"k{number}"] = b"x" * 1000
        assert caught.value.code == "OOM" and isinstance(caught.value, polycache.CommandError)


def test_a_name_is_shared() -> None:
    with polycache.open(name="shared") as first, polycache.open(name="shared") as second:
        first["k"] = "v"
        assert second["k"] == b"v"
        first.close()
        assert second["k"] == b"v"
        with pytest.raises(polycache.ConfigError, match="other options"):
            polycache.open(name="shared", max_bytes=5)


def test_forgotten_caches_are_collected() -> None:
    cache = polycache.open(name="forgotten")
    cache["k"] = "v"
    walk = iter(cache)
    del cache
    assert next(walk) == b"k", "an iterator keeps its cache"
    del walk
    gc.collect()
    with polycache.open(name="forgotten") as again:
        assert "k" not in again


def test_closing_while_others_work() -> None:
    for _ in range(10):
        cache = polycache.open()
        started = threading.Barrier(5)
        failures: list[BaseException] = []

        def work(cache: polycache.Cache = cache, started: threading.Barrier = started) -> None:
            started.wait()
            value = b"v" * 100_000
            try:
                while True:
                    cache["k"] = value
                    if cache.get("k") not in (value, None):
                        raise AssertionError("a wrong value")
                    list(cache.scan())
                    cache.execute("DEL", "k")
            except polycache.ClosedError:
                pass
            except BaseException as failure:
                failures.append(failure)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        started.wait()
        cache.execute("PING")
        cache.close()
        for thread in threads:
            thread.join()
        assert not failures


def test_errors_can_be_pickled() -> None:
    error = polycache.CommandError("WRONGTYPE Operation", "WRONGTYPE")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.code) == (polycache.CommandError, "WRONGTYPE Operation", "WRONGTYPE")


def test_a_cache_cannot_be_sent_to_another_process(cache: polycache.Cache) -> None:
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(cache)


def in_spawned_process(results: "multiprocessing.Queue[bytes | None]") -> None:
    with polycache.open(name="of-the-parent") as cache:
        cache["own"] = "yes"
        results.put(cache.get("k"))


def test_spawned_processes_have_their_own() -> None:
    with polycache.open(name="of-the-parent") as cache:
        cache["k"] = "parent"
        context = multiprocessing.get_context("spawn")
        results: multiprocessing.Queue[bytes | None] = context.Queue()
        process = context.Process(target=in_spawned_process, args=(results,))
        process.start()
        assert results.get(timeout=60) is None
        process.join()
        assert process.exitcode == 0 and "own" not in cache
