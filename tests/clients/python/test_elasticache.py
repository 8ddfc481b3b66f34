"""Auto discovery as clients of ElastiCache do it: members are found, and a change is followed."""

import subprocess
import time

import pytest
import redis
from elasticache_auto_discovery import discover
from pymemcache.client.base import Client
from pymemcache.client.hash import HashClient

from conftest import free_port, program

try:
    # Not in every release of pymemcache.
    from pymemcache.client.ext.aws_ec_client import AWSElastiCacheHashClient
except ImportError:
    AWSElastiCacheHashClient = None


class Node:
    def __init__(self, directory):
        self.resp, self.memcached = free_port(), free_port()
        self.process = subprocess.Popen(
            [program(), "--port", str(self.resp), "--memcached-port", str(self.memcached), "--bind", "127.0.0.1",
             "--dir", str(directory), "--save", ""],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while True:
            try:
                Client(("127.0.0.1", self.memcached)).version()
                return
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.05)

    def member(self):
        return f"localhost|127.0.0.1|{self.memcached}"

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=60)


@pytest.fixture
def nodes(tmp_path):
    made = []
    for number in range(2):
        directory = tmp_path / str(number)
        directory.mkdir()
        made.append(Node(directory))
    yield made
    for node in made:
        node.close()


def spread(client, value):
    for number in range(50):
        assert client.set(f"key{number}", value, noreply=False)
        assert client.get(f"key{number}") == value


def test_members_are_found_and_a_change_is_followed(nodes):
    one, two = nodes
    endpoint = f"127.0.0.1:{one.memcached}"
    administration = redis.Redis(port=one.resp)

    def connect():
        return HashClient([(ip.decode(), int(port)) for _host, ip, port in discover(endpoint, 30)])

    administration.config_set("memcached-cluster", one.member())
    client = connect()
    assert len(client.clients) == 1
    spread(client, b"value")
    administration.config_set("memcached-cluster", f"{one.member()} {two.member()}")
    client = connect()
    assert len(client.clients) == 2
    spread(client, b"again")
    assert int(redis.Redis(port=two.resp).dbsize()) > 0


def test_the_version_rises_with_a_change(nodes):
    node = nodes[0]
    client = Client(("127.0.0.1", node.memcached))

    def ask():
        lines = client.raw_command(b"config get cluster", b"\n\r\nEND\r\n").decode().split("\n")
        assert lines[0].startswith("CONFIG cluster 0 ")
        return int(lines[1]), lines[2]

    first, members = ask()
    assert members == f"127.0.0.1|127.0.0.1|{node.memcached}"
    assert ask()[0] == first
    redis.Redis(port=node.resp).config_set("memcached-cluster", "other||11211")
    second, members = ask()
    assert second > first and members == "other||11211"


@pytest.mark.skipif(AWSElastiCacheHashClient is None, reason="this pymemcache has no client of ElastiCache")
def test_the_client_of_pymemcache_follows(nodes):
    one, two = nodes
    administration = redis.Redis(port=one.resp)
    administration.config_set("memcached-cluster", one.member())
    client = AWSElastiCacheHashClient(f"127.0.0.1:{one.memcached}")
    assert len(client.clients) == 1
    administration.config_set("memcached-cluster", f"{one.member()} {two.member()}")
    client.reconfigure_nodes()
    assert len(client.clients) == 2
    spread(client, b"value")


def test_old_clients_read_a_key(nodes):
    value = Client(("127.0.0.1", nodes[0].memcached)).get("AmazonElastiCache:cluster")
    version, members = value.decode().split("\n")[:2]
    assert int(version) > 0
    assert members == f"127.0.0.1|127.0.0.1|{nodes[0].memcached}"
