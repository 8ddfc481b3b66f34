"""python-binary-memcached against our memcached port."""

import subprocess
import time

import bmemcached
import pytest

from conftest import free_port, program


@pytest.fixture
def client(server):
    connection = bmemcached.Client([f"127.0.0.1:{server.memcached}"])
    connection.flush_all()
    yield connection
    connection.disconnect_all()


def test_storage(client):
    assert client.set("key", "value")
    assert client.get("key") == "value"
    assert not client.add("key", "other")
    assert client.replace("key", "second")
    assert not client.replace("none", "x")
    assert client.get("key") == "second"
    assert client.delete("key")
    assert client.get("key") is None


def test_kinds_of_values(client):
    for value in [b"bytes", "text \u20ac", 7, -7, {"a": [1, None]}, "x" * 500_000]:
        assert client.set("kind", value)
        assert client.get("kind") == value


def test_many(client):
    values = {f"key{number}": number for number in range(200)}
    assert client.set_multi(values) == []
    assert client.get_multi(list(values) + ["none"]) == values
    assert client.delete_multi(list(values))
    assert client.get_multi(list(values)) == {}


def test_compare_and_swap(client):
    client.set("key", "one")
    value, cas = client.gets("key")
    assert value == "one"
    assert client.cas("key", "two", cas)
    assert not client.cas("key", "three", cas)
    assert client.get("key") == "two"


def test_counters(client):
    assert client.incr("counter", 5, default=10) == 10
    assert client.incr("counter", 5) == 15
    assert client.decr("counter", 100) == 0


def test_touch_and_statistics(client):
    client.set("key", "value", time=1000)
    [figures] = client.stats().values()
    assert int(figures[b"curr_items" if b"curr_items" in figures else "curr_items"]) >= 1


def test_sasl(tmp_path):
    port = free_port()
    process = subprocess.Popen(
        [program(), "--port", "0", "--memcached-port", str(port), "--bind", "127.0.0.1", "--dir", str(tmp_path),
         "--save", "", "--requirepass", "secret"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        client = bmemcached.Client([f"127.0.0.1:{port}"], "default", "secret")
        while not client.set("key", "value"):
            assert time.monotonic() < deadline
            time.sleep(0.05)
            client.disconnect_all()
        assert client.get("key") == "value"
        stranger = bmemcached.Client([f"127.0.0.1:{port}"], "default", "wrong")
        with pytest.raises(Exception):
            assert stranger.get("key") is not None
    finally:
        process.terminate()
        process.wait(timeout=60)
