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


SET_OF_ALL = "{set={['a']=true, [{1, 'x'}]=true, [{map={k=1}}]=true, [{set={m=true}}]=true}}"


@pytest.mark.parametrize(
    ("lua", "reply"),
    [
        ("{double=3.5}", 3.5),
        ("{double=-1/0}", float("-inf")),
        ("true", True),
        ("false", False),
        ("nil", None),
        ("{ok='FINE'}", "FINE"),
        ("{big_number='123456789012345678901234567890'}", 123456789012345678901234567890),
        ("{big_number='-7'}", -7),
        ("{big_number='many'}", "many"),
        ("{verbatim_string={format='txt', string='text'}}", "text"),
        ("{map={}}", {}),
        ("{map={k={map={l={1, {double=0.5}}}}}}", {b"k": {b"l": [1, 0.5]}}),
        ("{map={[{1, {2}}]=1}}", {(1, (2,)): 1}),
        ("{set={}}", set()),
        (SET_OF_ALL, {b"a", (1, b"x"), ((b"k", 1),), frozenset({b"m"})}),
        ("{1, {false, true, {set={[{double=0.25}]=true}}}, {}}", [1, [False, True, {0.25}], []]),
    ],
)
def test_replies_are_shaped_as_in_resp3(cache: polycache.Cache, lua: str, reply: object) -> None:
    found = cache.execute("EVAL", f"redis.setresp(3) return {lua}", 0)
    assert found == reply and type(found) is type(reply)


def test_typed_commands_have_typed_replies(cache: polycache.Cache) -> None:
    run = cache.execute
    run("SADD", "s", "a", "b"), run("HSET", "h", "f", 1), run("ZADD", "z", 1.5, "a", "inf", "b")
    run("XADD", "x", "1-1", "f", "v"), run("XGROUP", "CREATE", "x", "g", 0), run("GEOADD", "geo", 13.5, 38.25, "p")
    assert run("SPOP", "s", 5) == {b"a", b"b"} and run("SMISMEMBER", "s", "a", "b") == [0, 0]
    assert run("HRANDFIELD", "h", 1, "WITHVALUES") == [[b"f", b"1"]]
    assert run("ZMPOP", 1, "z", "MAX") == [b"z", [[b"b", float("inf")]]]
    assert run("ZRANK", "z", "a", "WITHSCORE") == [0, 1.5] and run("ZMSCORE", "z", "a", "none") == [1.5, None]
    assert run("XREADGROUP", "GROUP", "g", "c", "STREAMS", "x", ">") == {b"x": [[b"1-1", [b"f", b"v"]]]}
    assert run("XINFO", "GROUPS", "x")[0][b"pending"] == 1
    [[longitude, latitude]] = run("GEOPOS", "geo", "p")
    assert (longitude, latitude) == (pytest.approx(13.5, abs=1e-4), pytest.approx(38.25, abs=1e-4))
    assert run("CONFIG", "GET", "maxmemory") == {b"maxmemory": b"0"}


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
