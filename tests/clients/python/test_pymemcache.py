"""pymemcache against our memcached port."""

import pytest
from pymemcache.client.base import Client, PooledClient
from pymemcache.exceptions import MemcacheIllegalInputError


@pytest.fixture
def client(server):
    connection = Client(("127.0.0.1", server.memcached), timeout=30)
    connection.flush_all(noreply=False)
    yield connection
    connection.close()


def test_storage(client):
    assert client.set("key", b"value", noreply=False) is True
    assert client.get("key") == b"value"
    assert client.add("key", b"other", noreply=False) is False
    assert client.replace("key", b"second", noreply=False) is True
    assert client.replace("none", b"x", noreply=False) is False
    assert client.append("key", b"-end", noreply=False) is True
    assert client.prepend("key", b"start-", noreply=False) is True
    assert client.get("key") == b"start-second-end"
    assert client.delete("key", noreply=False) is True
    assert client.delete("key", noreply=False) is False
    assert client.get("key") is None


def test_many(client):
    values = {f"key:{number}": str(number).encode() for number in range(500)}
    assert client.set_many(values, noreply=False) == []
    assert client.get_many(list(values) + ["none"]) == values
    assert client.delete_many(list(values)[:10], noreply=False) is True
    assert len(client.get_many(list(values))) == 490


def test_compare_and_swap(client):
    client.set("key", b"one", noreply=False)
    value, token = client.gets("key")
    assert value == b"one"
    assert client.cas("key", b"two", token, noreply=False) is True
    assert client.cas("key", b"three", token, noreply=False) is False
    assert client.cas("none", b"x", token, noreply=False) is None


def test_counters(client):
    client.set("counter", b"10", noreply=False)
    assert client.incr("counter", 5) == 15
    assert client.decr("counter", 20) == 0
    assert client.incr("none", 1) is None


def test_expiry(client):
    client.set("key", b"value", expire=1000, noreply=False)
    assert client.touch("key", 2000, noreply=False) is True
    assert client.touch("none", 10, noreply=False) is False
    client.set("gone", b"value", expire=-1, noreply=False)
    assert client.get("gone") is None


def test_without_replies(client):
    for number in range(1000):
        client.set(f"key:{number}", b"v", noreply=True)
    assert client.get("key:999") == b"v"


def test_information(client):
    assert client.version()
    stats = client.stats()
    assert int(stats[b"curr_items"]) == 0
    client.set("key", b"v", noreply=False)
    assert int(client.stats()[b"curr_items"]) == 1


def test_limits(client):
    with pytest.raises(MemcacheIllegalInputError):
        client.get("k" * 251)
    value = b"x" * (900 * 1024)
    client.set("large", value, noreply=False)
    assert client.get("large") == value


def test_pooled(server):
    pooled = PooledClient(("127.0.0.1", server.memcached), max_pool_size=4, timeout=30)
    pooled.set("pooled", b"yes", noreply=False)
    assert pooled.get("pooled") == b"yes"
    pooled.close()
