"""The list of overrides: what reviewers read, narrow and page through."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from clinic.audit import AuditEvent
from clinic.practice.models import Role
from tests.factories import ClinicFactory, InjectionSessionFactory, OverrideFactory, PatientFactory, UserFactory, member
from tests.staff.recording import text

pytestmark = pytest.mark.django_db

LIST = reverse("staff:override-list")


@pytest.fixture
def clinic():
    return ClinicFactory()


@pytest.fixture
def reviewer(client, clinic):
    user = member(Role.REVIEWER, clinic=clinic)
    client.force_login(user)
    return user


def override(clinic, **fields):
    return OverrideFactory(session=InjectionSessionFactory(patient=PatientFactory(clinic=clinic)), **fields)


def reasons(response):
    return [row["override"].reason for row in response.context["rows"]]


def test_reviewer_reads_what_was_shown_and_why_the_newest_first(client, reviewer, clinic):
    override(clinic, reason="older", at=datetime(2026, 11, 1, 9, tzinfo=UTC))
    newer = override(clinic, reason="newer", severity="STOP", at=datetime(2026, 11, 2, 9, tzinfo=UTC))
    response = client.get(LIST)
    assert reasons(response) == ["newer", "older"]
    assert newer.shown in text(response)
    assert str(newer.by) in text(response)
    event = AuditEvent.objects.get(action="LISTED")
    assert (event.what, event.count) == ("Override", 2)


def test_overrides_of_other_clinics_are_not_listed(client, reviewer):
    OverrideFactory(reason="Canary")
    response = client.get(LIST)
    assert "Canary" not in text(response)
    assert "No override here." in text(response)


def test_the_list_stands_in_the_navigation_of_those_who_may_see_it(client, clinic, reviewer):
    assert LIST in client.get(LIST).content.decode()
    client.force_login(member(Role.CLINICIAN, clinic=clinic))
    assert LIST not in client.get(reverse("staff:patient-list")).content.decode()


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"kind": "TOO_EARLY"}, ["early"]),
        ({"kind": "ABOVE_USUAL"}, ["high"]),
        ({"severity": "STOP"}, ["high"]),
        ({"month": "2026-11"}, ["early"]),
        ({"month": "2026-10"}, ["high"]),
        ({"month": "2026-09"}, []),
        ({}, ["early", "high"]),
    ],
)
def test_list_is_narrowed_by_kind_severity_and_the_clinics_month(client, reviewer, clinic, filters, found):
    """23:30 on 31 October in Greenwich is half past midnight on 1 November at the clinic in Paris."""
    override(clinic, reason="early", code="TOO_EARLY", at=datetime(2026, 10, 31, 23, 30, tzinfo=UTC))
    override(clinic, reason="high", code="ABOVE_USUAL", severity="STOP", at=datetime(2026, 10, 31, 22, 30, tzinfo=UTC))
    assert reasons(client.get(LIST, filters)) == found


def test_list_is_narrowed_to_one_person(client, reviewer, clinic):
    signer = member(Role.CLINICIAN, clinic=clinic)
    override(clinic, reason="hers", by=signer)
    override(clinic, reason="another's")
    assert reasons(client.get(LIST, {"by": str(signer.public_id)})) == ["hers"]


@pytest.mark.parametrize(
    "filters",
    [{"kind": "NONSENSE"}, {"severity": "NOTE"}, {"by": "1"}, {"by": "00000000-0000-4000-8000-000000000000"},
     {"month": "2026-13"}, {"month": "11/2026"}, {"month": "２０２６-11"}, {"month": "a\0b"}, {"month": "9" * 500}],
)  # fmt: skip
def test_a_filter_that_cannot_be_understood_is_refused_beside_it(client, reviewer, filters):
    response = client.get(LIST, filters)
    assert response.status_code == 422
    assert "cannot be shown with these filters" in text(response)


def test_people_of_other_clinics_are_no_choice(client, reviewer):
    stranger = UserFactory(name="Zzyzx")
    assert "Zzyzx" not in client.get(LIST).content.decode()
    assert client.get(LIST, {"by": str(stranger.public_id)}).status_code == 422


def test_a_month_is_counted_by_kind_and_person(client, reviewer, clinic):
    signer = member(Role.CLINICIAN, clinic=clinic, name="Dr Quill")
    for _ in range(3):
        override(clinic, by=signer)
    override(clinic, code="ABOVE_USUAL", by=signer)
    report = client.get(LIST, {"month": "2026-11"}).context["report"]
    assert [(one["kind"], one["by"], one["number"]) for one in report] == [
        ("earlier than the interval", "Dr Quill", 3), ("more than usual at a point", "Dr Quill", 1),
    ]  # fmt: skip
    assert client.get(LIST).context["report"] is None


def test_every_override_is_on_one_page_and_only_one(client, reviewer, clinic):
    session = InjectionSessionFactory(patient=PatientFactory(clinic=clinic))
    for number in range(120):
        OverrideFactory(session=session, reason=f"reason {number}", rule=str(number))
    response, seen = client.get(LIST), []
    seen += reasons(response)
    while response.context["page"].next_query:
        response = client.get(LIST + response.context["page"].next_query)
        seen += reasons(response)
    assert len(seen) == len(set(seen)) == 120


def test_as_many_queries_for_one_as_for_a_full_page(client, reviewer, clinic, count_queries):
    override(clinic)
    one = count_queries(lambda: client.get(LIST))
    for _ in range(20):
        override(clinic)
    assert count_queries(lambda: client.get(LIST)) == one
    assert one <= 10
