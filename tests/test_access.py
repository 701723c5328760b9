"""Every address with who may open it: an address that is missing here fails, and so does one that lets in somebody else."""

import uuid
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse

from clinic.audit import Action, AuditEvent
from clinic.practice.models import Membership
from clinic.practice.roles import PERMISSIONS, Permission, Role
from tests import factories

pytestmark = pytest.mark.django_db

#: Stands in every text of the other clinic's records.
CANARY = "Zzyzx"
LOGIN = "/account/login/"


@dataclass(frozen=True)
class Staff:
    """Behind a sign-in: methods, the permission they need, and what the address is about."""

    methods: str
    permission: Permission
    about: str = ""


STAFF = {
    "amendment-draft": Staff("GET POST", Permission.RECORD_TREATMENTS, "session"),
    "amendment-draft-discard": Staff("GET POST", Permission.RECORD_TREATMENTS, "session"),
    "access-log": Staff("GET", Permission.VIEW_ACCESS_LOG, "patient"),
    "appointment-arrive": Staff("POST", Permission.BOOK, "appointment"),
    "appointment-attend": Staff("POST", Permission.BOOK, "plain_appointment"),
    "appointment-book": Staff("GET POST", Permission.BOOK, "follow_up"),
    "appointment-book-plain": Staff("GET POST", Permission.BOOK, "patient"),
    "appointment-cancel": Staff("GET POST", Permission.BOOK, "appointment"),
    "appointment-miss": Staff("POST", Permission.BOOK, "appointment"),
    "appointment-move": Staff("GET POST", Permission.BOOK, "appointment"),
    "appointment-show": Staff("GET", Permission.VIEW_PATIENTS, "appointment"),
    "appointment-start": Staff("GET", Permission.BOOK),
    "appointment-take-back": Staff("POST", Permission.BOOK, "appointment"),
    "booking-override-list": Staff("GET", Permission.REVIEW_OVERRIDES),
    "calendar-feed-create": Staff("GET POST", Permission.RECORD_TREATMENTS, "clinic practitioner"),
    "calendar-feed-list": Staff("GET", Permission.RECORD_TREATMENTS),
    "calendar-feed-revoke": Staff("POST", Permission.RECORD_TREATMENTS, "clinic practitioner"),
    "calendar-show": Staff("GET", Permission.VIEW_PATIENTS),
    "capacity-show": Staff("GET", Permission.WORK_FOLLOW_UPS),
    "closure-add": Staff("GET POST", Permission.MANAGE_CLINIC, "clinic"),
    "closure-end": Staff("POST", Permission.MANAGE_CLINIC, "closure"),
    "condition-add": Staff("GET POST", Permission.EDIT_PATIENTS, "patient"),
    "consent-change": Staff("POST", Permission.EDIT_PATIENTS, "patient"),
    "document-add": Staff("GET POST", Permission.EDIT_PATIENTS, "patient"),
    "document-file": Staff("GET", Permission.VIEW_PATIENTS, "document"),
    "document-list": Staff("GET", Permission.VIEW_PATIENTS, "patient"),
    "document-withdraw": Staff("GET POST", Permission.EDIT_PATIENTS, "document"),
    "delivery-report-list": Staff("GET", Permission.DECIDE_LETTERS),
    "delivery-report-settle": Staff("POST", Permission.DECIDE_LETTERS, "delivery_report"),
    "delivery-report-show": Staff("GET", Permission.DECIDE_LETTERS, "delivery_report"),
    "exception-end": Staff("POST", Permission.MANAGE_CLINIC, "hours_exception"),
    "follow-up-chosen": Staff("GET POST", Permission.WORK_FOLLOW_UPS),
    "follow-up-contact": Staff("GET POST", Permission.WORK_FOLLOW_UPS, "follow_up"),
    "follow-up-export": Staff("GET", Permission.VIEW_PATIENTS),
    "follow-up-list": Staff("GET", Permission.VIEW_PATIENTS),
    "follow-up-measure": Staff("GET", Permission.VIEW_PATIENTS),
    "follow-up-show": Staff("GET", Permission.VIEW_PATIENTS, "follow_up"),
    "follow-up-snooze": Staff("GET POST", Permission.WORK_FOLLOW_UPS, "follow_up"),
    "follow-up-stop": Staff("GET POST", Permission.WORK_FOLLOW_UPS, "follow_up"),
    "waiting-add": Staff("GET POST", Permission.BOOK, "follow_up"),
    "waiting-end": Staff("POST", Permission.BOOK, "waiting_entry"),
    "waiting-list": Staff("GET", Permission.BOOK),
    "follow-up-wake": Staff("POST", Permission.WORK_FOLLOW_UPS, "follow_up"),
    "given-elsewhere-add": Staff("GET POST", Permission.RECORD_TREATMENTS, "patient"),
    "given-elsewhere-void": Staff("GET POST", Permission.RECORD_TREATMENTS, "patient given_elsewhere"),
    "hold-clear": Staff("POST", Permission.EDIT_PATIENTS, "patient hold"),
    "hold-set": Staff("GET POST", Permission.EDIT_PATIENTS, "patient"),
    "holiday-region": Staff("GET POST", Permission.MANAGE_CLINIC, "clinic"),
    "holidays-take": Staff("GET POST", Permission.MANAGE_CLINIC, "clinic"),
    "hours-change": Staff("GET POST", Permission.MANAGE_CLINIC, "clinic practitioner"),
    "hours-first": Staff("GET", Permission.BOOK),
    "hours-show": Staff("GET", Permission.BOOK, "clinic"),
    "move-list": Staff("GET", Permission.BOOK, "clinic"),
    "special-hours-set": Staff("GET POST", Permission.MANAGE_CLINIC, "clinic"),
    "visit-kind-add": Staff("GET POST", Permission.MANAGE_CLINIC, "clinic"),
    "visit-kind-change": Staff("GET POST", Permission.MANAGE_CLINIC, "visit_kind"),
    "leaflet-record": Staff("GET POST", Permission.EDIT_PATIENTS, "patient"),
    "letter-decide": Staff("POST", Permission.DECIDE_LETTERS, "message"),
    "letter-list": Staff("GET", Permission.VIEW_LETTERS),
    "letter-pause": Staff("POST", Permission.DECIDE_LETTERS),
    "letter-pile": Staff("GET", Permission.DECIDE_LETTERS, "clinic"),
    "letter-preview": Staff("GET", Permission.VIEW_LETTERS, "patient"),
    "letter-sheet": Staff("GET", Permission.VIEW_LETTERS, "patient"),
    "letter-show": Staff("GET", Permission.VIEW_LETTERS, "message"),
    "override-list": Staff("GET", Permission.REVIEW_OVERRIDES),
    "patient-create": Staff("GET POST", Permission.EDIT_PATIENTS),
    "patient-edit": Staff("GET POST", Permission.EDIT_PATIENTS, "patient"),
    "patient-list": Staff("GET", Permission.VIEW_PATIENTS),
    "patient-show": Staff("GET", Permission.VIEW_PATIENTS, "patient"),
    "plan-edit": Staff("GET POST", Permission.MANAGE_CLINIC, "clinic"),
    "plan-hours": Staff("GET POST", Permission.MANAGE_CLINIC, "clinic"),
    "wording-edit": Staff("GET POST", Permission.MANAGE_CLINIC, "clinic"),
    "wording-list": Staff("GET", Permission.MANAGE_CLINIC, "clinic"),
    "wording-preview": Staff("GET POST", Permission.MANAGE_CLINIC, "clinic"),
    "plan-list": Staff("GET", Permission.MANAGE_CLINIC),
    "plan-show": Staff("GET", Permission.MANAGE_CLINIC, "clinic"),
    "photograph-add": Staff("GET POST", Permission.RECORD_TREATMENTS, "patient"),
    "photograph-file": Staff("GET", Permission.VIEW_PHOTOGRAPHS, "photograph"),
    "photograph-show": Staff("GET", Permission.VIEW_PHOTOGRAPHS, "photograph"),
    "photograph-thumbnail": Staff("GET", Permission.VIEW_PHOTOGRAPHS, "photograph"),
    "photograph-withdraw": Staff("GET POST", Permission.RECORD_TREATMENTS, "photograph"),
    "lot-decide": Staff("GET POST", Permission.KEEP_STOCK, "lot"),
    "patient-status": Staff("GET POST", Permission.EDIT_PATIENTS, "patient"),
    "rule-add": Staff("GET POST", Permission.RECORD_TREATMENTS),
    "rule-change": Staff("GET POST", Permission.RECORD_TREATMENTS, "rule"),
    "rule-end": Staff("GET POST", Permission.RECORD_TREATMENTS, "rule"),
    "rule-list": Staff("GET", Permission.RECORD_TREATMENTS),
    "rule-show": Staff("GET", Permission.RECORD_TREATMENTS, "rule"),
    "rule-verify": Staff("GET POST", Permission.RECORD_TREATMENTS, "rule"),
    "saved-view-list": Staff("GET POST", Permission.VIEW_PATIENTS),
    "side-effect-acknowledge": Staff("POST", Permission.VIEW_SIDE_EFFECT_LOG, "side_effect"),
    "side-effect-amend": Staff("GET POST", Permission.VIEW_SIDE_EFFECT_LOG, "side_effect"),
    "side-effect-list": Staff("GET", Permission.VIEW_SIDE_EFFECT_LOG),
    "side-effect-report": Staff("GET POST", Permission.REPORT_SIDE_EFFECTS, "patient"),
    "side-effect-report-treatment": Staff("GET", Permission.REPORT_SIDE_EFFECTS, "session"),
    "side-effect-review": Staff("GET POST", Permission.REVIEW_SIDE_EFFECTS, "side_effect"),
    "side-effect-show": Staff("GET", Permission.VIEW_SIDE_EFFECT_LOG, "side_effect"),
    "suppression-lift": Staff("GET POST", Permission.EDIT_PATIENTS, "suppression"),
    "suppression-list": Staff("GET", Permission.VIEW_LETTERS),
    "task-finish": Staff("GET POST", Permission.WORK_FOLLOW_UPS, "patient task"),
    "task-list": Staff("GET POST", Permission.WORK_FOLLOW_UPS),
    "today": Staff("GET", Permission.VIEW_PATIENTS),
    "treatment-amend": Staff("GET POST", Permission.RECORD_TREATMENTS, "session"),
    "treatment-compare": Staff("GET", Permission.VIEW_PATIENTS, "patient"),
    "treatment-draft": Staff("GET POST", Permission.RECORD_TREATMENTS, "patient"),
    "treatment-draft-discard": Staff("GET POST", Permission.RECORD_TREATMENTS, "patient"),
    "template-keep": Staff("GET POST", Permission.RECORD_TREATMENTS, "session"),
    "template-list": Staff("GET", Permission.RECORD_TREATMENTS),
    "template-rename": Staff("GET POST", Permission.RECORD_TREATMENTS, "template"),
    "template-retire": Staff("POST", Permission.RECORD_TREATMENTS, "template"),
    "treatment-interval": Staff("POST", Permission.WORK_FOLLOW_UPS, "session"),
    "treatment-print": Staff("GET", Permission.VIEW_PATIENTS, "session"),
    "treatment-record": Staff("GET POST", Permission.RECORD_TREATMENTS, "patient"),
    "treatment-show": Staff("GET", Permission.VIEW_PATIENTS, "session"),
    "treatment-version": Staff("GET", Permission.VIEW_PATIENTS, "session"),
    "treatment-void": Staff("GET POST", Permission.RECORD_TREATMENTS, "session"),
    "vial-discard": Staff("GET POST", Permission.KEEP_STOCK, "vial"),
    "vial-list": Staff("GET", Permission.KEEP_STOCK),
    "vial-receive": Staff("GET POST", Permission.KEEP_STOCK),
    "vial-reconstitute": Staff("GET POST", Permission.KEEP_STOCK, "vial"),
    "vial-show": Staff("GET", Permission.KEEP_STOCK, "vial"),
    "visit-unnoted-list": Staff("GET", Permission.VIEW_PATIENTS),
}
#: For anybody: they say nothing of any record, or lead on to a page that asks who is there.
PUBLIC = {
    "staff:start": "GET POST PUT PATCH DELETE",
    "staff:engine-health": "GET",
    # For whoever holds a feed's address: tests/api/test_calendars.py.
    "api:calendar-read": "GET",
    # Behind a signature: tests/api/test_reports.py.
    "api:report-take": "POST",
    "account_login": "GET POST PUT",
    "account_signup": "GET POST PUT",
    "account_inactive": "GET",
    "account_reset_password": "GET POST PUT",
    "account_reset_password_done": "GET",
    "account_reset_password_from_key": "GET POST PUT",
    "account_reset_password_from_key_done": "GET",
    "admin/login/": "GET POST PUT PATCH DELETE",
}
#: For anybody who is signed in, about themselves.
OWN = {"account_change_password": "GET POST PUT", "account_logout": "GET POST", "account_reauthenticate": "GET POST PUT"}
#: For whoever holds a patient's link.
LINK = {
    "call-ask": "GET POST",
    "emails-stop": "GET POST",
    "link-cut": "GET",
    "link-missing": "",
    "link-none": "",
    "link-show": "GET",
    "visit-book": "GET POST",
    "visit-cancel": "GET POST",
    "visit-download": "GET",
    "visit-move": "GET POST",
}
#: Everything of Django's admin is for whoever may use the upkeep pages; tests/test_admin.py says what is there.
UPKEEP = "admin:"
#: Only where the demonstration runs.
DEMONSTRATION = "staff:mailbox-"

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def addresses(resolver=None, before="", route=""):
    """Every address of the site: its name (its route where it has none), its pattern, and the methods that its view knows."""
    for pattern in (resolver or get_resolver()).url_patterns:
        here = route + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, f"{before}{pattern.namespace}:" if pattern.namespace else before, here)
        else:
            view = getattr(pattern.callback, "view_class", None)
            known = [method for method in METHODS if view is None or hasattr(view, method.lower())]
            yield (before + pattern.name if pattern.name else here), here, known


WHERE = {name: route for name, route, _methods in addresses()}


def test_every_address_and_method_stands_in_the_table():
    found = {
        name: " ".join(methods)
        for name, _route, methods in addresses()
        if not name.startswith((UPKEEP, DEMONSTRATION, "admin/(?P", "admin/r/", "admin/^"))
    }
    table = {f"staff:{name}": row.methods for name, row in STAFF.items()} | PUBLIC | OWN
    assert {
        name: set(methods.split()) for name, methods in found.items() if not name.startswith(("portal:", "admin/clinic"))
    } == {name: set(methods.split()) for name, methods in table.items()}
    assert {name.removeprefix("portal:"): methods for name, methods in found.items() if name.startswith("portal:")} == LINK


def test_every_staff_page_asks_for_the_permission_that_the_table_names():
    asked = {
        pattern.name: pattern.callback.view_class.permission
        for resolver in get_resolver().url_patterns
        if getattr(resolver, "namespace", "") == "staff"
        for pattern in resolver.url_patterns
        if hasattr(pattern.callback.view_class, "permission") and not f"staff:{pattern.name}".startswith(DEMONSTRATION)
    }
    assert asked == {name: row.permission for name, row in STAFF.items()}


# -- what the addresses are about ---------------------------------------------------------------------------------------


def records_of(clinic, words):
    """One record of each kind at a clinic, with `words` in all its texts."""
    patient = factories.PatientFactory(
        clinic=clinic, given_name=words, family_name=words, record_number=words, phone=words, email=f"{words}@example.org"
    )
    practitioner = factories.PractitionerFactory(name=words, clinics=[clinic])
    condition = factories.ConditionFactory(patient=patient, cause=words)
    vial = factories.VialFactory(clinic=clinic, lot__number=words, lot__number_key=words.upper())
    session = factories.InjectionSessionFactory(condition=condition, vial=vial, practitioner=practitioner)
    follow_up = factories.FollowUpFactory(session=session, opens_rule=words, snooze_note=words)
    factories.ContactAttemptFactory(follow_up=follow_up, note=words)
    return SimpleNamespace(
        clinic=clinic,
        practitioner=practitioner,
        closure=factories.ClosureFactory(clinic=clinic, reason=words, until_on=factories.TODAY, from_on=factories.TODAY),
        hours_exception=factories.HoursExceptionFactory(clinic=clinic, practitioner=practitioner, reason=words),
        visit_kind=factories.VisitKindFactory(clinic=clinic, name=words),
        patient=patient,
        session=session,
        follow_up=follow_up,
        vial=factories.VialFactory(clinic=clinic, lot=vial.lot),
        lot=vial.lot,
        appointment=factories.AppointmentFactory(follow_up=follow_up, practitioner=practitioner, starts_at=factories.NOW),
        plain_appointment=factories.AppointmentFactory(patient=patient, practitioner=practitioner),
        side_effect=factories.SideEffectFactory(patient=patient, session=session, version__narrative=words),
        document=factories.DocumentFactory(session=session, title=words),
        photograph=factories.PhotographFactory(session=session, title=words),
        hold=factories.HoldFactory(patient=patient, note=words),
        waiting_entry=factories.WaitingEntryFactory(follow_up=follow_up, note=words),
        given_elsewhere=factories.GivenElsewhereFactory(patient=patient, place=words),
        override=factories.OverrideFactory(session=session, shown=words, reason=words),
        rule=factories.own_rule(
            clinic, wording=words, source=words, scope="POINT", units=9000, interval_value=None, interval_unit=""
        ),
        task=factories.StaffTaskFactory(patient=patient, note=words),
        template=factories.ProtocolTemplateFactory(clinic=clinic, name=words),
        message=factories.MessageFactory(follow_up=follow_up, state="UNKNOWN"),
        suppression=factories.SuppressionFactory(
            message=factories.MessageFactory(
                follow_up=follow_up, state="BOUNCED", handoff_at=factories.NOW, sent_at=factories.NOW
            )
        ),
        delivery_report=factories.DeliveryReportFactory(message=factories.MessageFactory(follow_up=follow_up, state="SENT")),
    )


def address_of(name, about=(), records=None):
    """The address of a staff page, about the first of `about`, the second inside it."""
    ids = [getattr(records, kind).public_id if records else uuid.uuid4() for kind in about]
    return reverse(f"staff:{name}", args=ids)


@pytest.fixture(autouse=True)
def clock(time_machine):
    """Every test happens on Monday 23 November 2026 in the morning."""
    time_machine.move_to(factories.NOW, tick=False)


@pytest.fixture
def ours(db):
    return factories.ClinicFactory(name="Harbour clinic")


@pytest.fixture
def theirs(db):
    return factories.ClinicFactory(name=CANARY)


def sign_in(client, clinic, role=Role.ADMIN, **more):
    user = factories.member(role, clinic=clinic, **more)
    client.force_login(user)
    return user


every_page = pytest.mark.parametrize("name", STAFF)
pages_about_something = pytest.mark.parametrize("name", [name for name, row in STAFF.items() if row.about])


def ask(client, name, records=None):
    """The answers to every method that the page knows."""
    address = address_of(name, STAFF[name].about.split(), records)
    return [client.generic(method, address) for method in STAFF[name].methods.split()]


# -- who is let in ------------------------------------------------------------------------------------------------------


@every_page
def test_whoever_is_not_signed_in_is_sent_to_the_sign_in(client, name):
    for response in ask(client, name):
        assert (response.status_code, response.headers["Location"].split("?")[0]) == (302, LOGIN)


@every_page
def test_whoever_lacks_the_permission_is_refused(client, ours, name):
    records = records_of(ours, CANARY)
    for role in [*(role for role, granted in PERMISSIONS.items() if STAFF[name].permission not in granted), None]:
        user = sign_in(client, ours, role or Role.ADMIN)
        if role is None:
            Membership.objects.filter(user=user).delete()
        for response in ask(client, name, records):
            assert response.status_code == 403
            assert CANARY not in response.content.decode()


@every_page
def test_whoever_has_the_permission_is_let_in_with_every_protecting_header(client, ours, name):
    records = records_of(ours, "Harbour")
    for role, granted in PERMISSIONS.items():
        if STAFF[name].permission in granted:
            sign_in(client, ours, role)
            for response in ask(client, name, records):
                assert response.status_code in (200, 302, 422), (role, response.status_code)
                assert not response.headers.get("Location", "").startswith(LOGIN)
                assert_protected(response, is_shut_in=name in SHUT_IN)


@pages_about_something
def test_another_clinic_s_record_does_not_exist_and_the_try_is_written_down(client, ours, theirs, name):
    user = sign_in(client, ours)

    answers = ask(client, name, records_of(theirs, CANARY))

    for response in answers:
        assert response.status_code == 404
        assert CANARY.casefold() not in response.content.decode().casefold()
    rows = AuditEvent.objects.filter(actor=user).values_list("action", "patient_id_public", "what_id")
    assert list(rows) == [(Action.DENIED, None, None)] * len(answers)
    # Nor does the answer tell a record of theirs from one that was never there.
    never_was = ask(client, name)
    assert [(one.status_code, one.content) for one in answers] == [(one.status_code, one.content) for one in never_was]


@pages_about_something
def test_a_permission_at_one_clinic_is_none_at_another(client, ours, theirs, name):
    """Who may do everything here, and there only what needs less, does nothing there."""
    lesser = next((role for role, granted in PERMISSIONS.items() if STAFF[name].permission not in granted), None)
    user = sign_in(client, ours)
    if lesser:
        factories.MembershipFactory(user=user, clinic=theirs, role=lesser)
    for response in ask(client, name, records_of(theirs, CANARY)):
        assert response.status_code == 404
        assert CANARY not in response.content.decode()


@pytest.mark.parametrize(("name", "inner"), [("hold-clear", "hold"), ("task-finish", "task")])
def test_what_belongs_to_one_patient_is_not_reached_through_another(client, ours, theirs, name, inner):
    mine, hidden = records_of(ours, "Harbour"), records_of(theirs, CANARY)
    neighbour = records_of(ours, "Neighbour")
    sign_in(client, ours)
    for other in (hidden, neighbour):
        address = reverse(f"staff:{name}", args=[mine.patient.public_id, getattr(other, inner).public_id])
        response = client.post(address)
        assert response.status_code == 404
        assert CANARY not in response.content.decode()
        getattr(other, inner).refresh_from_db()


@pytest.mark.parametrize("name", [name for name, row in STAFF.items() if "POST" in row.methods])
def test_no_other_site_makes_a_browser_act(ours, name):
    careful = Client(enforce_csrf_checks=True)
    sign_in(careful, ours)
    address = address_of(name, STAFF[name].about.split(), records_of(ours, "Harbour"))
    before = AuditEvent.objects.count()
    assert careful.post(address).status_code == 403
    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize("name", sorted(name for name, row in STAFF.items() if "GET" not in row.methods))
def test_what_only_acts_cannot_be_opened(client, ours, name):
    sign_in(client, ours)
    response = client.get(address_of(name, STAFF[name].about.split(), records_of(ours, "Harbour")))
    assert response.status_code == 405


@pytest.mark.parametrize("name", sorted(OWN))
def test_a_person_s_own_pages_ask_who_they_are(client, name):
    response = client.get(reverse(name), follow=True)
    assert response.request["PATH_INFO"] == LOGIN


@pytest.mark.parametrize("name", sorted(name for name in WHERE if name.startswith(UPKEEP) and WHERE[name].count("<") == 0))
def test_the_upkeep_pages_are_for_keepers_alone(client, ours, name):
    address = reverse(name)
    assert client.get(address, follow=True).request["PATH_INFO"] == LOGIN
    sign_in(client, ours)
    assert client.get(address, follow=True).status_code == 403


def test_signing_out_ends_it(client, ours):
    sign_in(client, ours)
    assert client.get(reverse("staff:follow-up-list")).status_code == 200
    client.post(reverse("account_logout"))
    assert client.get(reverse("staff:follow-up-list")).status_code == 302


def test_an_account_that_was_closed_is_out_at_once(client, ours):
    user = sign_in(client, ours)
    user.is_active = False
    user.save()
    assert client.get(reverse("staff:follow-up-list")).headers["Location"].startswith(LOGIN)


# -- patients' links ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(LINK))
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_link_that_opens_nothing_says_nothing(client, ours, name, method):
    records_of(ours, CANARY)
    given = {"link-none": [], "link-missing": ["a/b/c"]}.get(name, ["x" * 43])
    before = AuditEvent.objects.count()
    response = client.generic(method, reverse(f"portal:{name}", args=given))
    assert response.status_code in (404, 405)
    assert CANARY not in response.content.decode()
    assert AuditEvent.objects.count() == before
    assert not response.cookies


# -- headers ------------------------------------------------------------------------------------------------------------

PROTECTING = {
    "Content-Security-Policy": "default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": ("same-origin", "no-referrer"),
    "Permissions-Policy": "camera=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


#: A letter shows itself in a frame of our own: it has styles inside, as mail programs want them, and may do nothing else.
SHUT_IN = {"letter-sheet", "wording-preview"}


def assert_protected(response, *, is_shut_in=False):
    for header, value in PROTECTING.items():
        if not (is_shut_in and header == "X-Frame-Options"):
            assert response.headers[header].startswith(value), header
    policy = response.headers["Content-Security-Policy"]
    if is_shut_in:
        assert policy == "default-src 'none'; sandbox; style-src 'unsafe-inline'; frame-ancestors 'self'"
        assert response.headers["X-Frame-Options"] == "SAMEORIGIN"
    else:
        assert "unsafe" not in policy
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/", 302), (LOGIN, 200), ("/nowhere/", 404), ("/p/nothing/", 404), ("/follow-ups/", 302), ("/admin/", 302),
        ("/account/password/reset/", 200),
    ],
)  # fmt: skip
def test_every_other_answer_carries_them_too(client, address, status):
    response = client.get(address)
    assert response.status_code == status
    assert_protected(response)


def test_a_refusal_and_a_failure_carry_them_too(client, ours, monkeypatch):
    assert_protected(Client(enforce_csrf_checks=True).post(LOGIN))
    sign_in(client, ours, Role.FRONT_DESK)
    assert_protected(client.get(reverse("staff:vial-list")))

    def fail(*_args, **_kwargs):
        raise RuntimeError(CANARY)

    monkeypatch.setattr("clinic.care.worklist.first_entries", fail)
    client.raise_request_exception = False
    response = client.get(reverse("staff:follow-up-list"))
    assert response.status_code == 500
    assert CANARY not in response.content.decode()
    assert_protected(response)
