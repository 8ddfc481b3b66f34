"""The harder parts of redis-py: locks, optimistic transactions, scripts, messages; as its users write them."""

import threading

import pytest
from redis import Redis
from redis.exceptions import LockError, ResponseError, WatchError


@pytest.fixture(params=[2, 3], ids=["RESP2", "RESP3"])
def redis(server, request):
    client = Redis(port=server.resp, protocol=request.param, decode_responses=True)
    client.flushall()
    yield client
    client.close()


def test_a_lock_excludes(redis):
    lock = redis.lock("lock", timeout=60)
    assert lock.acquire(blocking=False)
    assert not redis.lock("lock", timeout=60).acquire(blocking=False)
    assert lock.extend(30)
    assert 60_000 < redis.pttl("lock") <= 90_000
    assert lock.reacquire()
    lock.release()
    assert not redis.exists("lock")
    with pytest.raises(LockError):
        lock.release()


def test_a_lock_keeps_threads_apart(redis, server):
    redis.set("counter", 0)

    def count():
        client = Redis(port=server.resp)
        for _ in range(25):
            with client.lock("guard", timeout=60, sleep=0.001):
                client.set("counter", int(client.get("counter")) + 1)
        client.close()

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert redis.get("counter") == "100"


def test_a_pipeline_is_a_transaction(redis):
    with redis.pipeline(transaction=True) as pipeline:
        replies = pipeline.set("key", 1).incr("key").hset("hash", mapping={"field": "value"}).hgetall("hash").execute()
    assert replies == [True, 2, 1, {"field": "value"}]
    with redis.pipeline() as pipeline:
        with pytest.raises(ResponseError):
            pipeline.set("key", "text").lpush("key", 1).set("after", 1).execute()
    # An error at run time does not undo what was done.
    assert (redis.get("key"), redis.get("after")) == ("text", "1")


def test_watch_notices_another_client(redis, server):
    with redis.pipeline() as pipeline:
        pipeline.watch("watched")
        Redis(port=server.resp).set("watched", 1)
        pipeline.multi()
        pipeline.set("watched", 2)
        with pytest.raises(WatchError):
            pipeline.execute()
    assert redis.get("watched") == "1"


def test_optimistic_counters_lose_nothing(redis, server):
    def increment(pipeline):
        present = int(pipeline.get("optimistic") or 0)
        pipeline.multi()
        pipeline.set("optimistic", present + 1)

    def count():
        client = Redis(port=server.resp)
        for _ in range(25):
            client.transaction(increment, "optimistic")
        client.close()

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert redis.get("optimistic") == "100"


def test_a_registered_script(redis):
    script = redis.register_script("redis.call('SET', KEYS[1], ARGV[1]) return {KEYS[1], redis.call('GET', KEYS[1])}")
    assert script(keys=["key"], args=["value"]) == ["key", "value"]
    redis.script_flush()
    assert script(keys=["key"], args=["other"]) == ["key", "other"]


def test_messages_arrive_in_order(redis):
    channel = redis.pubsub()
    channel.subscribe("news")
    channel.psubscribe("n?ws")
    kinds = [channel.get_message(timeout=10)["type"] for _ in range(2)]
    assert kinds == ["subscribe", "psubscribe"]
    for number in range(10):
        assert redis.publish("news", number) == 2
    seen = [channel.get_message(timeout=10) for _ in range(20)]
    assert [message["data"] for message in seen if message["type"] == "message"] == [str(n) for n in range(10)]
    assert [message["data"] for message in seen if message["type"] == "pmessage"] == [str(n) for n in range(10)]
    channel.unsubscribe()
    channel.close()
