"""Getting or loading: one loader for threads, coroutines and clients of memcached."""

import asyncio
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import polycache
import pytest


def wait_until(condition: Callable[[], object]) -> None:
    for _ in range(1000):
        if condition():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it did not come to pass")


def blocked(cache: polycache.Cache) -> int:
    return int(cache.info("clients")["blocked_clients"])


def test_a_value_is_loaded_once(cache: polycache.Cache) -> None:
    loads = []

    def loader() -> str:
        loads.append(1)
        return "v"

    assert cache.get_or_load("k", loader, ttl=60) == b"v"
    assert cache.get_or_load("k", loader, timedelta(minutes=1)) == b"v"
    assert len(loads) == 1 and 59 < (cache.ttl("k") or 0) <= 60
    assert cache.get_or_load(b"number", lambda: 5) == b"5" == cache["number"]
    assert cache.get_or_load("large", lambda: b"x" * 100_000) == b"x" * 100_000 == cache["large"]
    assert cache.get_or_load("large", loader) == b"x" * 100_000


def test_threads_wait_for_one_loader(cache: polycache.Cache) -> None:
    loads, release = [], threading.Event()

    def loader() -> str:
        loads.append(1)
        assert "k" not in cache and cache.get("k") is None and list(cache) == []
        release.wait(20)
        return "v"

    with ThreadPoolExecutor(8) as pool:
        values = [pool.submit(cache.get_or_load, "k", loader) for _ in range(8)]
        wait_until(lambda: blocked(cache) == 7)
        release.set()
        assert [value.result() for value in values] == [b"v"] * 8
    assert len(loads) == 1


def test_a_loader_that_fails_lets_the_next_try(cache: polycache.Cache) -> None:
    attempts, release = [], threading.Event()

    def loader() -> str:
        attempts.append(1)
        if len(attempts) == 1:
            release.wait(20)
            raise OSError("the database is away")
        return "v"

    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(cache.get_or_load, "k", loader)
        wait_until(lambda: attempts)
        others = [pool.submit(cache.get_or_load, "k", loader) for _ in range(3)]
        wait_until(lambda: blocked(cache) == 3)
        release.set()
        with pytest.raises(OSError, match="the database is away"):
            first.result()
        assert [other.result() for other in others] == [b"v"] * 3
    assert len(attempts) == 2


def test_none_is_not_stored(cache: polycache.Cache) -> None:
    assert cache.get_or_load("k", lambda: None) is None
    assert "k" not in cache
    assert cache.get_or_load("k", lambda: b"") == b""
    assert cache["k"] == b""


def test_what_cannot_be_stored(cache: polycache.Cache) -> None:
    with pytest.raises(TypeError, match="a value is bytes"):
        cache.get_or_load("k", lambda: {})  # type: ignore[arg-type, return-value]
    with pytest.raises(ValueError, match="ttl"):
        cache.get_or_load("k", lambda: pytest.fail("loaded"), ttl=-1)
    with pytest.raises(ValueError, match="wait"):
        cache.get_or_load("k", lambda: pytest.fail("loaded"), wait=0)

    async def later() -> str:
        return "v"

    with pytest.raises(TypeError, match="aget_or_load"):
        cache.get_or_load("k", later)  # type: ignore[arg-type]
    cache.list("list").append("a")
    with pytest.raises(polycache.CommandError) as refused:
        cache.get_or_load("list", lambda: "v")
    assert refused.value.code == "WRONGTYPE"
    assert cache.get_or_load("k", lambda: "v", wait=0.001) == b"v"


def test_loaders_that_load(cache: polycache.Cache) -> None:
    assert cache.get_or_load("a", lambda: (cache.get_or_load("b", lambda: "inner") or b"") + b"!") == b"inner!"
    with pytest.raises(RecursionError, match="its own key"):
        cache.get_or_load("c", lambda: cache.get_or_load(b"c", lambda: "v"))
    assert cache.get_or_load("c", lambda: "v") == b"v"


def test_a_loader_that_hangs_is_passed_by(cache: polycache.Cache) -> None:
    entered, release = threading.Event(), threading.Event()

    def hangs() -> str:
        entered.set()
        release.wait(20)
        return "late"

    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(cache.get_or_load, "k", hangs)
        entered.wait(20)
        assert cache.get_or_load("k", lambda: "v", wait=0.05) == b"v"
        release.set()
        assert hanging.result() == b"late", "its caller gets what it asked for"
    assert cache["k"] == b"v"


def test_a_value_deleted_while_it_is_loaded_is_not_stored(cache: polycache.Cache) -> None:
    def loader() -> str:
        assert not cache.delete("k")
        return "old by now"

    assert cache.get_or_load("k", loader) == b"old by now"
    assert "k" not in cache


def test_old_values_serve_while_one_loads(cache: polycache.Cache) -> None:
    cache["k"] = "old"
    assert cache.invalidate("k") and not cache.invalidate("none")
    entered, release = threading.Event(), threading.Event()

    def loader() -> str:
        entered.set()
        release.wait(20)
        return "new"

    with ThreadPoolExecutor(2) as pool:
        loading = pool.submit(cache.get_or_load, "k", loader, 60)
        entered.wait(20)
        assert cache.get_or_load("k", lambda: pytest.fail("two load")) == b"old"
        patient = pool.submit(cache.get_or_load, "k", lambda: pytest.fail("two load"), stale=False)
        wait_until(lambda: blocked(cache) == 1)
        release.set()
        assert loading.result() == patient.result() == b"new"
    assert cache.get_or_load("k", lambda: "unused", early=1) == b"new"
    assert cache.get_or_load("k", lambda: "renewed", early=1000) == b"renewed"


def test_a_client_of_memcached_is_waited_for(cache: polycache.Cache) -> None:
    with cache.serve(memcached="127.0.0.1:0", resp=None) as server:
        wire = socket.create_connection(("127.0.0.1", server.memcached_port or 0))
        lines = wire.makefile("rb")
        wire.sendall(b"mg k c N30\r\n")
        won = lines.readline()
        assert won.endswith(b" W\r\n"), won
        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(cache.get_or_load, "k", lambda: pytest.fail("two load"))
            wait_until(lambda: blocked(cache) == 1)
            number = won.split()[1][1:]
            wire.sendall(b"ms k 4 C%s T60\r\nwire\r\n" % number)
            assert lines.readline() == b"HD\r\n"
            assert other.result() == b"wire"

        def loader() -> str:
            wire.sendall(b"mg other v N30\r\n")
            assert (lines.readline(), lines.readline()) == (b"VA 0 Z\r\n", b"\r\n")
            return "ours"

        assert cache.get_or_load("other", loader) == b"ours"
        wire.sendall(b"mg other v N30\r\n")
        assert (lines.readline(), lines.readline()) == (b"VA 4\r\n", b"ours\r\n")
        lines.close()
        wire.close()


def test_closing_ends_the_waiting() -> None:
    cache = polycache.open()
    entered, release = threading.Event(), threading.Event()

    def loader() -> str:
        entered.set()
        release.wait(20)
        return "v"

    with ThreadPoolExecutor(2) as pool:
        loading = pool.submit(cache.get_or_load, "k", loader)
        entered.wait(20)
        waiting = pool.submit(cache.get_or_load, "k", loader)
        wait_until(lambda: blocked(cache) == 1)
        cache.close()
        with pytest.raises(polycache.ClosedError):
            waiting.result()
        release.set()
        with pytest.raises(polycache.ClosedError):
            loading.result()


def test_coroutines_wait_for_one_loader(cache: polycache.Cache) -> None:
    loads = []

    async def loader() -> str:
        loads.append(1)
        while blocked(cache) < 99:
            await asyncio.sleep(0.001)
        return "v"

    async def main() -> None:
        values = await asyncio.gather(*(cache.aget_or_load("k", loader, ttl=60) for _ in range(100)))
        assert values == [b"v"] * 100
        assert await cache.aget_or_load("k", lambda: "unused") == b"v"
        assert await cache.aget_or_load("plain", lambda: 5) == b"5"
        with pytest.raises(RecursionError):
            await cache.aget_or_load("own", lambda: cache.aget_or_load("own", lambda: "v"))

    for _ in range(2):
        asyncio.run(asyncio.wait_for(main(), 60))
        cache.clear()
    assert len(loads) == 2


def test_coroutines_wait_for_threads_and_threads_for_coroutines(cache: polycache.Cache) -> None:
    async def main() -> None:
        entered, release = threading.Event(), threading.Event()

        def slow() -> str:
            entered.set()
            release.wait(20)
            return "of a thread"

        thread = asyncio.create_task(asyncio.to_thread(cache.get_or_load, "k", slow))
        await asyncio.to_thread(entered.wait, 20)
        waiting = [asyncio.create_task(cache.aget_or_load("k", lambda: "no")) for _ in range(3)]
        while blocked(cache) < 3:
            await asyncio.sleep(0.001)
        waiting[0].cancel()
        while blocked(cache) > 2:
            await asyncio.sleep(0.001)
        release.set()
        assert await asyncio.gather(thread, *waiting[1:]) == [b"of a thread"] * 3
        with pytest.raises(asyncio.CancelledError):
            await waiting[0]

        async def patient() -> str:
            while blocked(cache) < 1:
                await asyncio.sleep(0.001)
            return "of a coroutine"

        loading = asyncio.create_task(cache.aget_or_load("other", patient))
        await asyncio.sleep(0)
        assert await asyncio.to_thread(cache.get_or_load, "other", lambda: "no") == b"of a coroutine"
        assert await loading == b"of a coroutine"

    asyncio.run(asyncio.wait_for(main(), 60))


def test_coroutines_that_fail_hang_or_are_cancelled(cache: polycache.Cache) -> None:
    async def main() -> None:
        async def fails() -> str:
            await asyncio.sleep(0)
            raise OSError("away")

        first = asyncio.create_task(cache.aget_or_load("k", fails))
        await asyncio.sleep(0)
        assert await cache.aget_or_load("k", lambda: "v") == b"v"
        with pytest.raises(OSError):
            await first

        async def hangs() -> str:
            await asyncio.sleep(3600)
            return "never"

        hanging = asyncio.create_task(cache.aget_or_load("other", hangs))
        await asyncio.sleep(0)
        assert await cache.aget_or_load("other", lambda: "v", wait=0.05) == b"v"
        hanging.cancel()
        cancelled = asyncio.create_task(cache.aget_or_load("third", hangs))
        await asyncio.sleep(0)
        waiting = asyncio.create_task(cache.aget_or_load("third", lambda: "v"))
        await asyncio.sleep(0)
        cancelled.cancel()
        assert await waiting == b"v"

    asyncio.run(asyncio.wait_for(main(), 60))
