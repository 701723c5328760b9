"""The product's settings, with one more address: an empty page behind the sign-in, to measure the others against."""

import os

from botox_tracker.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
CELERY_INCLUDE = ["bench.by_task"]
if os.environ.get("BENCH_PLAIN_CELERY"):
    # As Celery comes: a connection to the database for each task, four tasks fetched ahead.
    CELERY_DB_REUSE_MAX = None
    CELERY_WORKER_PREFETCH_MULTIPLIER = 4
