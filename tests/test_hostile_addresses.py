"""What stands in an address after the question mark, spoilt in turn; bodies that are no forms; tables of points without end."""

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.hostile import MISSING, STRINGS, THEIRS, TWICE, cases
from tests.hostile_pages import FORMS, make_world, of
from tests.page_reading import Page
from tests.test_access import CANARY, addresses
from tests.test_hostile_input import body_of, counts, spoilt

pytestmark = pytest.mark.django_db
URLENCODED = "application/x-www-form-urlencoded"

#: What each page reads from its address.
READS = {
    "staff:access-log": (of("access-log", "patient"), {"page": "number"}),
    "staff:appointment-book": (
        of("appointment-book", "follow_up"),
        {"practitioner": "choice", "from_on": "date", "next": "line", "time": "line"},
    ),
    "staff:appointment-book-plain": (of("appointment-book-plain", "patient"), {"time": "line", "next": "line"}),
    "staff:appointment-move": (of("appointment-move", "visit"), {"practitioner": "choice", "from_on": "date"}),
    "staff:booking-override-list": (of("booking-override-list"), {"month": "date", "after": "id", "before": "id"}),
    "staff:calendar-feed-list": (of("calendar-feed-list"), {}),
    "staff:calendar-show": (
        of("calendar-show"),
        {**dict.fromkeys(("clinic", "with", "view"), "choice"), "on": "date"},
    ),
    "staff:follow-up-list": (
        of("follow-up-list"),
        {
            **dict.fromkeys(("clinic", "practitioner", "indication", "product", "stage", "booking", "assignee"), "choice"),
            **dict.fromkeys(("opens_from", "opens_until", "closes_from", "closes_until", "as_of"), "date"),
            "q": "line",
            "after": "id",
            "before": "id",
        },
    ),
    "staff:follow-up-export": (of("follow-up-export"), {"stage": "choice", "assignee": "choice", "as_of": "date", "q": "line"}),
    "staff:saved-view-list": (of("saved-view-list"), {}),
    "staff:task-list": (
        of("task-list"),
        {
            **dict.fromkeys(("kind", "assignee", "clinic", "show"), "choice"),
            "until": "date",
            "after": "id",
            "before": "id",
        },
    ),
    "staff:visit-unnoted-list": (of("visit-unnoted-list"), {"after": "id", "before": "id"}),
    "staff:follow-up-show": (of("follow-up-show", "follow_up"), {"next": "line"}),
    "staff:letter-list": (
        of("letter-list"),
        {
            **dict.fromkeys(("show", "until", "step", "state", "clinic"), "choice"),
            "on": "date",
            "after": "id",
            "before": "id",
        },
    ),
    "staff:letter-preview": (of("letter-preview", "patient"), {"letter": "line"}),
    "staff:letter-sheet": (of("letter-sheet", "patient"), {"letter": "line", "as": "choice"}),
    "staff:capacity-show": (of("capacity-show"), {"clinic": "id"}),
    "staff:hours-show": (of("hours-show", "clinic"), {}),
    "staff:move-list": (of("move-list", "clinic"), {}),
    "staff:holidays-take": (of("holidays-take", "clinic"), {"year": "number"}),
    "staff:plan-edit": (of("plan-edit", "clinic"), {"indication": "choice"}),
    "staff:plan-list": (of("plan-list"), {}),
    "staff:plan-show": (of("plan-show", "clinic"), {"indication": "choice", "version": "number"}),
    "staff:wording-edit": (
        of("wording-edit", "clinic"),
        {"letter": "choice", "language": "choice", "words": "choice"},
    ),
    "staff:wording-list": (of("wording-list", "clinic"), {}),
    "staff:wording-preview": (of("wording-preview", "clinic"), {"letter": "choice", "as": "choice"}),
    "staff:delivery-report-list": (of("delivery-report-list"), {"after": "id", "before": "id"}),
    "staff:suppression-list": (of("suppression-list"), {"after": "id", "before": "id"}),
    "staff:override-list": (
        of("override-list"),
        {**dict.fromkeys(("kind", "severity", "by"), "choice"), "month": "date", "after": "id", "before": "id"},
    ),
    "staff:document-list": (of("document-list", "own.patient"), {"page": "number", "session": "id"}),
    "staff:rule-list": (of("rule-list"), {"clinic": "id", "standing": "choice"}),
    "staff:template-list": (of("template-list"), {}),
    "staff:waiting-list": (of("waiting-list"), {}),
    "staff:patient-list": (of("patient-list"), {"q": "line", "after": "id", "before": "id"}),
    "staff:patient-show": (of("patient-show", "patient"), {"kind": "choice", "page": "number"}),
    "staff:side-effect-list": (
        of("side-effect-list"),
        {
            **dict.fromkeys(("term", "urgency", "product", "practitioner", "state", "seen"), "choice"),
            "q": "line",
            "lot": "line",
            "severity": "number",
            "reported_from": "date",
            "reported_until": "date",
            "after": "id",
            "before": "id",
        },
    ),
    "staff:side-effect-report": (of("side-effect-report", "own.patient"), {"session": "id"}),
    "staff:treatment-compare": (of("treatment-compare", "own.patient"), {"one": "id", "other": "id", "maps": "choice"}),
    "staff:treatment-record": (of("treatment-record", "patient"), {"condition": "id", "repeat": "id", "draft": "choice"}),
    "staff:treatment-version": (of("treatment-version", "own.session"), {"number": "number"}),
    "staff:vial-list": (
        of("vial-list"),
        {"show": "choice", "state": "choice", "product": "choice", "after": "id", "before": "id"},
    ),
    "portal:link-show": (of("portal:link-show", "book"), {"on": "date", "with": "choice", "done": "choice"}),
    "portal:visit-move": (of("portal:visit-move", "see"), {"on": "date", "with": "choice"}),
}
CASES = list(cases((name, field, kind) for name, (_address, kinds) in READS.items() for field, kind in kinds.items()))


@pytest.fixture(autouse=True)
def clock(time_machine):
    """Every test happens on Monday 23 November 2026 in the morning."""
    time_machine.move_to(factories.NOW, tick=False)


@pytest.fixture
def world(client):
    return make_world(client)


def test_every_list_is_in_the_table():
    lists = {name for name, _route, _methods in addresses() if name.startswith("staff:") and name.endswith("-list")}
    assert lists - {"staff:mailbox-list"} <= set(READS)


@pytest.mark.parametrize("name", READS)
def test_no_address_breaks_a_page_or_changes_anything(client, world, name, caplog):
    client.raise_request_exception = False
    address, before, faults = READS[name][0](world), counts(), []
    assert client.get(address).status_code == 200
    theirs = {"after": world.theirs.follow_up, "before": world.theirs.patient, "condition": world.theirs.session.condition}
    for where, field, what, value in CASES:
        if where != name:
            continue
        if value is THEIRS:
            value = str(theirs.get(field, world.theirs.session).public_id)
        pairs = [(field, "x"), (field, "y")] if value is TWICE else [] if value is MISSING else [(field, value)]
        caplog.clear()
        response = client.get(f"{address}?{body_of(pairs)}")
        content = response.content.decode()
        if response.status_code not in (200, 400, 404, 422):
            faults.append(f"{field}: {what}: answered with {response.status_code}")
        if response.status_code in (400, 422) and not Page(response).says_what_is_wrong:
            faults.append(f"{field}: {what}: refused without a word")
        if "<svg onload" in content or CANARY in content:
            faults.append(f"{field}: {what}: shown as it must not be")
        faults += [f"{field}: {what}: {one.message}" for one in caplog.records if one.exc_info or one.levelname == "ERROR"]
    assert counts() == before
    assert faults == [], "\n".join(faults)


BODIES = {
    "JSON": (b'{"reason": "x"}', "application/json"),
    "text": (b"reason=x", "text/plain"),
    "nothing": (b"", URLENCODED),
    "no boundary": (b"--x", "multipart/form-data"),
    "broken off": (b"--x\r\nContent-Disposition: form-data; na", "multipart/form-data; boundary=x"),
    "unknown alphabet": (b"%E9=x", f"{URLENCODED}; charset=no-such-alphabet"),
    "bytes": (bytes(range(256)), URLENCODED),
    "too many fields": (b"&".join(b"a%d=1" % number for number in range(1100)), URLENCODED),
    "too large": (b"note=" + b"a" * 3_000_000, URLENCODED),
}


@pytest.mark.parametrize("body", BODIES)
def test_a_body_that_is_no_form_is_refused_and_changes_nothing(client, world, body):
    client.raise_request_exception = False
    before, sent = counts(), BODIES[body]
    for name, form in FORMS.items():
        # A button needs nothing to be sent with it; it has nothing to refuse.
        if form.kinds:
            response = client.generic("POST", form.address(world), *sent)
            by_message = form.tells_by_message and response.status_code in (302, 404)
            assert by_message or response.status_code in (400, 413, 415, 422), (name, response.status_code)
            assert counts() == before, name


def test_a_form_from_another_site_gets_a_page_that_says_so(client, world):
    careful = Client(enforce_csrf_checks=True)
    careful.cookies = client.cookies
    before = counts()
    for name, form in FORMS.items():
        if name.startswith("staff:"):
            response = careful.post(form.address(world), body_of(spoilt(form.data(world), None, MISSING)), URLENCODED)
            assert response.status_code == 403, name
            assert "<h1" in response.content.decode()
    assert counts() == before


def points(rows):
    """So many points, each with units."""
    return {f"points-{number}-{name}": value for number in range(rows) for name, value in (("site", "ZYG_MAJ"), ("units", "1"))}


@pytest.mark.parametrize(
    ("total", "more", "told"),
    [
        ("100000", {}, "At most 60 points."),
        ("-1", {}, "Nothing was written yet."),
        ("abc", {}, "This form is incomplete. Open it again; nothing was written."),
        ("", {}, "This form is incomplete. Open it again; nothing was written."),
        ("9" * 400, {}, "At most 60 points."),
        ("61", points(61), "At most 60 points."),
        ("500", points(450), "At most 60 points."),
    ],
)  # fmt: skip
def test_a_table_of_points_has_an_end(client, world, total, more, told):
    form = FORMS["staff:treatment-record"]
    before = counts()
    response = client.post(form.address(world), form.data(world) | {"points-TOTAL_FORMS": total} | more)
    assert response.status_code == 422
    assert told in Page(response).root.text
    assert counts() == before


@pytest.mark.parametrize("name", ["account_login", "account_reset_password"])
@pytest.mark.parametrize("what", STRINGS)
def test_nothing_typed_at_the_sign_in_breaks_it(client, name, what):
    value = "" if STRINGS[what] in (MISSING, TWICE) else STRINGS[what]
    response = client.post(reverse(name), body_of([("login", value), ("email", value), ("password", value)]), URLENCODED)
    assert response.status_code in (200, 302, 400, 422, 429)
    assert "<svg onload" not in response.content.decode()


def test_hundreds_of_addresses_are_tried():
    print(f"{len(CASES)} spoilt addresses of {len(READS)} pages")
    assert len(CASES) >= 400
