"""GET, SET, ZADD and HSET from Python: ours, the native caches of PyPI (GET and SET), and redis-py over loopback.

Prints `name nanoseconds` a line. The loop's own cost is the same for all and is taken off.
"""

import random
import sys
import time

KEYS = 10_000
ROUNDS = 5
TRIPS = 3_000
VALUE = b"v" * 64

keys = [f"key:{number:012}" for number in range(KEYS)]
random.Random(1).shuffle(keys)


def best(function):
    """Nanoseconds of one call, the best of some rounds over all keys."""
    lowest = float("inf")
    for _ in range(ROUNDS):
        started = time.perf_counter_ns()
        function()
        lowest = min(lowest, time.perf_counter_ns() - started)
    return lowest / KEYS


def empty():
    for _ in keys:
        pass


OVERHEAD = best(empty)


def report(name, get, put):
    def puts():
        for key in keys:
            put(key, VALUE)

    def gets():
        for key in keys:
            get(key)

    print(f"{name} set {max(best(puts) - OVERHEAD, 1):.1f}")
    assert get(keys[0]) == VALUE, name
    print(f"{name} get {max(best(gets) - OVERHEAD, 1):.1f}")


def report_containers(cache):
    """Elements of a sorted set and of a hash of all keys: by command, as redis-py does it."""
    execute = cache.execute

    def zadds():
        score = 0
        for key in keys:
            execute("ZADD", "sorted", score, key)
            score += 1

    def hsets():
        for key in keys:
            execute("HSET", "hash", key, VALUE)

    print(f"polycache zadd {max(best(zadds) - OVERHEAD, 1):.1f}")
    print(f"polycache hset {max(best(hsets) - OVERHEAD, 1):.1f}")
    assert cache.execute("ZCARD", "sorted") == cache.execute("HLEN", "hash") == KEYS


def report_trips(client):
    """Round trips of redis-py."""
    calls = {
        "set": lambda key: client.set(key, VALUE),
        "get": client.get,
        "zadd": lambda key: client.zadd("sorted", {key: 1}),
        "hset": lambda key: client.hset("hash", key, VALUE),
    }
    for name, call in calls.items():
        started = time.perf_counter_ns()
        for key in keys[:TRIPS]:
            call(key)
        print(f"redis-py {name} {(time.perf_counter_ns() - started) / TRIPS:.1f}")


def main():
    import polycache

    cache = polycache.open()
    report("polycache", cache.get, cache.set)
    report_containers(polycache.open())

    import cachebox

    box = cachebox.LRUCache(KEYS * 2)
    report("cachebox", box.get, box.__setitem__)

    import moka_py

    moka = moka_py.Moka(KEYS * 2)
    report("moka_py", moka.get, moka.set)

    import theine

    theine_cache = theine.Cache(KEYS * 2)

    def theine_get(key):
        found = theine_cache.get(key)
        # Version 2 returns the value with a flag.
        return found[0] if isinstance(found, tuple) else found

    report("theine", theine_get, theine_cache.set)

    import redis

    report_trips(redis.Redis(port=int(sys.argv[1])))


main()
