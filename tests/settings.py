"""The project's settings, made fast and strict for tests."""

from botox_tracker.settings import *  # noqa: F403

# Hashing is meant to be slow; thousands of test sign-ins are not.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "documents": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "tests.static.StrictStaticFiles"},
}
# Straight from the source folders: nothing has to be collected before a test.
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True
