"""Two people sign at the same moment: each unit is given once, and each form writes one treatment."""

import threading
import uuid
from decimal import Decimal

import pytest
from django.db import connection

from clinic.audit import Actor
from clinic.care.amending import amend_treatment
from clinic.care.services import complete_visit
from clinic.treatments.models import FollowUp, InjectionSession, TreatmentDraft
from clinic.treatments.services import AlreadyRecorded, DraftConflict, Draw, Point, TreatmentRefused, keep_draft, total_of
from tests.care.amended import Course
from tests.care.amended import points as course_points
from tests.factories import (
    ALL_NO,
    NOW,
    TODAY,
    ConditionFactory,
    PatientFactory,
    PractitionerFactory,
    SiteFactory,
    UserFactory,
    VialFactory,
    past_the_checks,
)

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts):
    """Run the acts in threads of their own, starting together; return what each answered or raised."""
    answers = [None] * len(acts)
    start = threading.Barrier(len(acts))

    def run(number, act):
        try:
            start.wait(timeout=20)
            answers[number] = act()
        except Exception as error:  # noqa: BLE001  the error is the answer
            answers[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return answers


def visit(patient, vial, *, units, token=None, shared_confirmed=True):
    """An act that signs this many units from the vial."""
    condition = patient.conditions.get()
    practitioner = PractitionerFactory(clinics=[patient.clinic])
    by = Actor.of_user(UserFactory())
    point = Point(SiteFactory(), "RIGHT", Decimal(units))
    return lambda: past_the_checks(
        lambda reasons: complete_visit(
            by=by,
            patient=patient,
            condition=condition,
            practitioner=practitioner,
            vials=[vial],
            shared_confirmed=shared_confirmed,
            points=[point],
            performed_on=TODAY,
            answers=ALL_NO,
            reasons=reasons,
            public_id=token,
            now=NOW,
        )
    )


def test_last_units_of_a_vial_are_given_once():
    first = ConditionFactory().patient
    second = ConditionFactory(patient=PatientFactory(clinic=first.clinic)).patient
    vial = VialFactory(clinic=first.clinic)
    answers = at_once(visit(first, vial, units="60"), visit(second, vial, units="60"))
    assert sorted(type(answer).__name__ for answer in answers) == ["InjectionSession", "TreatmentRefused"]
    (refused,) = (answer for answer in answers if isinstance(answer, TreatmentRefused))
    assert "the vial has 40 U left" in refused.problems[0].message
    vial.refresh_from_db()
    assert vial.units_given == Decimal(60)
    assert InjectionSession.objects.count() == FollowUp.objects.count() == 1


def test_of_two_patients_who_get_one_vial_at_once_the_second_needs_the_word_of_whoever_signs():
    first = ConditionFactory().patient
    second = ConditionFactory(patient=PatientFactory(clinic=first.clinic)).patient
    vial = VialFactory(clinic=first.clinic)
    answers = at_once(*(visit(patient, vial, units="5", shared_confirmed=False) for patient in (first, second)))
    assert sorted(type(answer).__name__ for answer in answers) == ["InjectionSession", "TreatmentRefused"]
    (refused,) = (answer for answer in answers if isinstance(answer, TreatmentRefused))
    assert [problem.field for problem in refused.problems] == ["shared_confirmed"]
    vial.refresh_from_db()
    assert vial.units_given == Decimal(5)


def test_form_sent_twice_at_once_is_signed_once():
    patient = ConditionFactory().patient
    vial, token = VialFactory(clinic=patient.clinic), uuid.uuid4()
    answers = at_once(*(visit(patient, vial, units="5", token=token) for _again in range(2)))
    assert sorted(type(answer).__name__ for answer in answers) == ["AlreadyRecorded", "InjectionSession"]
    (repeated,) = (answer for answer in answers if isinstance(answer, AlreadyRecorded))
    assert repeated.session.public_id == token
    vial.refresh_from_db()
    assert (vial.units_given, FollowUp.objects.filter(state="ACTIVE").count()) == (Decimal(5), 1)


def test_two_treatments_of_one_condition_at_once_leave_one_active_follow_up():
    patient = ConditionFactory().patient
    vials = [VialFactory(clinic=patient.clinic) for _each in range(2)]
    answers = at_once(*(visit(patient, vial, units="5") for vial in vials))
    assert [type(answer) for answer in answers] == [InjectionSession, InjectionSession]
    assert sorted(FollowUp.objects.values_list("state", flat=True)) == ["ACTIVE", "TREATED"]


# -- amendments and drafts ----------------------------------------------------------------------------------------------


def amendment(course, session, units):
    """An act that amends version 1 to these units."""
    given = course_points(units)
    vial = session.current_version.vial_uses.get().vial
    by = Actor.of_user(UserFactory())
    return lambda: amend_treatment(
        by=by,
        session=session,
        expected_version=1,
        practitioner=session.practitioner,
        points=given,
        draws=[Draw(vial, total_of(given))],
        performed_on=session.performed_on,
        own_next_on=None,
        reason=f"it was {units}",
        now=NOW,
    )


def test_of_two_amendments_at_once_one_wins_and_the_other_is_told():
    course = Course()
    session = course.sign("10")
    answers = at_once(amendment(course, session, "20"), amendment(course, session, "30"))
    assert sorted(type(answer).__name__ for answer in answers) == ["AmendedMeanwhile", "InjectionSession"]
    session.refresh_from_db()
    course.vial.refresh_from_db()
    assert session.versions.count() == 2
    assert course.vial.units_given == session.current_version.total_units
    assert session.current_version.total_units in (Decimal(20), Decimal(30))


def test_amendment_and_void_at_once_leave_the_vial_and_the_record_of_one_mind():
    course = Course()
    session = course.sign("10")
    answers = at_once(amendment(course, session, "20"), lambda: course.void(session, units="STILL_IN_VIAL"))
    assert type(answers[1]) is InjectionSession
    session.refresh_from_db()
    course.vial.refresh_from_db()
    assert (session.state, course.vial.units_given, course.vial.state) == ("VOID", 0, "UNOPENED")
    assert FollowUp.objects.get().state == "VOID"


def test_last_units_of_a_vial_go_to_the_amendment_or_to_the_treatment_but_not_to_both():
    course = Course()
    session = course.sign("10")
    answers = at_once(amendment(course, session, "60"), lambda: course.sign("60"))
    assert sorted(type(answer).__name__ for answer in answers) == ["InjectionSession", "TreatmentRefused"]
    course.vial.refresh_from_db()
    assert course.vial.units_given in (Decimal(60), Decimal(70))


def test_of_two_who_begin_or_go_on_with_a_draft_at_once_one_wins_and_the_other_is_told():
    condition = ConditionFactory()

    def keeping(revision, notes):
        by = Actor.of_user(UserFactory())
        return lambda: keep_draft(
            by=by, patient=condition.patient, condition=condition, revision=revision, typed={"notes": [notes]}, now=NOW
        )

    for revision in range(3):
        answers = at_once(keeping(revision, "mine"), keeping(revision, "theirs"))
        assert sorted(type(answer).__name__ for answer in answers) == ["DraftConflict", "TreatmentDraft"]
        (lost,) = (answer for answer in answers if isinstance(answer, DraftConflict))
        assert lost.draft.revision == TreatmentDraft.objects.get().revision == revision + 1


def test_draft_saved_while_it_is_signed_is_neither_lost_nor_brought_back():
    course = Course()
    kept = {"patient": course.patient, "condition": course.condition, "typed": {"notes": ["late"]}, "now": NOW}
    keep_draft(by=course.by, revision=0, **kept)
    answers = at_once(
        lambda: course.sign("5", draft_revision=1),
        lambda: keep_draft(by=course.by, revision=1, **kept),
    )
    signed, saved = (type(answer).__name__ for answer in answers)
    assert (signed, saved) in {("InjectionSession", "DraftConflict"), ("DraftConflict", "TreatmentDraft")}
    assert TreatmentDraft.objects.count() == (saved == "TreatmentDraft")
    assert InjectionSession.objects.count() == (signed == "InjectionSession")
