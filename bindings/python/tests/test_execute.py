"""Any command by its name: arguments of all kinds, replies with their types, errors with their codes."""

import signal
from concurrent.futures import ThreadPoolExecutor

import polycache
import pytest


def test_replies_have_types(cache: polycache.Cache) -> None:
    run = cache.execute
    assert run("SET", "k", "value", "EX", 100) == "OK"
    assert run("GET", "k") == b"value"
    assert run(b"get", b"none") is None
    assert run("STRLEN", "k") == 5
    assert run("MGET", "k", "none") == [b"value", None]
    assert run("LCS", "k", "k", "IDX") == {b"matches": [[[0, 4], [0, 4]]], b"len": 5}
    assert run("INCRBYFLOAT", "f", 1.5) == b"1.5"
    assert run("TYPE", "k") == "string"
    cursor, keys = run("SCAN", 0, "COUNT", 100)
    assert cursor == b"0" and sorted(keys) == [b"f", b"k"]


def test_errors_have_codes(cache: polycache.Cache) -> None:
    cache["word"] = "five"
    with pytest.raises(polycache.CommandError, match="not an integer") as caught:
        cache.execute("INCR", "word")
    assert caught.value.code == "ERR"
    with pytest.raises(polycache.CommandError, match="unknown command 'NOSUCH'"):
        cache.execute("NOSUCH", "x")
    with pytest.raises(polycache.CommandError, match="wrong number of arguments for 'get' command"):
        cache.execute("GET")
    with pytest.raises(TypeError):
        cache.execute("SET", "k", None)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        cache.execute()  # type: ignore[call-arg]


@pytest.mark.parametrize("name", ["SELECT", "auth", "HELLO", "QUIT", "RESET", "SHUTDOWN"])
def test_commands_of_connections_are_refused(cache: polycache.Cache, name: str) -> None:
    with pytest.raises(polycache.CommandError, match="is for connections"):
        cache.execute(name, 0)
    cache["still"] = "here"


def test_execute_works_in_the_database_of_the_handle(cache: polycache.Cache) -> None:
    other = cache.database(2)
    other.execute("SET", "k", "v")
    assert "k" in other and "k" not in cache
    assert cache.execute("EXISTS", "k") == 0


def test_info(cache: polycache.Cache) -> None:
    cache["k"] = "v"
    assert cache.info()["redis_version"].count(".") == 2
    assert "keys=1" in cache.info("keyspace")["db0"]
    assert "db0" not in cache.info("server")


def test_a_thread_waits_and_others_run(cache: polycache.Cache) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(cache.execute, "BLPOP", "queue", 0)
        while cache.info("clients")["blocked_clients"] != "1":
            pass
        assert cache.execute("RPUSH", "queue", "x", "y") == 2
        assert waiting.result() == [b"queue", b"x"]
    assert cache.execute("BRPOP", "queue", 0) == [b"queue", b"y"]
    assert cache.execute("BRPOP", "queue", 0.01) is None


def test_a_signal_ends_the_waiting(cache: polycache.Cache) -> None:
    class Rang(Exception):
        pass

    def ring(*_: object) -> None:
        raise Rang

    old = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(Rang):
            cache.execute("BLPOP", "queue", 0)
    finally:
        signal.signal(signal.SIGALRM, old)
    assert cache.info("clients")["blocked_clients"] == "0"


def test_a_transaction_is_one(cache: polycache.Cache) -> None:
    replies = cache.transaction([("SET", "k", 1), ("INCR", "k"), ("LPUSH", "k", "x"), ["GET", "k"]])
    assert replies[1] == 2
    assert isinstance(replies[2], polycache.CommandError)
    assert replies[3] == b"2"
    assert cache.transaction([]) == []
    with pytest.raises(polycache.CommandError):
        cache.transaction([("SET", "k", 3), ("NOSUCH",)])
    with pytest.raises(polycache.CommandError):
        cache.transaction([("MULTI",)])
    assert cache["k"] == b"2"
