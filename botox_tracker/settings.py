"""Every setting, read from the environment.

`.env.sample` names each variable. An installation whose SITE_URL is this very machine is *local*: a trial or a developer's
copy, for which keys and database are made as needed. Any other is meant for patients, and `clinic.apps` refuses to start it
with a setting that would not protect them.
"""

from pathlib import Path
from urllib.parse import urlsplit

import environ

from botox_tracker.local import LOOPBACK_HOSTS, is_local, kept_secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
DEMO = env.bool("BOTOX_TRACKER_DEMO", default=False)
# The demonstration never reaches what an installation in the same folder was set up with.
if not DEMO and (BASE_DIR / ".env").is_file():
    env.read_env(str(BASE_DIR / ".env"))

# -- what this installation is -------------------------------------------------------------------------------
VAR = Path(env.str("BOTOX_TRACKER_VAR", default=str(BASE_DIR / "var"))).resolve()
DEBUG = env.bool("DEBUG", default=False)

# Where patients and staff reach the pages: the root of every link in a letter.
SITE_URL = env.str("SITE_URL", default="http://localhost:8000").rstrip("/")
SITE_HOST = urlsplit(SITE_URL).hostname or ""
LOCAL = is_local(SITE_HOST)
SECURE = SITE_URL.startswith("https://")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=sorted({SITE_HOST, *LOOPBACK_HOSTS}) if LOCAL else [SITE_HOST])
# A local installation makes its own key and keeps it; a real one is given it, so that it is neither lost nor copied with VAR.
SECRET_KEY = env.str("SECRET_KEY", default="") or (kept_secret_key(VAR) if LOCAL else "")

# -- the application -----------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "clinic.apps.ClinicConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_filters",
    "django_htmx",
]
MIDDLEWARE = [
    "botox_tracker.middleware.ProtectiveHeaders",
    "botox_tracker.middleware.ClientAddress",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "botox_tracker.urls"
WSGI_APPLICATION = "botox_tracker.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "clinic.staff.pulse.engine_pulse",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# A message to staff may name a patient: it stays on the server and never travels in a cookie.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# -- language and time: people's own zone belongs to their clinic --------------------------------------------
LANGUAGE_CODE = "en"
#: In which letters and patients' pages are written; staff pages are in English. Each has its catalogue in `locale`.
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# -- database ------------------------------------------------------------------------------------------------
SQLITE = "django.db.backends.sqlite3"
# Nor the database that its environment names: its letters are caught, and would count as sent there.
if not DEMO and env.str("DATABASE_URL", default=""):
    DATABASES = {"default": env.db_url("DATABASE_URL")}
else:
    DATABASES = {"default": {"ENGINE": SQLITE, "NAME": str(VAR / ("demo.sqlite3" if DEMO else "db.sqlite3"))}}
if DATABASES["default"]["ENGINE"] == SQLITE:
    DATABASES["default"]["OPTIONS"] = {
        # A transaction takes the write lock at its start: one that reads first and writes later would fail, not wait.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    # Several processes take part in the tests, so their database is a file too.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR / "test.sqlite3")}
    Path(DATABASES["default"]["NAME"]).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
else:
    # As libpq has it, ?host=/folder names a socket's folder.
    DATABASES["default"]["HOST"] = DATABASES["default"].get("OPTIONS", {}).pop("host", DATABASES["default"]["HOST"])
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

# -- Redis or Valkey: Celery's broker, and the counters of failed sign-ins -----------------------------------
REDIS_URL = env.str("REDIS_URL", default="")
if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "botox_tracker.cache.ShelteredRedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "clinic",
            "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5},
        }
    }
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# Celery is a clock and pairs of hands (docs/adr): tasks carry nothing, answer nothing and may be lost, doubled or late.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1) or "memory://"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_TIMEOUT = 3
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 3,
    "socket_timeout": 10,
    "socket_keepalive": not REDIS_URL.startswith("unix://"),
    "health_check_interval": 20,
}
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_TIME_LIMIT = 240
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_DB_REUSE_MAX = 100
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR / "beat")
# A minute; less only where somebody waits for the letter, as in the tour.
TICK_SECONDS = env.float("TICK_SECONDS", default=60.0)
CELERY_BEAT_SCHEDULE = {
    # Plain intervals in UTC only; a tick that nobody took within its minute is overtaken by the next.
    "tick": {"task": "clinic.tasks.tick", "schedule": TICK_SECONDS, "options": {"expires": TICK_SECONDS * 55 / 60}},
}
# What the engine has done, kept outside the database (docs/operations.md): never on a disk that is restored together with it.
ENGINE_MARK = Path(env.str("ENGINE_MARK", default=str(VAR / ("demo.mark" if DEMO else "engine.mark")))).resolve()
# The name of the deployment, for several machines that are one; each makes its own otherwise.
ENGINE_INSTANCE = env.str("ENGINE_INSTANCE", default="")

# -- what is sent --------------------------------------------------------------------------------------------
# A table of 500 points is refused in words and shown again as it was typed (seven fields a row), not with a bare 400.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

# -- people who sign in --------------------------------------------------------------------------------------
AUTH_USER_MODEL = "clinic.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "botox_tracker.signing_in.ClosedAccounts"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# Counted in the shared cache. Both wear off: nobody can lock a colleague out for good.
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key", "reset_password": "20/m/ip,5/m/key"}

# Someone who signed in at the start of a working day signs in again on the next, and whenever the browser was closed.
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
ACCOUNT_SESSION_REMEMBER = False
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_HTTPONLY = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# An https address means a proxy in front that ends TLS and sets these headers itself, whatever the client sent.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=1 if SECURE else 0)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_SSL_REDIRECT = SECURE
SECURE_REDIRECT_EXEMPT = [r"^healthz/"]
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE

# -- files ---------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
    # Photographs and papers of patients: read through the pages alone, never by an address.
    "documents": {"BACKEND": "botox_tracker.private_files.PrivateFiles"},
}
# Nor does the demonstration reach the files of an installation in the same folder.
DOCUMENTS_ROOT = VAR / "demo-documents" if DEMO else Path(env.str("DOCUMENTS_ROOT", default=str(VAR / "documents"))).resolve()
# Of one file. A request that brings more than a handful of the largest is refused before anything of it is read.
DOCUMENT_MEGABYTES = env.int("DOCUMENT_MEGABYTES", default=15)
FILE_UPLOAD_HANDLERS = [
    "botox_tracker.private_files.RefuseTooMuch",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# -- mail ----------------------------------------------------------------------------------------------------
EMAIL_HOST = env.str("EMAIL_HOST", default="localhost")
EMAIL_PORT = env.int("EMAIL_PORT", default=25)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", default="")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", default=False)
EMAIL_USE_SSL = env.bool("EMAIL_USE_SSL", default=False)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="clinic@localhost")
# Who is told when letters stand still, besides the clinics' administrators (`manage.py engine_check`).
ADMINS = [("", address) for address in env.list("ADMINS", default=[])]
# The mailbox that mail servers report undelivered letters to: with a tag behind its name, the envelope's sender of each letter.
REPORT_ADDRESS: str = env.str("REPORT_ADDRESS", default="")
# Who may hand in reports over HTTP signs them with one of these; without any, nobody may.
REPORT_SECRETS: list[str] = env.list("REPORT_SECRETS", default=[])
# Reports that no program can read wait here for a person.
REPORTS_DIR = Path(env.str("REPORTS_DIR", default=str(VAR / "reports")))
# How many letters a minute one recipient domain gets; 0: as many as there are.
LETTERS_PER_DOMAIN_A_MINUTE = env.int("LETTERS_PER_DOMAIN_A_MINUTE", default=0)
# The demonstration's mail server writes each letter here, and /mailbox/ reads it.
MAILBOX_DIR = VAR / "mailbox"

# -- log: ids, never names; the token in a patient's link is masked ------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"mask_links": {"()": "botox_tracker.masking.MaskPatientLinks"}},
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["mask_links"]}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        # The catching mail server of the demonstration and the tests tells each step of each dialogue.
        "mail.log": {"level": "WARNING"},
    },
}
