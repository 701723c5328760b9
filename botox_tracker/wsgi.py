"""The web process, behind gunicorn."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "botox_tracker.settings")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from clinic.apps import refuse_unsafe_settings

# manage.py and Celery run the system checks by themselves; a web server does not.
refuse_unsafe_settings()
