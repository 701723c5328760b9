"""The checks on the page of a treatment: asked anew, shown with their numbers, answered, and read afterwards."""

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.urls import reverse

from clinic.practice.models import Role
from clinic.toxins.models import RuleVerification
from clinic.treatments.models import InjectionSession, Override
from tests.factories import (
    ALL_NO,
    NOW,
    TODAY,
    InjectionSessionFactory,
    LabelRuleFactory,
    LotFactory,
    OverrideFactory,
    ProductFactory,
    SiteDoseFactory,
    SiteFactory,
    UserFactory,
    VialFactory,
)
from tests.staff.recording import RecordPage, error_at, text, value_of

pytestmark = pytest.mark.django_db

HIGH = ("ZYG_MAJ", "RIGHT", "25")


@pytest.fixture(autouse=True)
def clock(time_machine):
    """Every test happens on Monday 23 November 2026 in the morning."""
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def desk(client):
    """A record page where more than 5 U at the zygomaticus major are unusual."""
    desk = RecordPage(client)
    SiteDoseFactory(site=SiteFactory(code="ZYG_MAJ"), usual_maximum=Decimal(5))
    return desk


def reason_names(response):
    """Names of the fields for reasons, in their order."""
    return [unescape(name) for name in re.findall(r'name="(reason-[^"]+)"', response.content.decode())]


def chosen_answers(response):
    """Which answers are ticked: {item: answer}."""
    ticked = re.findall(r'<input type="radio"[^>]*name="answer-(\w+)" value="(\w+)"[^>]* checked', response.content.decode())
    return dict(ticked)


def unanswered(**changes):
    return dict.fromkeys((f"answer-{item}" for item in ALL_NO), "") | changes


# -- the questions -------------------------------------------------------------------------------------------------------


def test_nothing_is_chosen_beforehand_even_if_it_was_answered_before(desk):
    InjectionSessionFactory(condition=desk.condition, vial=desk.vial)
    response = desk.get()
    assert "Infection or inflammation at a planned point" in text(response)
    assert chosen_answers(response) == {}


@pytest.mark.parametrize("answer", ["", "MAYBE", "yes", "<b>", "a\0b"])
def test_a_question_without_yes_or_no_is_refused_beside_it_and_the_form_stays(desk, answer):
    response = desk.post(**{"answer-INFECTION": answer, "answer-ANTICOAGULANT": "YES"})
    assert response.status_code == 422
    assert error_at(response, "answer-INFECTION") == "Answer yes or no."
    assert error_at(response, "answer-ANTICOAGULANT") == ""
    assert chosen_answers(response)["ANTICOAGULANT"] == "YES"
    assert value_of(response, "points-0-units") == "2.5"
    assert not InjectionSession.objects.exists()


def test_missing_answers_are_told_together_with_what_is_wrong_in_the_form(desk):
    response = desk.post(("ZYG_MAJ", "RIGHT", "much"), **unanswered())
    assert error_at(response, "points-0-units")
    assert error_at(response, "answer-SWALLOWING") == "Answer yes or no."


def test_missing_answers_and_missing_reasons_are_told_together(desk):
    response = desk.post(HIGH, **unanswered())
    (name,) = reason_names(response)
    assert error_at(response, name) == "Give a reason, or change the treatment."
    assert error_at(response, "answer-SWALLOWING") == "Answer yes or no."


def test_no_to_the_rest_answers_what_is_open_and_writes_nothing(desk):
    response = desk.post(answer_no="1", **unanswered(**{"answer-ANTICOAGULANT": "YES"}))
    assert response.status_code == 200
    answered = chosen_answers(response)
    assert answered.pop("ANTICOAGULANT") == "YES"
    assert set(answered.values()) == {"NO"}
    assert value_of(response, "points-0-units") == "2.5"
    assert not InjectionSession.objects.exists()


def test_milk_is_asked_where_a_vial_of_the_product_is_on_offer_and_needed_for_it_alone(desk):
    assert "cow's milk" not in text(desk.get())
    abobot = ProductFactory(code="ABOBOT", brand_name="Dysport", family="ABO")
    dysport = VialFactory(clinic=desk.clinic, lot=LotFactory(product=abobot))
    assert "cow's milk" in text(desk.get())
    assert error_at(desk.post(vial=str(dysport.public_id), **{"answer-MILK_ALLERGY": ""}), "answer-MILK_ALLERGY")
    assert desk.post(**{"answer-MILK_ALLERGY": ""}).status_code == 302


def test_a_yes_that_the_label_forbids_asks_for_a_clinician_s_answer(desk):
    response = desk.post(**{"answer-INFECTION": "YES"})
    assert response.status_code == 422
    assert "contraindicated" in text(response)
    assert "A clinician's reason to go on" in text(response)
    (name,) = reason_names(response)
    assert error_at(response, name) == "Give a reason, or change the treatment."
    assert desk.post(**{"answer-INFECTION": "YES", name: "Only a scar, looked at"}).status_code == 302
    assert Override.objects.get().severity == "STOP"


# -- findings ------------------------------------------------------------------------------------------------------------


def test_first_press_of_sign_shows_the_findings_and_the_second_signs_with_the_reason(desk):
    response = desk.post(HIGH)
    assert response.status_code == 422
    assert "1 check waits for an answer below." in text(response)
    assert "More than usual: Zygomaticus major, right 25 U, usually at most 5 U." in text(response)
    assert value_of(response, "points-0-units") == "25"
    assert set(chosen_answers(response).values()) == {"NO"}
    assert not InjectionSession.objects.exists()
    (name,) = reason_names(response)
    signed = desk.post(HIGH, **{name: "Strong spasm, tolerated before"})
    assert signed.status_code == 302
    shown = text(desk.client.get(signed.headers["Location"]))
    assert "Signed in spite of" in shown
    assert "Reason: Strong spasm, tolerated before" in shown
    assert "Answered no Allergy to a botulinum toxin or to anything in the vial · Infection" in shown


def test_a_reason_typed_for_other_units_is_kept_on_the_page_and_asked_again(desk):
    (name,) = reason_names(desk.post(HIGH))
    response = desk.post(("ZYG_MAJ", "RIGHT", "50"), **{name: "Strong spasm"})
    assert response.status_code == 422
    (other,) = reason_names(response)
    assert other != name
    assert value_of(response, other) == "Strong spasm"
    assert error_at(response, other) == "Give a reason, or change the treatment."


@pytest.mark.parametrize("typed", ["", "   ", "a\0b", "x" * 251, "one\x1ftwo", "turned\u202eround"])
def test_a_reason_that_cannot_be_kept_is_refused_in_place(desk, typed):
    (name,) = reason_names(desk.post(HIGH))
    response = desk.post(HIGH, **{name: typed})
    assert response.status_code == 422
    assert error_at(response, name)
    assert not InjectionSession.objects.exists()


def test_a_hostile_reason_is_shown_as_it_was_typed(desk):
    (name,) = reason_names(desk.post(HIGH))
    signed = desk.post(HIGH, **{name: "<script>alert(1)</script>"})
    page = desk.client.get(signed.headers["Location"]).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page


def test_made_up_reasons_change_nothing(desk):
    junk = {f"reason-NONSENSE.{number}": "x" for number in range(200)}
    assert desk.post(HIGH, **junk).status_code == 422
    assert desk.post(**junk).status_code == 302
    assert not Override.objects.exists()


def test_too_early_is_shown_before_anything_is_typed_with_source_and_that_nobody_verified_it(desk):
    InjectionSessionFactory(condition=desk.condition, vial=desk.vial, performed_on=TODAY - timedelta(days=60))
    rule = LabelRuleFactory(source="P5")
    shown = text(desk.get())
    assert "60 days after the treatment of 24 Sep 2026; not before 17 Dec 2026." in shown
    assert "Not more often than every 12 weeks. Source: P5. Not verified at this clinic." in shown
    RuleVerification.objects.create(rule=rule, clinic=desk.clinic, by=UserFactory(), at=NOW)
    shown = text(desk.get())
    assert "Verified at this clinic." in shown
    assert "A clinician's reason to go on" in shown


def test_an_administrator_who_treats_nobody_is_told_who_may_go_on(client):
    desk = RecordPage(client, role=Role.ADMIN)
    desk.practitioner.user = None
    desk.practitioner.save()
    (name,) = reason_names(desk.post(**{"answer-INFECTION": "YES"}))
    response = desk.post(**{"answer-INFECTION": "YES", name: "a scar"})
    assert error_at(response, name) == "Only a clinician may go on past this."


def test_preview_shows_the_checks_and_keeps_what_was_typed(desk):
    response = desk.post(HIGH, preview="1", **unanswered())
    assert response.status_code == 200
    assert "More than usual" in text(response)
    assert "Answer yes or no." not in text(response)


def test_without_a_vial_the_checks_say_what_they_wait_for(desk):
    VialFactory(clinic=desk.clinic, lot=LotFactory(product=ProductFactory(code="INCOBOT", brand_name="Xeomin")))
    assert "Choose the vial: the checks depend on its product." in text(desk.get())


def test_the_treatment_of_before_the_questions_says_so(desk):
    session = InjectionSessionFactory(condition=desk.condition, vial=desk.vial, signed=False)
    from tests.factories import SessionVersionFactory

    session.current_version = SessionVersionFactory(session=session, answers={})
    session.state = "SIGNED"
    session.save()
    shown = text(desk.client.get(reverse("staff:treatment-show", args=[session.public_id])))
    assert "No answers are on record" in shown


def test_as_many_queries_for_a_treatment_with_many_overrides(desk, count_queries):
    session = InjectionSessionFactory(condition=desk.condition, vial=desk.vial)
    address = reverse("staff:treatment-show", args=[session.public_id])
    OverrideFactory(session=session)
    one = count_queries(lambda: desk.client.get(address))
    for _ in range(9):
        OverrideFactory(session=session)
    assert count_queries(lambda: desk.client.get(address)) == one
