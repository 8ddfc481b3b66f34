"""What Prometheus reads, with the parser of its own client library."""

import urllib.error
import urllib.request

import pytest
import redis
from prometheus_client.parser import text_string_to_metric_families


def fetch(server, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{server.metrics}{path}", timeout=30) as reply:
        return reply.headers, reply.read().decode()


def families(server):
    headers, text = fetch(server, "/metrics")
    assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
    found = {}
    for family in text_string_to_metric_families(text):
        assert family.name not in found, f"{family.name} comes twice"
        found[family.name] = family
    assert text.count("# TYPE ") == len(found)
    return found


def value(family, **labels):
    sums = [sample.value for sample in family.samples if labels.items() <= sample.labels.items()]
    assert len(sums) == 1, (family.name, labels, sums)
    return sums[0]


def test_every_family_is_explained_and_well_formed(server):
    client = redis.Redis(port=server.resp)
    client.set("k", "v")
    for family in families(server).values():
        assert family.name.startswith("polycache_"), family.name
        assert family.documentation, family.name
        assert family.type in ("counter", "gauge", "histogram"), (family.name, family.type)
        for unit in ("_kb", "_kib", "_mb", "_ms", "_usec", "_microseconds", "_milliseconds", "_kbps"):
            assert not family.name.endswith(unit), f"{family.name} is not in a base unit"
        # OpenMetrics' parser takes the ending off the names of counters.
        if family.type == "counter":
            assert all(sample.name.endswith("_total") for sample in family.samples), family.name
        seen = set()
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in seen, f"{key} comes twice"
            seen.add(key)


def test_commands_are_counted_and_timed(server):
    client = redis.Redis(port=server.resp)
    before = families(server)
    counted = [s for s in before["polycache_commands"].samples if s.labels["cmd"] == "strlen"]
    start = counted[0].value if counted else 0
    for _ in range(10):
        client.strlen("k")
    with pytest.raises(redis.ResponseError):
        client.execute_command("STRLEN")
    with pytest.raises(redis.ResponseError):
        client.lpush("k2", 1), client.strlen("k2")
    after = families(server)
    assert value(after["polycache_commands"], cmd="strlen") == start + 11
    assert value(after["polycache_commands_rejected"], cmd="strlen") >= 1
    assert value(after["polycache_commands_failed"], cmd="strlen") >= 1
    assert value(after["polycache_errors"], error="WRONGTYPE") >= 1
    durations = [
        sample for sample in after["polycache_command_duration_seconds"].samples
        if sample.labels["cmd"] == "strlen"
    ]
    buckets = [(float(s.labels["le"]), s.value) for s in durations if s.name.endswith("_bucket")]
    assert buckets == sorted(buckets), "bounds and counts ascend"
    assert [count for _, count in buckets] == sorted(count for _, count in buckets)
    assert buckets[-1] == (float("inf"), start + 11)
    total = next(s.value for s in durations if s.name.endswith("_sum"))
    assert 0 < total < 10


def test_figures_are_those_of_info(server):
    client = redis.Redis(port=server.resp)
    client.set("a", "x" * 1000)
    info, found = client.info("everything"), families(server)
    assert value(found["polycache_connected_clients"]) == info["connected_clients"]
    assert value(found["polycache_memory_dataset_bytes"]) > 1000
    assert value(found["polycache_keys"], db="db0") == info["db0"]["keys"]
    assert value(found["polycache_keyspace_hits"]) >= info["keyspace_hits"]
    assert value(found["polycache_log_enabled"]) == 0
    assert value(found["polycache_last_save_ok"]) == 1


def test_health_and_readiness(server):
    assert fetch(server, "/health")[1] == "alive\n"
    assert fetch(server, "/ready")[1] == "ready\n"


@pytest.mark.parametrize("method, path, status", [("GET", "/", 404), ("POST", "/metrics", 405), ("DELETE", "/ready", 405)])
def test_nothing_else_is_served(server, method, path, status):
    request = urllib.request.Request(f"http://127.0.0.1:{server.metrics}{path}", method=method)
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(request, timeout=30)
    assert error.value.code == status
