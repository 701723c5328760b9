"""`bench pages`: how long staff wait for a list or a chart, beside an empty page behind the same sign-in.

One web process with four threads, one client that keeps its connection, PostgreSQL that waits for its disk. Goals: p50 at most
six times the empty page's, p95 at most five times its own p50, at most twelve queries.
"""

from __future__ import annotations

import http.client
import statistics
import time
from collections.abc import Callable
from importlib import import_module

from bench.data import Measured
from bench.report import Figure
from botox_tracker.stack import Stack

REPEATS = 5
REQUESTS = 40


def run(stack: Stack, data: Measured) -> list[Figure]:
    """Measure each page; five rounds in turn, medians of rounds."""
    stack.start_web()
    ask = asking(stack, signed_in(data))
    measured = {"empty page": "/bench-empty/", **addresses(data)}
    for address in measured.values():
        ask(address)
    halves: dict[str, list[float]] = {name: [] for name in measured}
    tails: dict[str, list[float]] = {name: [] for name in measured}
    for _ in range(REPEATS):
        for name, address in measured.items():
            times = sorted(ask(address) for _ in range(REQUESTS))
            halves[name].append(statistics.median(times))
            tails[name].append(times[int(len(times) * 0.95)])
    empty = statistics.median(halves["empty page"])
    figures = []
    for name, address in list(measured.items())[1:]:
        half = statistics.median(halves[name])
        figures.append(Figure(f"{name} p50", half, "ms", empty, "empty page p50", 6))
        figures.append(Figure(f"{name} p95", statistics.median(tails[name]), "ms", half, "its own p50", 5))
        figures.append(Figure(f"{name} queries", _queries(address, data), "queries", 12, "allowed", 1))
    return figures


def asking(stack: Stack, cookie: str) -> Callable[[str], float]:
    """Return what asks for a page over one connection that is kept, and tells how many milliseconds its answer took."""
    connection = http.client.HTTPConnection(stack.site_url.removeprefix("http://"), timeout=60)

    def ask(address: str) -> float:
        begun = time.perf_counter()
        connection.request("GET", address, headers={"Cookie": cookie})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200 or not body:
            raise RuntimeError(f"{address} answered {answer.status}")
        return (time.perf_counter() - begun) * 1000

    return ask


def addresses(data: Measured) -> dict[str, str]:
    """Return the pages that staff look at most, by name."""
    from django.urls import reverse

    from clinic.patients.models import Patient

    some = Patient.objects.order_by("pk")[data.patients // 2]
    return {
        "follow-up list": reverse("staff:follow-up-list"),
        "follow-up list, overdue": reverse("staff:follow-up-list") + "?stage=OVERDUE",
        "patient": reverse("staff:patient-show", args=[some.public_id]),
        "patient search": reverse("staff:patient-list") + f"?q={some.family_name[:9]}",
        "side-effect log": reverse("staff:side-effect-list"),
        "letters": reverse("staff:letter-list"),
    }


def signed_in(data: Measured) -> str:
    """Return the cookie of somebody who has signed in."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from clinic.accounts import User

    user = User.objects.get(email=data.user_email)
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def _queries(address: str, data: Measured) -> float:
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from clinic.accounts import User

    client = Client()
    client.force_login(User.objects.get(email=data.user_email))
    with CaptureQueriesContext(connection) as queries:
        client.get(address, headers={"host": "localhost"})
    return sum(not query["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")) for query in queries.captured_queries)
