"""pylibmc, which is libmemcached, against our memcached port: in the text and the binary protocol."""

from contextlib import suppress

import pylibmc
import pytest


@pytest.fixture(params=[False, True], ids=["text", "binary"])
def client(server, request):
    behaviors = {"cas": True, "tcp_nodelay": True}
    connection = pylibmc.Client([f"127.0.0.1:{server.memcached}"], binary=request.param, behaviors=behaviors)
    connection.flush_all()
    yield connection
    connection.disconnect_all()


def test_storage(client):
    assert client.set("key", "value")
    assert client.get("key") == "value"
    assert not client.add("key", "other")
    assert client.replace("key", "second")
    with suppress(pylibmc.NotFound):  # It is an error in binary, as with memcached.
        assert not client.replace("none", "x")
    assert client.append("key", "-end") and client.prepend("key", "start-")
    assert client.get("key") == "start-second-end"
    assert client.delete("key") and not client.delete("key")
    assert client.get("key") is None and client.get("key", "default") == "default"
    assert "key" not in client


def test_kinds_of_values(client):
    for value in [b"bytes", "text \u20ac", 7, -7, 2**70, 1.5, {"a": [1, None]}, "x" * 500_000, b""]:
        assert client.set("kind", value)
        found = client.get("kind")
        assert found == value and type(found) is type(value)


def test_compressed_values(client):
    value = "again and again " * 10_000
    assert client.set("long", value, min_compress_len=100)
    assert client.get("long") == value


def test_many(client):
    values = {f"key{number}": number for number in range(500)}
    assert client.set_multi(values) == []
    assert client.get_multi([*values, "none"]) == values
    assert client.set_multi({"a": 1, "b": 2}, key_prefix="prefix:") == []
    assert client.get_multi(["a", "b"], key_prefix="prefix:") == {"a": 1, "b": 2}
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
    assert client.set("counter", 10)
    assert client.incr("counter") == 11 and client.incr("counter", 5) == 16
    assert client.decr("counter", 100) == 0
    with pytest.raises(pylibmc.NotFound):
        client.incr("none")


def test_times(client):
    assert client.set("key", "v", time=100)
    assert client.touch("key", 200) and not client.touch("none", 200)
    assert client.get("key") == "v"


def test_statistics(client):
    ((address, statistics),) = client.get_stats()
    assert statistics["version"] == b"1.6.18" and int(statistics["pid"]) > 0, address
    assert int(statistics["limit_maxbytes"]) >= 0


def test_too_large_a_value(client):
    with pytest.raises((pylibmc.TooBig, pylibmc.ServerError, pylibmc.WriteError)):
        client.set("key", b"\x80" * 2_000_000)
    assert client.set("key", "v") and client.get("key") == "v"


def test_noreply_and_pipelining(server):
    behaviors = {"no_block": True, "_noreply": True, "buffer_requests": False}
    quiet = pylibmc.Client([f"127.0.0.1:{server.memcached}"], behaviors=behaviors)
    loud = pylibmc.Client([f"127.0.0.1:{server.memcached}"])
    loud.flush_all()
    for number in range(1000):
        quiet.set(f"quiet{number}", number)
    assert quiet.get("quiet999") == 999
    assert len(loud.get_multi([f"quiet{number}" for number in range(1000)])) == 1000
    quiet.disconnect_all()
    loud.disconnect_all()


def test_several_nodes(server):
    nodes = [f"127.0.0.1:{server.memcached}", f"localhost:{server.memcached}"]
    client = pylibmc.Client(nodes, behaviors={"ketama": True})
    values = {f"node{number}": number for number in range(100)}
    assert client.set_multi(values) == []
    assert client.get_multi(list(values)) == values
    client.disconnect_all()
