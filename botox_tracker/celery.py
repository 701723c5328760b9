"""The Celery application: `celery -A botox_tracker worker` and `celery -A botox_tracker beat`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "botox_tracker.settings")
app = Celery("botox_tracker")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
