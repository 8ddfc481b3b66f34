"""Publish and subscribe, in the process and over the wire."""

import asyncio
import threading

import polycache
import pytest
import redis


def test_messages_in_the_process(cache: polycache.Cache) -> None:
    with cache.subscribe("news", b"other", patterns=["n*"]) as subscription:
        assert cache.publish("news", "hello") == 2
        assert cache.publish("other", b"x") == 1
        assert cache.publish("nobody hears", "x") == 1
        assert cache.publish("silence", "x") == 0
        assert subscription.get() == (b"news", b"hello")
        assert subscription.get(timeout=1) == (b"news", b"hello")
        assert next(subscription) == (b"other", b"x")
    assert list(subscription) == [(b"nobody hears", b"x")]
    assert cache.publish("news", "late") == 0
    with pytest.raises(polycache.ClosedError):
        subscription.get()


def test_a_timeout(cache: polycache.Cache) -> None:
    assert cache.subscribe("c").get(timeout=0.01) is None


def test_what_cannot_be_subscribed_to(cache: polycache.Cache) -> None:
    with pytest.raises(TypeError):
        cache.subscribe(patterns="n*")
    with pytest.raises(ValueError):
        cache.subscribe()


def test_publishers_and_subscribers_on_the_wire(cache: polycache.Cache) -> None:
    with cache.serve() as server, redis.Redis(port=server.resp_port or 0) as client:
        subscription = cache.subscribe("to the process")
        assert client.publish("to the process", "hi") == 1
        assert subscription.get(timeout=10) == (b"to the process", b"hi")
        pubsub = client.pubsub()
        pubsub.subscribe("to the wire")
        assert pubsub.get_message(timeout=10)["type"] == "subscribe"
        assert cache.publish("to the wire", "hi") == 1
        assert pubsub.get_message(timeout=10)["data"] == b"hi"
        pubsub.close()


def test_coroutines_hear_too(cache: polycache.Cache) -> None:
    async def listen() -> list[bytes]:
        heard = []
        with cache.subscribe("c") as subscription:
            threading.Timer(0.05, lambda: [cache.publish("c", str(n)) for n in range(3)]).start()
            async for _, message in subscription:
                heard.append(message)
                if len(heard) == 3:
                    break
        return heard

    assert asyncio.run(asyncio.wait_for(listen(), 20)) == [b"0", b"1", b"2"]


def test_iterating_ends_with_the_cache() -> None:
    cache = polycache.open()
    subscription = cache.subscribe("c")
    threading.Timer(0.05, cache.close).start()
    assert list(subscription) == []
