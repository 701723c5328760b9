"""The audit log: a row for every act, never a value in one, and nothing done or shown that could not be written down."""

import importlib
import inspect
import pkgutil
from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.db import IntegrityError

import clinic
from clinic import audit
from clinic.accounts import User
from clinic.audit import Action, Actor, AuditEvent
from clinic.care import calls, death, discharge, phoning
from clinic.care.amending import amend_treatment
from clinic.care.services import complete_visit
from clinic.care.voiding import void_treatment
from clinic.patients import services as patients
from clinic.patients.models import ConsentPurpose
from clinic.practice import keeping_views
from clinic.safety import services as safety
from clinic.scheduling import services as scheduling
from clinic.scheduling.services import feeding
from clinic.scheduling.slots import WeeklyHours
from clinic.toxins import services as toxins
from clinic.treatments import services as treatments
from tests import factories
from tests.care.amended import Course
from tests.care.amended import points as course_points
from tests.factories import NOW, TODAY

pytestmark = pytest.mark.django_db

#: Stands in every text that the acts below are given, and may stand nowhere in the audit log.
CANARY = "Zzyzx"
NEXT_MONDAY = NOW + timedelta(days=7)


@pytest.fixture
def by(db):
    return Actor.of_user(factories.UserFactory(), address="192.0.2.7")


def _patient():
    return factories.PatientFactory(given_name=CANARY, family_name=CANARY, phone=CANARY, contact_person=CANARY)


def _follow_up(**fields):
    return factories.FollowUpFactory(patient=_patient(), **fields)


def _desk():
    """Everything that a booking needs."""
    follow_up = _follow_up(opens_on=TODAY)
    here = follow_up.patient.clinic
    practitioner = factories.PractitionerFactory(clinics=[here])
    factories.AvailabilityFactory(clinic=here, practitioner=practitioner)
    return {
        "patient": follow_up.patient, "practitioner": practitioner, "clinic": here, "follow_up": follow_up,
        "kind": factories.VisitKindFactory(clinic=here),
    }  # fmt: skip


def _desk_s():
    """Whose hours are changed, and where."""
    return {name: value for name, value in _desk().items() if name in ("practitioner", "clinic")}


def _feed():
    practitioner = factories.PractitionerFactory(name=CANARY)
    return {"practitioner": practitioner, "clinic": practitioner.clinics.get()}


def _kept_feed():
    whose = _feed()
    feeding.create_feed(by=Actor.of_user(factories.UserFactory()), now=NOW, **whose)
    return whose


def _visit(**fields):
    return factories.AppointmentFactory(follow_up=_follow_up(), **fields)


def _move():
    """A visit, and another time with a practitioner who has hours then."""
    desk = _desk()
    visit = factories.AppointmentFactory(follow_up=desk["follow_up"])
    return {"appointment": visit, "practitioner": desk["practitioner"], "starts_at": NEXT_MONDAY, "reason": CANARY}


def _treatment():
    """Everything that recording a treatment needs."""
    condition = factories.ConditionFactory(patient=_patient())
    here = condition.patient.clinic
    factories.SiteFactory(code="ZYG_MAJ", indications=[condition.indication])
    vial = factories.VialFactory(clinic=here, reconstituted_at=NOW, diluent_ml=Decimal(4), state="OPEN")
    return {
        "patient": condition.patient, "condition": condition, "vials": [vial],
        "practitioner": factories.PractitionerFactory(clinics=[here]),
        "points": [treatments.Point(site=factories.SiteFactory(code="ZYG_MAJ"), side="RIGHT", units=Decimal("2.5"))],
        "performed_on": TODAY, "notes": CANARY, "answers": factories.ALL_NO,
    }  # fmt: skip


def _amendment():
    """Everything that amending a treatment needs: 5 U where 2.5 U were written down."""
    course = Course()
    session, points = course.sign(), course_points("5")
    return {
        "session": session, "expected_version": 1, "practitioner": course.practitioner, "points": points,
        "draws": [treatments.Draw(course.vial, Decimal(5))], "performed_on": TODAY, "own_next_on": None, "reason": CANARY,
    }  # fmt: skip


def _rules():
    """A clinic at which the person who acts in these tests treats, and a rule for it."""
    here = factories.ClinicFactory()
    factories.MembershipFactory(user=User.objects.earliest("pk"), clinic=here, role="CLINICIAN")
    return {"clinic": here, "rule": factories.own_rule(here, wording=CANARY, source=CANARY)}


_RULE_WORDS = {
    "says": toxins.RuleText(wording=CANARY, source=CANARY, interval_value=10, interval_unit="WEEK"), "valid_from": TODAY,
}  # fmt: skip


def _new_rule():
    return {
        "clinic": _rules()["clinic"], "product": factories.ProductFactory(), "indication": None, "scope": "INTERVAL",
    } | _RULE_WORDS  # fmt: skip


def _template_words():
    return {"session": Course().sign(), "name": CANARY, "practitioner": None}


def _draft():
    condition = factories.ConditionFactory(patient=_patient())
    return {"patient": condition.patient, "condition": condition}


def _kept_draft():
    whose = _draft()
    return whose | {"revision": factories.TreatmentDraftFactory(**whose).revision}


def _with_colleague(what, record):
    """A record of a patient, and somebody who may work on it."""
    return {what: record, "assignee": factories.member("FRONT_DESK", clinic=record.patient.clinic)}


def _view():
    return factories.SavedViewFactory(name=CANARY)


def _side_effect_words():
    return {
        "term": factories.TermFactory(), "onset_on": TODAY, "resolved_on": None, "severity": 1, "outcome": "ONGOING",
        "narrative": CANARY,
    }  # fmt: skip


#: Each act of the rooms: prepares what it needs, and returns what to call with `by` and `now`.
ACTS = {
    "create_patient": lambda: (
        patients.create_patient,
        {
            "clinic": factories.ClinicFactory(), "record_number": CANARY, "given_name": CANARY, "family_name": CANARY,
            "born_on": date(1970, 1, 1), "consents": [ConsentPurpose.INVITE], "consented_how": CANARY,
        },
    ),
    "change_patient": lambda: (patients.change_patient, {"patient": _patient(), "email": f"{CANARY}@example.org"}),
    "set_status": lambda: (patients.set_status, {"patient": _patient(), "status": "PAUSED"}),
    "give_consent": lambda: (patients.give_consent, {"patient": _patient(), "purpose": ConsentPurpose.NEWS, "how": CANARY}),
    "withdraw_consent": lambda: (
        patients.withdraw_consent, {"patient": _patient(), "purpose": ConsentPurpose.INVITE, "how": CANARY},
    ),
    "add_condition": lambda: (
        patients.add_condition,
        {"patient": _patient(), "indication": factories.IndicationFactory(), "side": "LEFT", "cause": CANARY},
    ),
    "set_hold": lambda: (
        patients.set_hold,
        {"patient": _patient(), "reason": "OTHER", "review_on": TODAY + timedelta(days=9), "note": CANARY},
    ),
    "clear_hold": lambda: (patients.clear_hold, {"hold": factories.HoldFactory(patient=_patient())}),
    "finish_task": lambda: (patients.finish_task, {"task": factories.StaffTaskFactory(patient=_patient()), "outcome": CANARY}),
    "record_death": lambda: (death.record_death, {"patient": _follow_up().patient}),
    "take_back_death": lambda: (
        death.take_back_death,
        {"patient": factories.PatientFactory(given_name=CANARY, family_name=CANARY, status="DECEASED")},
    ),
    "discharge": lambda: (
        discharge.discharge, {"patient": _follow_up().patient, "reason": "MOVED_AWAY", "note": CANARY},
    ),
    "receive_vials": lambda: (
        toxins.receive_vials,
        {
            "clinic": factories.ClinicFactory(), "product": (size := factories.PresentationFactory()).product,
            "presentation": size, "lot_number": CANARY, "expires_on": date(2028, 1, 31), "count": 2, "received_on": TODAY,
            "gtin": "09501101530003",
        },
    ),
    "decide_lot": lambda: (
        toxins.decide_lot,
        {"lot": (vial := factories.VialFactory()).lot, "clinic": vial.clinic, "state": "RECALLED", "reason": CANARY},
    ),
    "discard": lambda: (toxins.discard, {"vial": factories.VialFactory(), "reason": CANARY}),
    "reconstitute": lambda: (
        toxins.reconstitute, {"vial": factories.VialFactory(), "diluent_ml": Decimal(4), "at": NOW},
    ),
    "verify_rule": lambda: (toxins.verify_rule, _rules() | {"note": CANARY}),
    "add_rule": lambda: (toxins.add_rule, _new_rule()),
    "replace_rule": lambda: (toxins.replace_rule, _rules() | _RULE_WORDS),
    "end_rule": lambda: (toxins.end_rule, _rules() | {"last_day": TODAY}),
    "complete_visit": lambda: (complete_visit, _treatment()),
    "note_given_elsewhere": lambda: (
        treatments.note_given_elsewhere,
        {
            "patient": _patient(), "product": factories.ProductFactory(), "units": Decimal(5), "given_on": TODAY, "place": CANARY,
        },
    ),
    "void_given_elsewhere": lambda: (
        treatments.void_given_elsewhere, {"entry": factories.GivenElsewhereFactory(patient=_patient()), "reason": CANARY},
    ),
    "assign_follow_up": lambda: (treatments.assign_follow_up, _with_colleague("follow_up", _follow_up())),
    "assign_task": lambda: (patients.assign_task, _with_colleague("task", factories.StaffTaskFactory(patient=_patient()))),
    "finish_with_call": lambda: (
        phoning.finish_with_call,
        {
            "task": factories.StaffTaskFactory(patient=(called := _follow_up()).patient), "outcome": CANARY, "follow_up": called,
            "contact": "DECLINED", "declined_why": "OTHER", "ends": True,
        },
    ),
    "give_interval_reason": lambda: (
        treatments.give_interval_reason, {"follow_up": _follow_up(state="TREATED"), "cause": "CLINIC_FULL"},
    ),
    "keep_view": lambda: (keeping_views.keep_view, {"page": "TASKS", "name": CANARY, "query": f"kind={CANARY}"}),
    "rename_view": lambda: (keeping_views.rename_view, {"view": _view(), "name": f"{CANARY} 2"}),
    "show_first": lambda: (keeping_views.show_first, {"view": _view(), "is_first": True}),
    "give_up_view": lambda: (keeping_views.give_up_view, {"view": _view()}),
    "log_contact": lambda: (
        treatments.log_contact,
        {"follow_up": _follow_up(), "channel": "PHONE", "outcome": "REACHED", "note": CANARY},
    ),
    "snooze": lambda: (
        treatments.snooze, {"follow_up": _follow_up(), "until": TODAY + timedelta(days=9), "note": CANARY},
    ),
    "wake": lambda: (
        treatments.wake, {"follow_up": _follow_up(snoozed_until=TODAY + timedelta(days=9), snooze_note=CANARY)},
    ),
    "stop": lambda: (treatments.stop, {"follow_up": _follow_up(), "reason": "OTHER", "note": CANARY}),
    "book": lambda: (scheduling.book, _desk() | {"starts_at": NEXT_MONDAY}),
    "cancel": lambda: (scheduling.cancel, {"appointment": _visit(), "reason": CANARY}),
    "move": lambda: (scheduling.move, _move()),
    "put_on_waiting_list": lambda: (scheduling.put_on_waiting_list, {"follow_up": _follow_up(), "note": CANARY}),
    "take_off_waiting_list": lambda: (
        scheduling.take_off_waiting_list, {"entry": factories.WaitingEntryFactory(follow_up=_follow_up(), note=CANARY)},
    ),
    "mark_arrived": lambda: (scheduling.mark_arrived, {"appointment": _visit(starts_at=NOW)}),
    "take_back_mark": lambda: (scheduling.take_back_mark, {"appointment": _visit(starts_at=NOW, state="MISSED")}),
    "book_on_the_phone": lambda: (
        calls.book_on_the_phone,
        {name: value for name, value in _desk().items() if name != "patient"} | {"starts_at": NEXT_MONDAY},
    ),
    "create_feed": lambda: (feeding.create_feed, _feed()),
    "revoke_feed": lambda: (feeding.revoke_feed, _kept_feed()),
    "mark_missed": lambda: (scheduling.mark_missed, {"appointment": _visit(starts_at=NOW - timedelta(days=1))}),
    "change_weekly_hours": lambda: (
        scheduling.change_weekly_hours,
        _desk_s() | {"hours": [WeeklyHours(1, time(9), time(12))], "from_on": NEXT_MONDAY.date(), "until_on": None},
    ),
    "set_special_hours": lambda: (
        scheduling.set_special_hours, _desk_s() | {"on": TODAY, "spans": [(time(9), time(12))], "reason": CANARY},
    ),
    "close": lambda: (scheduling.close, _desk_s() | {"from_on": TODAY, "until_on": TODAY, "reason": CANARY}),
    "be_away": lambda: (
        scheduling.be_away, _desk_s() | {"on": TODAY, "starts": time(9), "ends": time(10), "reason": CANARY},
    ),
    "end_closure": lambda: (scheduling.end_closure, {"closure": factories.ClosureFactory(reason=CANARY)}),
    "end_exception": lambda: (scheduling.end_exception, {"exception": factories.HoursExceptionFactory(reason=CANARY)}),
    "add_visit_kind": lambda: (
        scheduling.add_visit_kind,
        {"clinic": factories.ClinicFactory(), "name": CANARY, "minutes": 30, "buffer_minutes": 0},
    ),
    "change_visit_kind": lambda: (
        scheduling.change_visit_kind,
        {"kind": factories.VisitKindFactory(), "name": CANARY, "minutes": 45, "buffer_minutes": 0},
    ),
    "set_holiday_region": lambda: (
        scheduling.set_holiday_region, {"clinic": factories.ClinicFactory(), "country": "DE", "region": "BY"},
    ),
    "take_over_holidays": lambda: (
        scheduling.take_over_holidays,
        {"clinic": factories.ClinicFactory(country="DE"), "days": [date(2027, 1, 1)]},
    ),
    "report": lambda: (
        safety.report,
        _side_effect_words() | {"session": (given := factories.InjectionSessionFactory()), "patient": given.patient},
    ),
    "amend": lambda: (
        safety.amend,
        _side_effect_words() | {"side_effect": factories.SideEffectFactory(), "based_on": 1, "reason": CANARY},
    ),
    "acknowledge": lambda: (safety.acknowledge, {"side_effect": factories.SideEffectFactory()}),
    "review": lambda: (
        safety.review,
        {
            "side_effect": factories.SideEffectFactory(), "causality": "PROBABLE", "is_expected": True, "is_distant": False,
            "resulting_state": "REVIEWED", "action": CANARY, "note": CANARY,
        },
    ),
    "amend_treatment": lambda: (amend_treatment, _amendment()),
    "void_treatment": lambda: (void_treatment, {"session": Course().sign(), "units": "STILL_IN_VIAL", "reason": CANARY}),
    "keep_template": lambda: (treatments.keep_template, _template_words()),
    "rename_template": lambda: (treatments.rename_template, {"template": factories.ProtocolTemplateFactory(), "name": CANARY}),
    "retire_template": lambda: (treatments.retire_template, {"template": factories.ProtocolTemplateFactory()}),
    "keep_draft": lambda: (treatments.keep_draft, _draft() | {"revision": 0, "typed": {"notes": [CANARY]}}),
    "discard_draft": lambda: (treatments.discard_draft, _kept_draft()),
    "attach_photographs": lambda: (
        treatments.attach_photographs,
        {"patient": _patient(), "files": [ContentFile(factories.picture(), CANARY)], "taken_on": TODAY, "title": CANARY,
         "consent_how": CANARY},
    ),
    "attach_paper": lambda: (
        treatments.attach_paper,
        {
            "patient": _patient(), "kind": "LETTER", "file": ContentFile(factories.PDF, CANARY), "title": CANARY,
            "taken_on": TODAY,
        },
    ),
    "withdraw_document": lambda: (
        treatments.withdraw_document, {"document": factories.DocumentFactory(), "reason": CANARY},
    ),
    "record_signed_leaflet": lambda: (
        patients.record_signed_leaflet, {"patient": _patient(), "version": CANARY, "signed_on": TODAY, "taken_by": CANARY},
    ),
}  # fmt: skip
#: Pieces of the acts above, which write down what they do in their stead.
PIECES = {
    "add_version", "check_hours", "check_person", "check_visit", "check_window", "correct_taken", "draw_locked",
    "drop_amendment", "keep_overrides", "learn_code", "leave_trace", "mark_locked_treated", "mark_treated", "record_signed",
    "set_window", "settle", "sign_locked", "take_back_treated", "void_follow_up", "write_overrides", "write_status",
}  # fmt: skip
#: One's own views of lists belong to no clinic.
OF_NO_CLINIC = {"give_up_view", "keep_view", "rename_view", "show_first"}
ROOMS = ("practice", "toxins", "patients", "treatments", "outcomes", "scheduling", "safety", "care")

#: What a row may name as changed. A consent is named by its question; the answer is not told.
FIELD_NAMES = {field.name for model in apps.get_app_config("clinic").get_models() for field in model._meta.get_fields()} | set(
    ConsentPurpose.values
)

every_act = pytest.mark.parametrize("act", ACTS)


def everything():
    """All rows of all our tables."""
    return {
        model.__name__: sorted(map(repr, model._base_manager.values_list()))
        for model in apps.get_app_config("clinic").get_models()
    }


def test_no_act_of_the_rooms_is_left_out():
    found = set()
    for module in pkgutil.walk_packages(clinic.__path__, "clinic."):
        if module.name.split(".")[1] not in ROOMS:
            continue
        for name, function in inspect.getmembers(importlib.import_module(module.name), inspect.isfunction):
            is_public = function.__module__ == module.name and not name.startswith("_")
            if is_public and "by" in inspect.signature(function).parameters:
                found.add(name)
    assert found == set(ACTS) | PIECES


@every_act
def test_an_act_leaves_a_row_that_names_who_what_and_where_but_holds_no_value(act, by):
    do, given = ACTS[act]()
    before = everything()

    do(by=by, now=NOW, **given)

    assert everything() != before
    rows = AuditEvent.objects.filter(actor=by.user)
    assert rows.exists()
    for row in rows:
        assert (row.actor_kind, row.address, row.at) == ("USER", "192.0.2.7", NOW)
        assert row.clinic_id is not None or act in OF_NO_CLINIC
        assert CANARY.casefold() not in repr(AuditEvent.objects.filter(pk=row.pk).values_list().get()).casefold()
        assert set(row.fields) <= FIELD_NAMES


@every_act
def test_an_act_that_cannot_be_written_down_does_not_happen(act, by, monkeypatch):
    do, given = ACTS[act]()
    before = everything()

    class CannotBeWritten(Exception):
        pass

    def fail(**_kwargs):
        raise CannotBeWritten

    monkeypatch.setattr(audit, "record", fail)
    with pytest.raises(CannotBeWritten):
        do(by=by, now=NOW, **given)
    monkeypatch.undo()
    assert everything() == before


def test_a_row_is_about_the_thing_by_its_public_id(by):
    follow_up = _follow_up()
    row = audit.record(
        by=by, action=Action.SNOOZED, what=follow_up, patient_public_id=follow_up.patient.public_id, fields=["b", "a"], now=NOW
    )
    assert (row.what, row.what_id, row.patient_id_public, row.fields) == (
        "FollowUp", follow_up.public_id, follow_up.patient.public_id, ["a", "b"],
    )  # fmt: skip


def test_a_row_tells_a_person_from_a_patient_and_from_the_system(by):
    kinds = [
        audit.record(by=actor, action=Action.CHANGED, what="Appointment", now=NOW).actor_kind
        for actor in (by, Actor.patient(address="192.0.2.8"), Actor.system())
    ]
    assert kinds == ["USER", "PATIENT", "SYSTEM"]


def test_a_person_s_row_always_names_the_person(by):
    with pytest.raises(IntegrityError):
        audit.record(by=Actor("USER"), action=Action.CHANGED, what="Appointment", now=NOW)


def test_rows_of_one_act_are_added_together_in_their_order(by, django_assert_num_queries):
    with django_assert_num_queries(1), audit.together():
        audit.record(by=by, action=Action.SIGNED, what="InjectionSession", now=NOW)
        with audit.together():
            audit.record(by=by, action=Action.CHANGED, what="Vial", fields=["state"], now=NOW)
        audit.record(by=by, action=Action.CREATED, what="FollowUp", now=NOW)
    assert list(AuditEvent.objects.order_by("pk").values_list("what", "fields")) == [
        ("InjectionSession", []), ("Vial", ["state"]), ("FollowUp", []),
    ]  # fmt: skip
    audit.record(by=by, action=Action.CHANGED, what="Vial", now=NOW)
    assert AuditEvent.objects.count() == 4


def test_nothing_is_added_where_the_act_is_given_up(by):
    @audit.together()
    def give_up():
        audit.record(by=by, action=Action.CHANGED, what="Vial", now=NOW)
        raise KeyError

    with pytest.raises(KeyError):
        give_up()
    assert not AuditEvent.objects.exists()
    audit.record(by=by, action=Action.CHANGED, what="Vial", now=NOW)
    assert AuditEvent.objects.count() == 1
