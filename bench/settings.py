"""The product's settings, with one more address: an empty page behind the sign-in, to measure the others against."""

from botox_tracker.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
