"""Our server for the Python clients: `POLYCACHE_SERVER` names the program (cargo xtask test sets it)."""

import os
import pathlib
import socket
import subprocess
import time
from dataclasses import dataclass

import pytest


@dataclass
class Address:
    resp: int
    memcached: int
    metrics: int
    directory: pathlib.Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def program() -> str:
    named = os.environ.get("POLYCACHE_SERVER")
    if named:
        return named
    return str(pathlib.Path(__file__).resolve().parents[3] / "target/debug/polycache-server")


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    directory = tmp_path_factory.mktemp("polycache")
    address = Address(free_port(), free_port(), free_port(), directory)
    with open(directory / "server.log", "wb") as log:
        process = subprocess.Popen(
            [program(), "--port", str(address.resp), "--memcached-port", str(address.memcached),
             "--metrics-port", str(address.metrics), "--bind", "127.0.0.1", "--dir", str(directory), "--save", "", "--appendonly", "no"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", address.resp)).close()
                socket.create_connection(("127.0.0.1", address.memcached)).close()
                break
            except OSError:
                log_text = (directory / "server.log").read_text(errors="replace")
                assert process.poll() is None and time.monotonic() < deadline, log_text
                time.sleep(0.01)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=60)
