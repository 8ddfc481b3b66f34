"""An open cache on the network: redis-py and pymemcache on the same data."""

import socket
from pathlib import Path

import polycache
import pytest
import redis
from pymemcache.client.base import Client as Memcached


def test_redis_py_on_the_same_data(cache: polycache.Cache) -> None:
    cache["k"] = "from the process"
    with cache.serve() as server:
        assert server.resp == f"127.0.0.1:{server.resp_port}" and server.memcached is None
        with redis.Redis(port=server.resp_port or 0) as client:
            assert client.get("k") == b"from the process"
            client.set("other", "over the wire", ex=100)
            assert cache["other"] == b"over the wire" and cache.ttl("other") is not None
            client.incr("n", 5)
            assert cache.incr("n") == 6
            with client.pipeline(transaction=False) as pipeline:
                for number in range(1000):
                    pipeline.set(f"p{number}", number)
                pipeline.execute()
            assert len(list(cache.scan(match="p*"))) == 1000
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.resp_port or 0))
    assert cache["other"] == b"over the wire"


def test_memcached_on_the_same_data(cache: polycache.Cache) -> None:
    with cache.serve(resp=None, memcached="127.0.0.1:0") as server:
        assert server.resp is None and server.memcached_port
        client = Memcached(("127.0.0.1", server.memcached_port))
        client.set("k", "over the wire", noreply=False)
        assert cache["k"] == b"over the wire"
        cache["k"] = "from the process"
        assert client.get("k") == b"from the process"
        client.close()


def test_a_socket_of_the_file_system(cache: polycache.Cache, tmp_path: Path) -> None:
    cache["k"] = "v"
    with cache.serve(resp=f"unix:{tmp_path}/s") as server:
        assert server.resp == f"unix:{tmp_path}/s" and server.resp_port is None
        with redis.Redis(unix_socket_path=f"{tmp_path}/s") as client:
            assert client.get("k") == b"v"


def test_a_password(cache: polycache.Cache) -> None:
    with cache.serve(password="secret") as server:
        with socket.create_connection(("127.0.0.1", server.resp_port or 0)) as connection:
            connection.sendall(b"GET k\r\n")
            assert connection.recv(100).startswith(b"-NOAUTH")
        with redis.Redis(port=server.resp_port or 0, password="secret") as client:
            assert client.ping()
        cache.execute("SET", "no", "password here")


def test_closing_the_cache_ends_its_servers() -> None:
    cache = polycache.open()
    server = cache.serve()
    with socket.create_connection(("127.0.0.1", server.resp_port or 0)) as connection:
        connection.sendall(b"PING\r\n")
        assert connection.recv(100) == b"+PONG\r\n"
        cache.close()
        assert connection.recv(100) == b""
    server.stop()
    server.stop()


def test_impossible_places(cache: polycache.Cache) -> None:
    for options in (
        {"resp": None},
        {"resp": "nowhere"},
        {"resp": "127.0.0.1:99999"},
        {"resp": "0.0.0.0:0"},
        {"resp": None, "memcached": "nowhere"},
    ):
        with pytest.raises(polycache.ConfigError):
            cache.serve(**options)  # type: ignore[arg-type]
    with cache.serve() as server, pytest.raises(polycache.StorageError, match=str(server.resp_port)):
        cache.serve(resp=server.resp)
