"""Keys and values: text and bytes, numbers and buffers, large ones, expiry, conditions, the manners of a dict."""

import array
from datetime import timedelta

import polycache
import pytest


def test_text_and_bytes_name_the_same_key(cache: polycache.Cache) -> None:
    cache.set("schlüssel", "wört")
    assert cache.get("schlüssel".encode()) == "wört".encode()
    cache.set(b"\xff\x00bytes", b"\x00\xff")
    assert cache.get(b"\xff\x00bytes") == b"\x00\xff"


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (b"bytes", b"bytes"),
        ("text", b"text"),
        ("", b""),
        (0, b"0"),
        (-(2**63), b"-9223372036854775808"),
        (2**80, b"1208925819614629174706176"),
        (1.5, b"1.5"),
        (2.0, b"2"),
        (1e300, b"1e+300"),
        (float("inf"), b"inf"),
        (bytearray(b"array"), b"array"),
        (memoryview(b"view")[1:], b"iew"),
        (array.array("B", [1, 2]), b"\x01\x02"),
    ],
)
def test_values(cache: polycache.Cache, value: object, stored: bytes) -> None:
    cache.set("k", value)  # type: ignore[arg-type]
    assert cache.get("k") == stored
    assert cache.execute("ECHO", value) == stored  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [None, True, ["a"], {"a": 1}, object(), array.array("d", [1.0])])
def test_other_objects_are_no_values(cache: polycache.Cache, value: object) -> None:
    with pytest.raises(TypeError, match="value"):
        cache.set("k", value)  # type: ignore[arg-type]
    assert "k" not in cache


@pytest.mark.parametrize("key", [None, 5, 1.5, bytearray(b"k"), ("k",)])
def test_other_objects_are_no_keys(cache: polycache.Cache, key: object) -> None:
    with pytest.raises(TypeError, match="key"):
        cache.get(key)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="key"):
        cache.get_many(["k", key])  # type: ignore[list-item]


def test_text_that_is_no_unicode_is_refused(cache: polycache.Cache) -> None:
    with pytest.raises(UnicodeEncodeError):
        cache.set("\ud800", "v")


@pytest.mark.parametrize("size", [0, 1, 16 * 1024, 16 * 1024 + 1, 64 * 1024, 5_000_000])
def test_sizes(cache: polycache.Cache, size: int) -> None:
    value = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    cache.set("k", value)
    assert cache.get("k") == value
    assert cache.get_many(["k", "none"]) == [value, None]
    assert cache.execute("STRLEN", "k") == size
    cache.set_many({"other": value})
    assert cache["other"] == value


def test_expiry(cache: polycache.Cache) -> None:
    cache.set("k", 1, ttl=100)
    left = cache.ttl("k")
    assert left is not None and 99 < left <= 100
    assert cache.expire("k", timedelta(minutes=5))
    left = cache.ttl("k")
    assert left is not None and 299 < left <= 300
    cache.set("k", 2, keep_ttl=True)
    assert cache.ttl("k") is not None
    assert cache.persist("k") and cache.persist("k")
    assert cache.ttl("k") is None
    assert cache.expire("k", 10) and cache.expire("k", None)
    assert cache.ttl("k") is None
    assert not cache.expire("none", 1) and not cache.persist("none")
    with pytest.raises(KeyError):
        cache.ttl("none")
    cache.set("k", 1, ttl=0.0001)
    while "k" in cache:
        pass
    assert cache.get("k") is None


@pytest.mark.parametrize("ttl", [0, -1, float("nan"), float("inf"), 1e30, "5", timedelta(0)])
def test_impossible_expiries(cache: polycache.Cache, ttl: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        cache.set("k", "v", ttl=ttl)  # type: ignore[arg-type]


def test_conditions(cache: polycache.Cache) -> None:
    assert not cache.set("k", 1, xx=True)
    assert cache.set("k", 1, nx=True)
    assert not cache.set("k", 2, nx=True)
    assert cache.set("k", 3, xx=True)
    assert cache["k"] == b"3"
    with pytest.raises(ValueError, match="exclude"):
        cache.set("k", 1, nx=True, xx=True)
    with pytest.raises(ValueError, match="exclude"):
        cache.set("k", 1, ttl=1, keep_ttl=True)


def test_many(cache: polycache.Cache) -> None:
    cache.set_many({"a": 1, "b": "2"}, ttl=50)
    cache.set_many([(b"c", b"3")])
    assert cache.get_many(iter(["a", b"b", "c", "d"])) == [b"1", b"2", b"3", None]
    assert cache.ttl("a") is not None and cache.ttl("c") is None
    assert cache.delete_many(["a", "b", "d"]) == 2
    assert cache.delete_many([]) == 0 and cache.get_many([]) == []
    many = {f"k{number}": number for number in range(1000)}
    cache.set_many(many)
    assert cache.get_many(many) == [str(number).encode() for number in many.values()]


def test_numbers(cache: polycache.Cache) -> None:
    assert cache.incr("n") == 1 and cache.incr("n", 5) == 6 and cache.decr("n", 2) == 4
    cache.set("n", 2**63 - 1)
    with pytest.raises(polycache.CommandError, match="overflow"):
        cache.incr("n")
    with pytest.raises(OverflowError):
        cache.incr("n", 2**63)


def test_manners_of_a_dict(cache: polycache.Cache) -> None:
    cache["a"] = "1"
    assert cache["a"] == b"1" and "a" in cache and b"a" in cache and "b" not in cache
    assert cache.get("b", "default") == "default"
    del cache["a"]
    for act in (lambda: cache["a"], lambda: cache.__delitem__("a")):
        with pytest.raises(KeyError, match="'a'"):
            act()
    cache["a"] = 1
    assert cache.pop("a") == b"1" and cache.pop("a") is None and cache.pop("a", 5) == 5
    assert len(cache) == 0 and cache, "an open cache is true, even an empty one"


def test_walks(cache: polycache.Cache) -> None:
    expected = {f"key:{number}".encode(): str(number).encode() for number in range(3000)}
    cache.set_many(expected)
    assert set(cache) == set(cache.keys()) == set(expected)
    assert dict(cache.items()) == expected
    assert set(cache.values()) == set(expected.values())
    assert set(cache.scan(match="key:29?")) == {f"key:29{digit}".encode() for digit in range(10)}
    assert set(cache.scan(match=b"key:299*", count=7)) == {b"key:299"} | {
        f"key:299{digit}".encode() for digit in range(10)
    }
    walk = iter(cache)
    next(walk)
    cache.clear()
    assert len(cache) == 0
    assert len(list(walk)) < 3000


def test_databases_are_apart(cache: polycache.Cache) -> None:
    other = cache.database(1)
    cache["k"], other["k"] = 0, 1
    assert cache["k"] == b"0" and other["k"] == b"1"
    cache.clear()
    assert "k" in other
    with pytest.raises(ValueError, match="database"):
        cache.database(16)


def test_stats(cache: polycache.Cache) -> None:
    cache["k"] = "v"
    cache.get("k"), cache.get("none")
    stats = cache.stats()
    assert stats["keys"] == 1 and stats["hits"] == 1 and stats["misses"] == 1
    assert stats["used_bytes"] > 0 and stats["max_bytes"] == 0
