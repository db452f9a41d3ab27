"""Measures Python Spinach: argv is the URL of a Redis, the number of jobs, how many run at once, and on what.

Writes JSON: jobs per second, and the CPU time of this process in us per job, without the first tenth.
"""
import json
import logging
import sys
import threading
import time

from redis import Redis
from spinach import AsyncioWorkers, Batch, Engine, RedisBroker, ThreadWorkers

BATCH = 1000
WARM_PART = 0.1


def main(url: str, jobs: int, concurrency: int, workers: str) -> None:
    logging.disable(logging.CRITICAL)
    spin = Engine(RedisBroker(Redis.from_url(url)), namespace="bench-python")
    runs = bytearray(jobs)
    warm = int(jobs * WARM_PART)
    ran = 0
    times = {}
    lock = threading.Lock()

    def note(index):
        nonlocal ran
        runs[index] += 1
        ran += 1
        if ran in (warm, jobs):
            times[ran] = (time.monotonic(), time.process_time())

    if workers == "coroutines":

        @spin.task(name="noop", max_retries=1)
        async def noop(index):
            note(index)

    else:

        @spin.task(name="noop", max_retries=1)
        def noop(index):
            with lock:
                note(index)

    for first in range(0, jobs, BATCH):
        batch = Batch()
        for index in range(first, min(jobs, first + BATCH)):
            batch.schedule("noop", index)
        spin.schedule_batch(batch)
    spin.start_workers(
        number=concurrency,
        workers_class=AsyncioWorkers if workers == "coroutines" else ThreadWorkers,
        stop_when_queue_empty=True,
    )
    if runs != bytearray([1]) * jobs:
        sys.exit("a job did not run once")
    (start, start_cpu), (end, end_cpu) = times[warm], times[jobs]
    counted = jobs - warm
    figures = {
        "rate": counted / (end - start),
        "clientCpuUs": 1e6 * (end_cpu - start_cpu) / counted,
    }
    print(json.dumps(figures))


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
