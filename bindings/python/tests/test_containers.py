"""Lists, sets, hashes, sorted sets and streams as Python objects."""

import threading
import time
from collections.abc import MutableMapping, MutableSet, Sequence

import polycache
import pytest


def test_replies_have_python_types(cache: polycache.Cache) -> None:
    cache.execute("HSET", "h", "f", 1, "g", 2)
    assert cache.execute("HGETALL", "h") == {b"f": b"1", b"g": b"2"}
    cache.execute("SADD", "s", "a", "b")
    assert cache.execute("SMEMBERS", "s") == {b"a", b"b"}
    cache.execute("ZADD", "z", 1.5, "a")
    assert cache.execute("ZSCORE", "z", "a") == 1.5
    assert cache.execute("ZRANGE", "z", 0, -1, "WITHSCORES") == [[b"a", 1.5]]


def test_list(cache: polycache.Cache) -> None:
    items = cache.list("items")
    assert isinstance(items, Sequence) and isinstance(items, polycache.List)
    assert (len(items), list(items), bool(items)) == (0, [], False)
    assert items.append("a", b"b") == 2
    items.extend(["c", 4])
    assert items.appendleft("z") == 5
    assert list(items) == [b"z", b"a", b"b", b"c", b"4"]
    assert (items[0], items[-1], items[1:3], items[::-2], items[2:0]) == (
        b"z", b"4", [b"a", b"b"], [b"4", b"b", b"z"], [],
    )
    assert [items[start:stop] for start, stop in [(None, -1), (-2, None), (3, 1)]] == [
        [b"z", b"a", b"b", b"c"], [b"c", b"4"], [],
    ]
    items[1] = "A"
    assert b"A" in items and "nothing" not in items and items.index(b"b") == 2
    assert list(reversed(items))[0] == b"4"
    for index in (5, -6):
        with pytest.raises(IndexError):
            items[index]
        with pytest.raises(IndexError):
            items[index] = "x"
    assert items.insert_before("b", "before") and items.insert_after("b", "after")
    assert not items.insert_before("nothing", "x")
    assert items.remove("A") == 1
    items.trim(1, 4)
    assert list(items) == [b"before", b"b", b"after"]
    assert (items.pop(), items.popleft(), items.pop()) == (b"after", b"before", b"b")
    with pytest.raises(IndexError):
        items.pop()


def test_list_waits(cache: polycache.Cache) -> None:
    items = cache.list("items")
    assert items.wait_popleft(0.01) is None
    def push() -> None:
        time.sleep(0.05)
        items.append("late")
    pusher = threading.Thread(target=push)
    pusher.start()
    assert items.wait_pop(10) == b"late"
    pusher.join()


def test_set(cache: polycache.Cache) -> None:
    members = cache.set_("members")
    assert isinstance(members, MutableSet)
    members.add("a")
    assert members.update(["a", "b", "c"]) == 2
    assert len(members) == 3 and "a" in members and b"b" in members and "x" not in members
    assert members == {b"a", b"b", b"c"}
    assert members & {b"a", b"x"} == {b"a"}
    assert members | {b"x"} == {b"a", b"b", b"c", b"x"}
    members.discard("x")
    members.remove("a")
    with pytest.raises(KeyError):
        members.remove("a")
    assert members.contains_many(["a", "b"]) == [False, True]
    assert set(members.random(5)) == members.members() == {b"b", b"c"}
    assert {members.pop(), members.pop()} == {b"b", b"c"}
    with pytest.raises(KeyError):
        members.pop()


def test_hash(cache: polycache.Cache) -> None:
    user = cache.hash("user")
    assert isinstance(user, MutableMapping)
    user["name"] = "Ada"
    assert user["name"] == b"Ada" and user.get("nothing") is None and "name" in user
    assert user.set_many({"born": 1815, "died": 1852}) == 2
    assert user == {b"name": b"Ada", b"born": b"1815", b"died": b"1852"} == user.to_dict()
    assert dict(user.items()) == user.to_dict() and set(user) == {b"name", b"born", b"died"}
    assert user.get_many(["name", "nothing"]) == [b"Ada", None]
    assert (user.incr("visits"), user.incr("visits", 5)) == (1, 6)
    assert user.incr_float("score", 0.5) == 0.5
    assert not user.set_default("name", "Eve") and user.set_default("new", "x")
    assert user.ttl("name") is None
    assert user.expire("name", 100) and 99 < (user.ttl("name") or 0) <= 100
    assert user.expire("name", None) and user.ttl("name") is None
    assert not user.expire("nothing", 1)
    del user["name"]
    for call in (lambda: user["name"], lambda: user.__delitem__("name"), lambda: user.ttl("name")):
        with pytest.raises(KeyError):
            call()
    assert user.pop("born") == b"1815"
    user.clear()
    assert not user and not cache.exists("user")


def test_sorted_set(cache: polycache.Cache) -> None:
    scores = cache.sorted_set("scores")
    assert isinstance(scores, MutableMapping)
    scores["ada"] = 3
    assert scores.set_many({"bob": 1.5, "eve": 2}) == 2
    assert list(scores) == [b"bob", b"eve", b"ada"] and scores["bob"] == 1.5
    assert scores.to_dict() == {b"bob": 1.5, b"eve": 2.0, b"ada": 3.0} == dict(scores.items())
    assert "ada" in scores and "x" not in scores and len(scores) == 3
    assert scores.add("ada", 1, gt=True) is False and scores.add("ada", 9, gt=True) is True
    assert scores.incr("ada") == 10.0
    assert (scores.rank("ada"), scores.rank("ada", reverse=True), scores.rank("x")) == (2, 0, None)
    assert scores.range(0, 0, reverse=True) == [b"ada"]
    assert scores.range_by_score(1.5, 2) == [(b"bob", 1.5), (b"eve", 2.0)]
    assert scores.range_by_score("(1.5", reverse=True, count=1) == [(b"ada", 10.0)]
    assert scores.count("-inf", 2) == 2
    assert scores.pop_min() == [(b"bob", 1.5)] and scores.pop_max(5) == [(b"ada", 10.0), (b"eve", 2.0)]
    with pytest.raises(KeyError):
        scores["ada"]
    with pytest.raises(KeyError):
        del scores["ada"]


def test_stream(cache: polycache.Cache) -> None:
    events = cache.stream("events")
    assert not events and events.read() == []
    first = events.add({"kind": "start"}, "1-1")
    second = events.add({"kind": "stop", "code": 7}, max_len=100)
    assert first == "1-1" and len(events) == 2
    assert events["1-1"] == {b"kind": b"start"}
    assert [name for name, _ in events] == [first, second]
    assert events.range(reverse=True, count=1) == [(second, {b"kind": b"stop", b"code": b"7"})]
    assert events.read("1-1") == events.range(second)
    assert events.read(second, wait=0.01) == []
    assert events.info()["length"] == 2
    group = events.group("workers")
    group.create("0")
    assert [name for name, _ in group.read("one", count=1)] == [first]
    assert [(name, owner, times) for name, owner, _, times in group.pending()] == [(first, b"one", 1)]
    assert [name for name, _ in group.claim_idle("two", 0)] == [first]
    assert group.ack(first) == 1 and group.pending() == []
    assert group.destroy() and not group.destroy()
    assert events.delete(first) == 1 and events.trim(0) == 1
    with pytest.raises(KeyError):
        events["1-1"]


def test_other_types_are_refused(cache: polycache.Cache) -> None:
    cache.set("string", "x")
    with pytest.raises(polycache.CommandError, match="WRONGTYPE"):
        cache.list("string").append("a")
    with pytest.raises(polycache.CommandError, match="WRONGTYPE"):
        len(cache.hash("string"))
    with pytest.raises(TypeError):
        cache.stream(7)  # type: ignore[arg-type]
    assert repr(cache.list("a")) == "<polycache.List 'a'>" and cache.list("a").key == "a"
