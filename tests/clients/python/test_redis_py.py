"""redis-py against our server, as its users would write it."""

import asyncio
import threading

import pytest
import redis
import redis.asyncio


@pytest.fixture(params=[2, 3], ids=["RESP2", "RESP3"])
def client(server, request):
    connection = redis.Redis(port=server.resp, protocol=request.param, decode_responses=True)
    connection.flushall()
    yield connection
    connection.close()


def test_strings(client):
    assert client.set("key", "value", ex=1000, nx=True) is True
    assert client.set("key", "other", nx=True) is None
    assert client.set("key", "third", get=True) == "value"
    assert client.get("key") == "third"
    assert client.ttl("key") == -1
    assert client.append("key", "!") == 6
    assert client.getrange("key", 0, 2) == "thi"
    assert client.setrange("key", 8, "x") == 9
    assert client.getdel("key") == "third!\0\0x"
    assert client.mset({"a": "1", "b": "2"}) is True
    assert client.mget("a", "none", "b") == ["1", None, "2"]
    assert client.msetnx({"c": "3", "a": "4"}) in (False, 0)
    assert client.incr("counter", 41) == 41
    assert client.incrbyfloat("counter", 0.5) == 41.5
    assert client.lcs("a", "b") == ""


def test_expiry(client):
    client.set("key", "value")
    assert client.expire("key", 100) is True
    assert client.expire("key", 200, nx=True) is False
    assert client.expire("key", 200, gt=True) is True
    assert 190 <= client.ttl("key") <= 200
    assert client.pexpiretime("key") > 0
    assert client.persist("key") is True
    assert client.getex("key", ex=50) == "value"
    assert client.expire("key", -1) is True
    assert client.exists("key") == 0


def test_bitmaps(client):
    assert client.setbit("bits", 7, 1) == 0
    assert client.getbit("bits", 7) == 1
    assert client.bitcount("bits") == 1
    assert client.bitpos("bits", 1) == 7
    assert client.bitop("NOT", "inverted", "bits") == 1
    assert client.bitfield("field").set("u8", 0, 255).incrby("u8", 0, 1).get("u8", 0).execute() == [0, 0, 0]


def test_keys(client):
    for number in range(1000):
        client.set(f"key:{number}", number)
    assert client.dbsize() == 1000
    assert set(client.scan_iter("key:*", count=50)) == {f"key:{number}" for number in range(1000)}
    assert set(client.keys("key:99*")) == {"key:99"} | {f"key:99{digit}" for digit in range(10)}
    assert client.rename("key:1", "renamed") is True
    assert client.copy("renamed", "copied") is True
    assert client.type("copied") == "string"
    assert client.object("encoding", "copied") == "int"
    assert client.delete("renamed", "copied", "none") == 2
    assert client.touch("key:2", "key:3") == 2
    assert client.randomkey().startswith("key:")
    assert client.move("key:2", 1) is True


def test_errors_are_exceptions(client):
    client.set("text", "abc")
    with pytest.raises(redis.ResponseError, match="value is not an integer or out of range"):
        client.incr("text")
    with pytest.raises(redis.ResponseError, match="unknown command"):
        client.execute_command("NONSENSE")
    with pytest.raises(redis.ResponseError, match="wrong number of arguments for 'get' command"):
        client.execute_command("GET")


def test_pipelines(client):
    pipeline = client.pipeline(transaction=False)
    for number in range(10_000):
        pipeline.set(f"key:{number}", number).get(f"key:{number}")
    replies = pipeline.execute()
    assert replies[1::2] == [str(number) for number in range(10_000)]


def test_server_commands(client):
    assert client.ping() is True
    assert client.echo("hello") == "hello"
    assert client.client_setname("tester") is True
    assert client.client_getname() == "tester"
    assert any(entry["name"] == "tester" for entry in client.client_list())
    assert client.info("server")["redis_version"].split(".")[0].isdigit()
    assert client.info()["used_memory"] > 0
    assert client.config_get("maxmemory")["maxmemory"] is not None
    assert client.config_set("maxmemory-policy", "allkeys-lfu") is True
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "allkeys-lfu"}
    assert client.config_set("maxmemory-policy", "noeviction") is True
    assert client.command_count() > 80
    assert len(client.time()) == 2
    assert client.memory_usage("none") is None
    assert client.slowlog_get() is not None
    assert client.save() is True
    assert client.lastsave() is not None


def test_threads_share_a_pool(client):
    def add():
        for _ in range(200):
            client.incr("shared")

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert client.get("shared") == "1600"


def test_binary_safety(server):
    client = redis.Redis(port=server.resp)
    value = bytes(range(256)) * 5000
    client.set(b"\x00\xff\r\n", value)
    assert client.get(b"\x00\xff\r\n") == value


def test_asyncio(server):
    async def run():
        client = redis.asyncio.Redis(port=server.resp, decode_responses=True)
        await client.flushall()
        await asyncio.gather(*(client.set(f"key:{n}", n) for n in range(50)))
        assert await client.mget([f"key:{n}" for n in range(50)]) == [str(n) for n in range(50)]
        await client.aclose()

    asyncio.run(run())
