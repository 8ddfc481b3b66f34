"""Data in a directory: there again after closing, after ending without closing, and after a kill."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import polycache
import pytest

MODES = ["always", "everysec", "no", "snapshot"]


def run(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs a Python program with polycache imported."""
    program = f"import os, signal, sys\nimport polycache\npath = sys.argv[1]\n{program}"
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=100)


@pytest.mark.parametrize("persist", MODES)
def test_reopening(tmp_path: Path, persist: str) -> None:
    large = os.urandom(3_000_000)
    with polycache.open(tmp_path / "made", persist=persist) as cache:  # type: ignore[arg-type]
        cache.set("k", "v")
        cache.set("expiring", "v", ttl=1000)
        cache.set("large", large)
        cache.set_many({"a": 1, "b": 2})
        cache.delete("b")
        cache.database(3)["other"] = "db"
        cache.flush()
        cache.save()
        cache.incr("a")
    with polycache.open(tmp_path / "made", persist=persist) as cache:  # type: ignore[arg-type]
        assert cache.get_many(["k", "a", "b", "large"]) == [b"v", b"2", None, large]
        left = cache.ttl("expiring")
        assert left is not None and 900 < left <= 1000
        assert cache.database(3)["other"] == b"db" and len(cache) == 4


def test_a_directory_is_shared_within_the_process(tmp_path: Path) -> None:
    with polycache.open(tmp_path) as first, polycache.open(str(tmp_path) + "/.") as second:
        first["k"] = "v"
        assert second["k"] == b"v"


def test_a_directory_is_locked_for_others(tmp_path: Path) -> None:
    program = """
try:
    polycache.open(path)
except polycache.LockedError as error:
    print(error.code)
"""
    with polycache.open(tmp_path):
        assert run(program, tmp_path).stdout == "LOCKED\n"
    assert run(program, tmp_path).stdout == ""


@pytest.mark.parametrize("persist", MODES)
def test_ending_without_closing_loses_nothing(tmp_path: Path, persist: str) -> None:
    program = """
cache = polycache.open(path, persist=sys.argv[2])
cache.set_many({f"k{number}": number for number in range(100)})
cache["last"] = "yes"
"""
    ended = run(program, tmp_path, persist)
    assert ended.returncode == 0, ended.stderr
    with polycache.open(tmp_path) as cache:
        assert cache.get("last") == b"yes" and len(cache) == 101


def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    program = """
cache = polycache.open(path, persist="always")
for number in range(200):
    cache[f"k{number}"] = number
    print(number, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = run(program, tmp_path)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    acknowledged = len(killed.stdout.split())
    with polycache.open(tmp_path) as cache:
        assert acknowledged == 200 and all(f"k{number}" in cache for number in range(acknowledged))


def test_a_damaged_directory_is_refused(tmp_path: Path) -> None:
    with polycache.open(tmp_path, persist="snapshot") as cache:
        cache.set_many({f"k{number}": "v" * 100 for number in range(100)})
    (snapshot,) = tmp_path.glob("dump.*")
    damaged = bytearray(snapshot.read_bytes())
    damaged[:32] = os.urandom(32)
    snapshot.write_bytes(damaged)
    with pytest.raises(polycache.CorruptError) as caught:
        polycache.open(tmp_path, persist="snapshot")
    assert caught.value.code == "CORRUPT" and snapshot.name in str(caught.value)


def test_a_place_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(polycache.StorageError):
        polycache.open(tmp_path / "file" / "below")
    with polycache.open() as memory, pytest.raises(polycache.ConfigError, match="directory"):
        memory.save()
