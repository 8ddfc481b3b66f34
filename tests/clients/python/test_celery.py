"""celery with our server as broker and result backend."""

import os
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
PATIENCE_SECONDS = 120


@pytest.fixture(scope="module")
def jobs(server):
    """The tasks, with a worker that does them."""
    os.environ["POLYCACHE_TEST_PORT"] = str(server.resp)
    sys.path.insert(0, HERE)
    import jobs

    jobs.PORT = server.resp
    jobs.app.conf.broker_url = f"redis://127.0.0.1:{server.resp}/3"
    jobs.app.conf.result_backend = f"redis://127.0.0.1:{server.resp}/4"
    jobs.connection().flushall()
    command = [sys.executable, "-m", "celery", "-A", "jobs", "worker", "--pool", "threads", "--concurrency", "4",
               "--loglevel", "WARNING", "--without-mingle"]
    worker = subprocess.Popen(command, cwd=HERE, env=os.environ, stdin=subprocess.DEVNULL)
    yield jobs
    worker.terminate()
    worker.wait(timeout=PATIENCE_SECONDS)


def test_a_task_gives_its_result(jobs):
    assert jobs.celery_add.delay(2, 3).get(timeout=PATIENCE_SECONDS) == 5


def test_a_task_with_a_countdown_is_done(jobs):
    assert jobs.celery_add.apply_async((1, 2), countdown=1).get(timeout=PATIENCE_SECONDS) == 3


def test_a_failing_task_is_retried(jobs):
    assert jobs.celery_fail_until.delay("celery:calls", 3).get(timeout=PATIENCE_SECONDS) == 3


def test_many_tasks_each_once(jobs):
    results = jobs.group(jobs.celery_note.s("celery:done", number) for number in range(100))()
    results.get(timeout=PATIENCE_SECONDS)
    done = jobs.connection().lrange("celery:done", 0, -1)
    assert sorted(map(int, done)) == list(range(100))


def test_a_chord_waits_for_its_parts(jobs):
    parts = [jobs.celery_add.s(number, number) for number in range(10)]
    assert jobs.chord(parts)(jobs.celery_sum.s()).get(timeout=PATIENCE_SECONDS) == 90
