"""Jobs for the workers of rq and celery in the tests beside this file: workers import them by name."""

import os

from celery import Celery, chord, group
from redis import Redis

PORT = int(os.environ.get("POLYCACHE_TEST_PORT", "6379"))


def connection() -> Redis:
    return Redis(port=PORT)


def add(first, second):
    return first + second


def note(key, value):
    """Leaves a trace that a test can count."""
    return connection().rpush(key, value)


def fail_until(key, attempts):
    """Fails until it was called so often."""
    calls = connection().incr(key)
    if calls < attempts:
        raise RuntimeError(f"call {calls} of {attempts}")
    return calls


app = Celery("jobs", broker=f"redis://127.0.0.1:{PORT}/3", backend=f"redis://127.0.0.1:{PORT}/4")
app.conf.broker_connection_retry_on_startup = True
app.conf.worker_hijack_root_logger = False

celery_add = app.task(add, name="celery_add")
celery_note = app.task(note, name="celery_note")


@app.task(name="celery_sum")
def celery_sum(numbers):
    return sum(numbers)


@app.task(bind=True, name="celery_fail_until", max_retries=10)
def celery_fail_until(self, key, attempts):
    try:
        return fail_until(key, attempts)
    except RuntimeError as error:
        raise self.retry(exc=error, countdown=0)


__all__ = ["app", "chord", "group"]
