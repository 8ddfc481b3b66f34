"""rq does its jobs on our server: done, failed and retried, delayed, depending on each other, by several workers."""

import os
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from redis import Redis
from rq import Queue, Retry, SimpleWorker, Worker
from rq.job import JobStatus
from rq.registry import FailedJobRegistry, ScheduledJobRegistry
from rq.scheduler import RQScheduler

HERE = os.path.dirname(os.path.abspath(__file__))


@pytest.fixture
def redis(server):
    client = Redis(port=server.resp)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def jobs(server, monkeypatch):
    monkeypatch.setenv("POLYCACHE_TEST_PORT", str(server.resp))
    monkeypatch.syspath_prepend(HERE)
    import jobs

    monkeypatch.setattr(jobs, "PORT", server.resp)
    return jobs


def work(redis, queue):
    assert SimpleWorker([queue], connection=redis).work(burst=True, logging_level="ERROR")


def test_a_job_is_done(redis, jobs):
    queue = Queue(connection=redis)
    job = queue.enqueue(jobs.add, 2, 3)
    assert job.get_status() == JobStatus.QUEUED
    assert queue.count == 1
    work(redis, queue)
    assert job.get_status(refresh=True) == JobStatus.FINISHED
    assert job.return_value() == 5
    assert queue.finished_job_registry.count == 1


def test_a_failed_job_is_retried_and_kept(redis, jobs):
    queue = Queue(connection=redis)
    retried = queue.enqueue(jobs.fail_until, "calls", 3, retry=Retry(max=5))
    lost = queue.enqueue(jobs.fail_until, "others", 100)
    for _ in range(4):
        if queue.count:
            work(redis, queue)
    assert retried.get_status(refresh=True) == JobStatus.FINISHED
    assert retried.return_value() == 3
    assert lost.get_status(refresh=True) == JobStatus.FAILED
    assert "call 1 of 100" in lost.latest_result().exc_string
    registry = FailedJobRegistry(queue=queue)
    assert lost.id in registry
    registry.requeue(lost)
    assert lost.get_status(refresh=True) == JobStatus.QUEUED


def test_a_delayed_job_comes_in_its_time(redis, jobs):
    queue = Queue(connection=redis)
    job = queue.enqueue_in(timedelta(milliseconds=1), jobs.add, 1, 1)
    assert job.id in ScheduledJobRegistry(queue=queue)
    scheduler = RQScheduler([queue], connection=redis)
    assert scheduler.acquire_locks() == {queue.name}
    deadline = time.monotonic() + 60
    while queue.count == 0:
        assert time.monotonic() < deadline, "the job never became due"
        scheduler.enqueue_scheduled_jobs()
        time.sleep(0.05)
    scheduler.release_locks()
    work(redis, queue)
    assert job.return_value() == 2


def test_a_job_waits_for_those_it_depends_on(redis, jobs):
    queue = Queue(connection=redis)
    first = queue.enqueue(jobs.note, "order", "first")
    second = queue.enqueue(jobs.note, "order", "second", depends_on=first)
    assert second.get_status() == JobStatus.DEFERRED
    work(redis, queue)
    assert redis.lrange("order", 0, -1) == [b"first", b"second"]


def test_every_job_is_done_once_by_one_of_several_workers(redis, jobs, server):
    queue = Queue(connection=redis)
    total = 60
    for number in range(total):
        queue.enqueue(jobs.note, "done", number)
    environment = dict(os.environ, POLYCACHE_TEST_PORT=str(server.resp), PYTHONPATH=HERE)
    url = f"redis://127.0.0.1:{server.resp}"
    command = [sys.executable, "-m", "rq.cli", "worker", "--burst", "--quiet", "--url", url,
               "--worker-class", "rq.SimpleWorker"]
    workers = [subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL) for _ in range(3)]
    assert [worker.wait(timeout=120) for worker in workers] == [0, 0, 0]
    assert sorted(map(int, redis.lrange("done", 0, -1))) == list(range(total))
    assert Worker.all(connection=redis) == []
