"""Every form that a page takes, with each of its fields spoilt in turn: told beside the field, nothing lost, nothing written."""

import html
import re
import unicodedata
from urllib.parse import quote_plus

import pytest
from django.apps import apps
from django.db import connection, transaction

from tests import factories
from tests.hostile import CORPUS, MISSING, THEIRS, TWICE, cases
from tests.hostile_pages import FORMS, make_world
from tests.page_reading import Page
from tests.test_access import addresses

pytestmark = pytest.mark.django_db

FIELDS = [(name, field, kind) for name, form in FORMS.items() for field, kind in form.kinds.items()]
CASES = list(cases(FIELDS))
#: Who looked at what is written down whatever the answer.
LOOKING = {"clinic_auditevent"}
_WRITES = re.compile(r'\s*(?:WITH \w+ AS \()?(?:INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM)\s+"(clinic_\w+)"')


@pytest.fixture(autouse=True)
def clock(time_machine):
    """Every test happens on Monday 23 November 2026 in the morning."""
    time_machine.move_to(factories.NOW, tick=False)


@pytest.fixture
def world(client):
    return make_world(client)


TABLES = sorted({model._meta.db_table for model in apps.get_app_config("clinic").get_models(include_auto_created=True)} - LOOKING)


def rows_of(table):
    """Every row of a table, by its key."""
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{table}" ORDER BY id')
        names = [column[0] for column in cursor.description]
        return {row[names.index("id")]: row for row in cursor.fetchall()}


def counts():
    """How many rows each table has."""
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT '{table}', count(*) FROM \"{table}\"" for table in TABLES))
        return dict(cursor.fetchall())


def in_a_line(value):
    """A text as it may be kept: line breaks and runs of spaces are the form's to tidy."""
    return " ".join(unicodedata.normalize("NFC", value).split()) if isinstance(value, str) else value


class Writes:
    """Notes which tables are written to."""

    def __init__(self):
        self.tables = set()

    def __call__(self, execute, sql, params, many, context):
        if found := _WRITES.match(sql):
            self.tables.add(found[1])
        return execute(sql, params, many, context)


def body_of(pairs):
    """An encoded form; bytes go as they are, so that half characters can be sent."""
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in pairs)


def multipart_of(pairs, files):
    """The same as a browser sends it with files; a field in which no file was chosen is sent without a name."""
    parts = [
        b'Content-Disposition: form-data; name="%b"\r\n\r\n%b' % (name.encode(), one if isinstance(one, bytes) else one.encode())
        for name, one in pairs
    ] + [
        b'Content-Disposition: form-data; name="%b"; filename="%b"\r\nContent-Type: text/plain\r\n\r\n%b'
        % (name.encode(), b"a.jpg" if content else b"", content)
        for name, content in files.items()
    ]
    return b"".join(b"--x7x7x7\r\n%b\r\n" % part for part in parts) + b"--x7x7x7--\r\n"


def spoilt(data, field, value):
    """The pairs of a form with one field changed."""
    pairs = []
    for name, given in data.items():
        if name == field:
            continue
        pairs += [(name, one) for one in (given if isinstance(given, list) else [given])]
    if value is TWICE:
        given = data[field]
        return [*pairs, (field, "first"), *((field, one) for one in (given if isinstance(given, list) else [given]))]
    return pairs if value is MISSING else [*pairs, (field, value)]


class Walk:
    """Sends a page's form again and again, each time to the same state of the world, and notes what is not as it should be."""

    def __init__(self, client, world, name, caplog):
        self.client, self.world, self.name, self.form = client, world, name, FORMS[name]
        self.caplog = caplog
        self.before = {table: rows_of(table) for table in TABLES}
        self.counted = counts()
        self.address = self.form.address(world)
        self.data = self.form.data(world)
        self.theirs = self.form.theirs(world)
        self.faults = []
        self.taken = set()
        client.raise_request_exception = False

    def send(self, pairs, look):
        """Send the form, look at the answer while what it did still stands, and undo it."""
        writes = Writes()
        self.caplog.clear()
        with transaction.atomic():
            with connection.execute_wrapper(writes):
                response = self.client.post(self.address, **self.body(pairs))
            if response.status_code >= 500:
                self.faults.append(f"{look.case}: answered with {response.status_code}: {getattr(response, 'exc_info', None)}")
            else:
                look(response, writes.tables - LOOKING)
            transaction.set_rollback(True)
        self.client.cookies.pop("messages", None)
        if "<svg onload" in response.content.decode():
            self.faults.append(f"{look.case}: not escaped")
        self.faults += [f"{look.case}: {one.message}" for one in self.caplog.records if one.exc_info or one.levelname == "ERROR"]

    def body(self, pairs):
        """What is sent, in the form's own encoding."""
        if self.form.files:
            return {"data": multipart_of(pairs, self.form.files), "content_type": "multipart/form-data; boundary=x7x7x7"}
        return {"data": body_of(pairs), "content_type": "application/x-www-form-urlencoded"}

    def check(self, field, what, value):
        """One case."""
        if value is THEIRS:
            value = self.theirs.get(field, "0d0d7ee9-1f3c-4d5b-8a3e-4f0f6a2c9b11")

        def look(response, written):
            if self.form.tells_by_message and not written:
                self.told_by_message(look.case, response)
            elif response.status_code < 400:
                self.taken.add((field, what))
                self.accepted(look.case, field, value, response, written)
            else:
                self.refused(look.case, field, value, response, written)

        look.case = f"{self.name} {field}: {what}"
        self.send(spoilt(self.data, field, value), look)

    def accepted(self, case, field, value, response, written):
        """What was sent is on record as it was sent, what others have is as it was, and it is shown as text."""
        say = self.faults.append
        if response.status_code != (200 if self.form.shows_first else 302):
            say(f"{case}: {response.status_code} is neither done nor refused")
        if self.form.shows_first and written:
            say(f"{case}: {sorted(written)} written before it was confirmed")
        now = {table: rows_of(table) for table in written}
        for table, rows in now.items():
            touched = {key for key in self.theirs_in(table) if rows.get(key) != self.before[table][key]}
            if touched:
                say(f"{case}: another clinic's {table} {touched}")
        if (
            self.form.kinds[field] in ("line", "text")
            and isinstance(value, str)
            and value.strip()
            and field not in self.form.hidden
        ):
            kept = in_a_line(value)
            if not any(kept == in_a_line(one) for rows in now.values() for row in rows.values() for one in row):
                say(f"{case}: taken, but not kept as it was typed")
            if "<" in value and field not in self.form.unshown:
                pages = [response.headers["Location"], *([self.form.shown_on(self.world)] if self.form.shown_on else [])]
                shown = "".join(self.client.get(page).content.decode() for page in pages)
                if "<svg onload" in shown or html.escape(value) not in shown:
                    say(f"{case}: not shown as text")

    def theirs_in(self, table):
        return self.world.their_rows.get(table, ())

    def told_by_message(self, case, response):
        """Nothing was written, and the page that follows says why."""
        if response.status_code != 404 and not Page(self.client.get(response.headers["Location"])).alerts:
            self.faults.append(f"{case}: nothing was done and nothing is said")
        if counts() != self.counted:
            self.faults.append(f"{case}: nothing was said to be done, yet rows came or went")

    def refused(self, case, field, value, response, written):
        """The error stands beside the field, the rest of the form is as it was filled in, and nothing was written."""
        say = self.faults.append
        if written and any(rows_of(table) != self.before[table] for table in written):
            say(f"{case}: refused, yet {sorted(written)} changed")
        if counts() != self.counted:
            say(f"{case}: refused, yet rows came or went")
        if response.status_code not in (400, 409, 422):
            say(f"{case}: refused with {response.status_code}")
        if self.form.is_machine_made:
            if not response.content.strip():
                say(f"{case}: refused without a word")
            return
        page = Page(response)
        told = page.alerts if field in self.form.hidden else ""
        if not told and not any(page.error_at(one) for one in (field, *self.form.beside.get(field, ()))):
            say(f"{case}: nothing is said beside the field")
        for name, given in self.data.items():
            given = given if isinstance(given, list) else [given]
            if (
                name != field
                and name in self.form.kinds
                and [one for one in page.held(name) if one] != [one for one in given if one]
            ):
                say(f"{case}: {name} was lost: {page.held(name)}")


def test_every_page_that_takes_a_form_is_in_the_table():
    taking = {name for name, _route, methods in addresses() if name.startswith(("staff:", "portal:")) and "POST" in methods}
    # It leads on to the list, whatever it is sent.
    assert taking - {"staff:start"} == set(FORMS)


def fields_without_a_kind(client, world, name):
    """What a form sends that the table does not know."""
    form = FORMS[name]
    fields = Page(client.get((form.stands_on or form.address)(world))).posted_fields(form.address(world))
    return (
        {re.sub(r"-(\d+|__prefix__)-", "-0-", field) for field in fields}
        - {re.sub(r"-(\d+|__prefix__)-", "-0-", field) for field in form.kinds}
        - set(form.files)
        - {re.sub(r"-(\d+|__prefix__)-", "-0-", field) for field in form.data(world)}
    )


@pytest.mark.parametrize("name", FORMS)
def test_a_form_filled_in_well_is_taken_and_a_spoilt_one_is_told_beside_its_field(client, world, name, caplog):
    walk = Walk(client, world, name, caplog)
    if FORMS[name].kinds:
        assert fields_without_a_kind(client, world, name) <= {"points-0-DELETE"}

    def look(response, written):
        form = FORMS[name]
        expected = (200 if form.shows_first or form.shows_what_it_made else 302, not form.shows_first)
        assert (response.status_code, bool(written)) == expected, Page(response).root.text

    look.case = name
    walk.send(spoilt(walk.data, None, MISSING), look)
    for where, field, what, value in CASES:
        if where == name:
            walk.check(field, what, value)
    assert walk.faults == [], "\n".join(walk.faults)


def test_the_walk_is_long_and_leaves_no_kind_of_value_out():
    """At least a thousand forms are sent; each kind of field gets each of its values, and each field some."""
    kinds = {(where, field): kind for where, field, kind in FIELDS}
    sent = {(kinds[where, field], what) for where, field, what, _value in CASES}
    assert {(kind, what) for kind in set(kinds.values()) for what in CORPUS[kind]} == sent
    assert min(sum(case[:2] == field for case in CASES) for field in kinds) >= 4
    print(f"{len(CASES)} spoilt forms of {len(FORMS)} pages")
    assert len(CASES) >= 1000
