"""`bench pages`: how long staff wait for a list or a chart, beside an empty page behind the same sign-in.

One web process with four threads, one client that keeps its connection, PostgreSQL that waits for its disk. Goals: p50 at most
six times the empty page's, p95 at most five times its own p50, at most twelve queries, and no more of them and little more time
with many patients than with 10,000: what a page took there is kept by a run of that size for the one that follows it, as a
multiple of the empty page, so that a slower hour does not count as growth.
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from bench.data import Measured
from bench.report import Figure, milliseconds
from bench.wire import wire
from botox_tracker.stack import Stack

REPEATS = 5
REQUESTS = 40
#: How much more than with 10,000 patients a page may take; finding somebody may take more, because more people are found.
GROWTH = 1.3
GROWTH_OF_A_SEARCH = 2
#: Where a run with 10,000 patients leaves what the next is held against; named by `manage.py bench`.
KEPT = "BENCH_PAGES_OF_10K"


def run(stack: Stack, data: Measured) -> list[Figure]:
    """Measure each page; five rounds in turn, medians of rounds."""
    stack.start_web()
    cookie, pages = signed_in(data), addresses(data)
    rounds, requests = (1, 3) if data.is_short else (REPEATS, REQUESTS)
    halves, tails = _timed(asking(stack, cookie), {"empty page": "/bench-empty/", **pages}, rounds, requests)
    empty = halves["empty page"]
    figures = []
    for name, address in pages.items():
        half = halves[name]
        figures.append(Figure(f"{name} p50", half, "ms", empty, "empty page p50", 6))
        figures.append(Figure(f"{name} p95", tails[name], "ms", half, "its own p50", 5))
        figures.append(Figure(f"{name} queries", _queries(address, data), "queries", 12, "allowed", 1))
    figures += _grown({name: halves[name] / empty for name in pages}, data)
    # Over another connection: nobody asked anything of the first while queries were counted, and it is closed by now.
    figures += wire(_fetching(stack, cookie), pages)
    return figures


def asking(stack: Stack, cookie: str) -> Callable[[str], float]:
    """Return what asks for a page over one connection that is kept, and tells how many milliseconds its answer took."""
    return _timing(_fetching(stack, cookie))


def _fetching(stack: Stack, cookie: str) -> Callable[[str], bytes]:
    connection = http.client.HTTPConnection(stack.site_url.removeprefix("http://"), timeout=60)

    def fetch(address: str) -> bytes:
        connection.request("GET", address, headers={"Cookie": cookie})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200 or not body:
            raise RuntimeError(f"{address} answered {answer.status}")
        return body

    return fetch


def _timing(fetch: Callable[[str], bytes]) -> Callable[[str], float]:
    return lambda address: milliseconds(lambda: fetch(address))


def _timed(
    ask: Callable[[str], float], pages: dict[str, str], rounds: int, requests: int
) -> tuple[dict[str, float], dict[str, float]]:
    """The p50 and p95 of each page: medians of rounds, in each of which every page is asked for by turns."""
    for address in pages.values():
        ask(address)
    halves: dict[str, list[float]] = {name: [] for name in pages}
    tails: dict[str, list[float]] = {name: [] for name in pages}
    for _ in range(rounds):
        times: dict[str, list[float]] = {name: [] for name in pages}
        for _ in range(requests):
            for name, address in pages.items():
                times[name].append(ask(address))
        for name, each in times.items():
            halves[name].append(statistics.median(each))
            tails[name].append(sorted(each)[int(len(each) * 0.95)])
    middle = statistics.median
    return {name: middle(each) for name, each in halves.items()}, {name: middle(each) for name, each in tails.items()}


def _grown(multiples: dict[str, float], data: Measured) -> list[Figure]:
    """What each page takes beside the same page with 10,000 patients; nothing where that was not measured."""
    kept = os.environ.get(KEPT, "")
    if not kept:
        return []
    path = Path(kept)
    if data.patients <= 10_000:
        path.write_text(json.dumps(multiples))
        return []
    before: dict[str, float] = json.loads(path.read_text()) if path.exists() else {}
    return [
        Figure(
            f"{name}, grown",
            multiple,
            "x empty",
            before[name],
            "with 10,000 patients",
            GROWTH_OF_A_SEARCH if "search" in name else GROWTH,
        )
        for name, multiple in multiples.items()
        if name in before
    ]


def addresses(data: Measured) -> dict[str, str]:
    """Return the pages that staff look at most, by name: a line here is all that another one needs to be measured."""
    from django.urls import reverse

    from clinic.patients.models import Patient
    from clinic.treatments.models import FollowUp

    some = Patient.objects.order_by("pk")[data.patients // 2]
    follow_ups = reverse("staff:follow-up-list")
    # Fewer than sixty follow-ups lie behind this one, of which one page shows the fifty that it can.
    near_the_end = FollowUp.objects.filter(state="ACTIVE").order_by("-closes_on", "-id")[60]
    return {
        "follow-up list": follow_ups,
        "follow-up list, last page": f"{follow_ups}?after={near_the_end.public_id}",
        "follow-up list, overdue": f"{follow_ups}?stage=OVERDUE",
        "patient": reverse("staff:patient-show", args=[some.public_id]),
        # From the middle of the name: no index by the beginning of names finds it.
        "patient search": reverse("staff:patient-list") + f"?q={some.family_name[6:11]}",
        "side-effect log": reverse("staff:side-effect-list"),
        "letters": reverse("staff:letter-list"),
        "calendar week": reverse("staff:calendar-show") + "?view=week",
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
    """How often a page asks the database in a process that has shown others like it; the first of its kind asks more."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from clinic.accounts import User

    client = Client()
    client.force_login(User.objects.get(email=data.user_email))
    with CaptureQueriesContext(connection) as queries:
        client.get(address, headers={"host": "localhost"})
    return sum(not query["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")) for query in queries.captured_queries)
