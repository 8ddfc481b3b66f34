"""GET and SET from Python: ours, the native caches of PyPI, and redis-py over loopback.

Prints `name nanoseconds` a line. The loop's own cost is the same for all and is taken off.
"""

import random
import sys
import time

KEYS = 10_000
ROUNDS = 5
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


def main():
    import polycache

    cache = polycache.open()
    report("polycache", cache.get, cache.set)

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

    client = redis.Redis(port=int(sys.argv[1]))
    started = time.perf_counter_ns()
    for key in keys[:3000]:
        client.set(key, VALUE)
    print(f"redis-py set {(time.perf_counter_ns() - started) / 3000:.1f}")
    started = time.perf_counter_ns()
    for key in keys[:3000]:
        client.get(key)
    print(f"redis-py get {(time.perf_counter_ns() - started) / 3000:.1f}")


main()
