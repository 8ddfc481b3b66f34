"""Auto discovery as pymemcache's client of ElastiCache does it: members are found, and a change is followed."""

import subprocess
import time

import pytest
import redis
from pymemcache.client.base import Client

from conftest import free_port, program

elasticache = pytest.importorskip("pymemcache.client.ext.aws_ec_client")


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


def connect(node):
    return elasticache.AWSElastiCacheHashClient(f"localhost:{node.memcached}", use_pooling=True, use_vpc_ip_address=True)


def test_members_are_found_and_a_change_is_followed(nodes):
    one, two = nodes
    administration = redis.Redis(port=one.resp)
    administration.config_set("memcached-cluster", one.member())
    client = connect(one)
    assert len(client.clients) == 1
    for number in range(50):
        assert client.set(f"key{number}", b"value", noreply=False)
    administration.config_set("memcached-cluster", f"{one.member()} {two.member()}")
    client.reconfigure_nodes()
    assert len(client.clients) == 2
    for number in range(50):
        assert client.set(f"key{number}", b"again", noreply=False)
        assert client.get(f"key{number}") == b"again"
    assert int(redis.Redis(port=two.resp).dbsize()) > 0
    client.close()


def test_old_clients_read_a_key(nodes):
    value = Client(("127.0.0.1", nodes[0].memcached)).get("AmazonElastiCache:cluster")
    version, members = value.decode().split("\n")[:2]
    assert int(version) > 0
    assert members == f"127.0.0.1|127.0.0.1|{nodes[0].memcached}"
