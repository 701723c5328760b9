"""The log of side effects, as staff read it."""

from datetime import timedelta

import pytest
from django.urls import reverse

from clinic.audit import AuditEvent
from clinic.practice.models import Role
from tests.factories import (
    NOW,
    InjectionSessionFactory,
    PatientFactory,
    SideEffectFactory,
    TermFactory,
    VialFactory,
)
from tests.staff.follow_up_reading import names, row_of, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("morning")]


@pytest.fixture
def session(clinic):
    patient = PatientFactory(clinic=clinic, given_name="Ines", family_name="Moss")
    return InjectionSessionFactory(patient=patient)


@pytest.fixture
def dysphagia():
    return TermFactory(code="AE20", plain_name="trouble swallowing", clinical_name="Dysphagia", urgency="RED", region="throat")


def shown(page):
    """Which side effects the page lists, top to bottom."""
    return [row.id for row in page.context["page"].rows]


class TestLog:
    LIST = reverse("staff:side-effect-list")

    def test_row_says_what_happened_to_whom_after_what(self, browse_as, clinic):
        vial = VialFactory(clinic=clinic, lot__number="C7719")
        session = InjectionSessionFactory(patient=PatientFactory(clinic=clinic, given_name="Ines", family_name="Moss"), vial=vial)
        SideEffectFactory(session=session, version__severity=3, version__serious_criteria=["HOSPITAL"])

        row = row_of(browse_as(Role.REVIEWER).get(self.LIST), "drooping upper eyelid")

        for said in (
            "Ines Moss",
            "6 Sep 2026",
            "1 Sep 2026: Botox",
            "C7719",
            session.practitioner.name,
            "severe",
            "serious",
            "not recovered",
            "21 Nov 2026",
            "new",
        ):
            assert said in row, said

    @pytest.mark.parametrize(
        ("role", "status"), [(Role.FRONT_DESK, 403), (Role.CLINICIAN, 200), (Role.REVIEWER, 200), (Role.ADMIN, 200)]
    )
    def test_log_is_for_those_who_may_see_it(self, browse_as, role, status):
        assert browse_as(role).get(self.LIST).status_code == status

    def test_counts_stand_by_state_and_one_can_be_shown(self, browse_as, session):
        for state in ("NEW", "NEW", "REVIEWED"):
            SideEffectFactory(session=session, state=state)

        page = browse_as(Role.REVIEWER).get(self.LIST, {"state": "REVIEWED"})

        assert len(shown(page)) == 1
        assert {str(tab["word"]): tab["count"] for tab in page.context["tabs"]} == {
            "All": 3, "new": 2, "in review": 0, "being followed": 0, "reviewed": 1,
        }  # fmt: skip

    @pytest.mark.parametrize(
        "asked",
        [
            {"term": "AE20"},
            {"urgency": "RED"},
            {"severity": "3"},
            {"q": "moss"},
            {"q": "WOODEN"},
            {"lot": "c 77-19"},
            {"reported_from": "2026-11-20"},
            {"product": "DYSPORT"},
            {"term": "AE20", "q": "ines", "severity": "2"},
        ],
    )
    def test_log_is_narrowed(self, browse_as, clinic, dysphagia, asked):
        SideEffectFactory(
            session=InjectionSessionFactory(patient=PatientFactory(clinic=clinic, search_text="jo ash")),
            reported_at=NOW - timedelta(days=30),
        )
        vial = VialFactory(clinic=clinic, lot__number="C7719", lot__product__code="DYSPORT", lot__product__brand_name="Dysport")
        wanted = SideEffectFactory(
            session=InjectionSessionFactory(patient=PatientFactory(clinic=clinic, search_text="ines moss"), vial=vial),
            version__term=dysphagia,
            version__severity=3,
            version__narrative="a wooden throat",
        )

        assert shown(browse_as(Role.REVIEWER).get(self.LIST, asked)) == [wanted.pk]

    def test_log_is_narrowed_by_who_treated_and_until_when(self, browse_as, session):
        early = SideEffectFactory(session=session, reported_at=NOW - timedelta(days=30))
        SideEffectFactory(session=InjectionSessionFactory(patient=PatientFactory(clinic=session.clinic)))
        browser = browse_as(Role.REVIEWER)

        by = browser.get(self.LIST, {"practitioner": session.practitioner.public_id.hex})
        until = browser.get(self.LIST, {"reported_until": "2026-10-24"})

        assert shown(by) == shown(until) == [early.pk]
        assert shown(browser.get(self.LIST, {"reported_until": "2026-10-23"})) == []

    @pytest.mark.parametrize(
        "asked",
        [
            {"state": "NONSENSE"},
            {"term": "x"},
            {"severity": "9"},
            {"product": "x"},
            {"practitioner": "x"},
            {"reported_from": "x"},
            {"reported_until": "9999-12-31"},
            {"q": "a\x00"},
            {"q": "a" * 101},
            {"lot": "a\u202e"},
            {"lot": "a" * 41},
        ],
    )
    def test_filter_that_cannot_be_is_refused_and_nothing_shown(self, browse_as, session, asked):
        SideEffectFactory(session=session, version__term=TermFactory(code="C", plain_name="canary term", is_active=False))

        page = browse_as(Role.REVIEWER).get(self.LIST, asked)

        assert page.status_code == 422
        assert "row-link" not in text(page)
        assert "Correct what is marked." in text(page)

    def test_lot_of_separators_only_finds_nothing(self, browse_as, session):
        SideEffectFactory(session=session)

        assert shown(browse_as(Role.REVIEWER).get(self.LIST, {"lot": "--"})) == []

    def test_pages_show_every_report_once_with_the_filters_kept(self, browse_as, session):
        for number in range(120):
            SideEffectFactory(session=session, reported_at=NOW - timedelta(minutes=number // 3))
        browser = browse_as(Role.REVIEWER)

        page = browser.get(self.LIST, {"severity": "1"})
        seen = shown(page)
        while page.context["page"].next_query:
            assert "severity=1" in page.context["page"].next_query
            page = browser.get(self.LIST + page.context["page"].next_query)
            seen += shown(page)

        assert len(seen) == len(set(seen)) == 120

    def test_nothing_of_another_clinic_is_listed_or_counted(self, browse_as, clinic):
        SideEffectFactory(version__term=TermFactory(code="C", plain_name="canary term", is_active=False))

        page = browse_as(Role.ADMIN).get(self.LIST)

        assert names(page) == []
        assert page.context["total"] == 0

    def test_listing_leaves_a_row_with_how_many(self, browse_as, session):
        SideEffectFactory(session=session)

        browse_as(Role.REVIEWER).get(self.LIST)

        event = AuditEvent.objects.get(action="LISTED")
        assert (event.what, event.count) == ("SideEffect", 1)

    def test_as_many_queries_for_one_as_for_a_full_page(self, browse_as, session, count_queries):
        browser = browse_as(Role.REVIEWER)
        SideEffectFactory(session=session)
        browser.get(self.LIST)
        one = count_queries(lambda: browser.get(self.LIST))
        for _ in range(55):
            SideEffectFactory(session=InjectionSessionFactory(patient=PatientFactory(clinic=session.clinic)))

        assert count_queries(lambda: browser.get(self.LIST)) == one
        assert one <= 14
