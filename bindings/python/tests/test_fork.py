"""After a fork the child is told that the cache is its parent's, and the parent does not notice."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path

import polycache
import pytest


def in_child(work: Callable[[], None]) -> int:
    """Runs `work` in a forked child; its exit status."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException as failure:
            print(f"in the child: {failure!r}", flush=True)
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_child_is_told(cache: polycache.Cache) -> None:
    cache["k"] = "parent"
    walk = iter(cache)

    def child() -> None:
        for act in (
            lambda: cache.get("k"),
            lambda: cache.set("k", "child"),
            lambda: next(walk),
            lambda: cache.execute("GET", "k"),
            lambda: cache.close(),
        ):
            with pytest.raises(polycache.ForkedError, match="before fork") as caught:
                act()
            assert caught.value.code == "FORKED"
        with polycache.open() as own:
            own["k"] = "child"
            assert own["k"] == b"child"

    assert in_child(child) == 0
    assert cache["k"] == b"parent"
    assert next(walk) == b"k"


def test_a_served_directory_survives_children(tmp_path: Path) -> None:
    with polycache.open(tmp_path, persist="always") as cache, cache.serve() as server:
        cache["k"] = "parent"

        def child() -> None:
            with pytest.raises(polycache.LockedError):
                polycache.open(tmp_path)

        assert in_child(child) == 0
        cache["later"] = "yes"
        assert server.resp_port
    with polycache.open(tmp_path) as cache:
        assert cache["k"] == b"parent" and cache["later"] == b"yes"


def test_children_that_exit_normally_leave_the_parent_alone(tmp_path: Path) -> None:
    with polycache.open(tmp_path) as cache:
        cache["k"] = "v"
        context = multiprocessing.get_context("fork")
        children = [context.Process(target=cache_is_refused, args=(cache,)) for _ in range(4)]
        for child in children:
            child.start()
        for child in children:
            child.join()
        assert [child.exitcode for child in children] == [0] * 4
        cache["k"] = "w"
    with polycache.open(tmp_path) as cache:
        assert cache["k"] == b"w"


def cache_is_refused(cache: polycache.Cache) -> None:
    with pytest.raises(polycache.ForkedError):
        cache["k"] = "child"


def test_a_child_that_dies_leaves_the_parent_alone(cache: polycache.Cache) -> None:
    cache["k"] = "v"
    assert in_child(lambda: os.kill(os.getpid(), signal.SIGKILL)) == -signal.SIGKILL
    assert cache["k"] == b"v"
