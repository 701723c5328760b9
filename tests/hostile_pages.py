"""Every page that takes a form, with what is sent to it when all is well. Shared by the tests of what else may be sent."""

import uuid
from dataclasses import dataclass, field
from datetime import date
from types import SimpleNamespace
from typing import Any

from django.apps import apps
from django.urls import reverse

from clinic.links import mint
from clinic.patients.models import Patient
from clinic.reminders.services import Hours
from clinic.scheduling.services import value_of
from clinic.staff.forms.patients import PatientForm
from clinic.staff.forms.plans import written
from tests import factories
from tests.factories import NOW, TODAY
from tests.scheduling.agenda import TUESDAY_9, TUESDAY_930, make_agenda
from tests.test_access import CANARY, records_of

TERM = "AE01"


@dataclass(frozen=True)
class Form:
    """A page that takes a form. Without fields it is a button, and whatever is sent with it changes nothing."""

    #: Where it is, and what is sent when all is well: functions of the world.
    address: Any
    data: Any = lambda world: {}
    #: Kind of each field, by its name.
    kinds: dict[str, str] = field(default_factory=dict)
    #: Fields that nobody sees: what is wrong with them is said on top of the page.
    hidden: tuple[str, ...] = ()
    #: Where else what is wrong with a field may be told, because it only is so together with that one.
    beside: dict[str, tuple[str, ...]] = field(default_factory=dict)
    #: The same kind of thing at another clinic, by field.
    theirs: Any = lambda world: {}
    #: The page on which the form stands, where that is another one; and one that shows what was written.
    stands_on: Any = None
    shown_on: Any = None
    #: Fields that are kept and that no page shows.
    unshown: tuple[str, ...] = ()
    #: Only buttons and lists: nobody can fill it in wrongly by hand, so that a sentence is answer enough.
    is_machine_made: bool = False
    #: It is answered with a message on the page where the person came from.
    tells_by_message: bool = False
    #: What it would do is shown first: nothing is written before that is confirmed.
    shows_first: bool = False
    #: Files that go with it, by field; an empty one is a field in which none was chosen.
    files: dict[str, bytes] = field(default_factory=dict)


def make_world(client):
    """A clinic with everything that a form can be about, a second one of the same person, and a third of others.

    `their_rows` holds the keys of the rows that were there before this clinic was.
    """
    theirs = records_of(factories.ClinicFactory(name=CANARY), CANARY)
    their_rows = {
        model._meta.db_table: set(model.objects.values_list("pk", flat=True))
        for model in apps.get_app_config("clinic").get_models(include_auto_created=True)
    }
    agenda = make_agenda(name="Harbour clinic")
    second = factories.ClinicFactory(name="Second clinic")
    user = factories.member("ADMIN", clinic=agenda.clinic)
    factories.MembershipFactory(user=user, clinic=second)
    # Only who treats at a clinic writes its rules.
    factories.PractitionerFactory(user=user, clinics=[agenda.clinic])
    client.force_login(user)
    other = agenda.another_follow_up()
    visit = agenda.book(TUESDAY_9, follow_up=other)
    snoozed = agenda.another_follow_up()
    snoozed.snoozed_until, snoozed.snooze_note = date(2027, 1, 4), "on a journey"
    snoozed.save()
    own = records_of(agenda.clinic, "Harbour")
    factories.TreatmentDraftFactory(condition=own.session.condition)
    amended = factories.InjectionSessionFactory(patient=factories.PatientFactory(clinic=agenda.clinic))
    factories.TreatmentDraftFactory(condition=amended.condition, session=amended)
    return SimpleNamespace(
        agenda=agenda,
        patient=agenda.patient,
        person=str(agenda.practitioner.public_id),
        clinic=agenda.clinic,
        follow_up=agenda.follow_up,
        snoozed=snoozed,
        visit=visit,
        own=own,
        amended=amended,
        theirs=theirs,
        their_rows=their_rows,
        vial=factories.VialFactory(clinic=agenda.clinic),
        doubtful=factories.MessageFactory(patient=agenda.patient, follow_up=agenda.follow_up, state="UNKNOWN"),
        book=mint(purpose="BOOK", patient=agenda.patient, follow_up=agenda.follow_up, now=NOW),
        see=mint(purpose="VISIT", patient=visit.patient, appointment=visit, now=NOW),
        stop=mint(purpose="STOP", patient=agenda.patient, consent_purpose="INVITE", now=NOW),
    )


def of(name, *path):
    """The address of a page about something in the world: `of("hold-clear", "own.patient", "own.hold")`."""

    def address(world):
        things = []
        for one in path:
            thing = world
            for part in one.split("."):
                thing = getattr(thing, part)
            things.append(thing if isinstance(thing, str) else thing.public_id)
        return reverse(name if ":" in name else f"staff:{name}", args=things)

    return address


def _details(**changed):
    return {
        "given_name": "Ines",
        "family_name": "Duarte",
        "born_on": "1961-05-04",
        "record_number": "H-1",
        "email": "ines@example.org",
        "phone": "+33 1 99 00 00 01",
        "language": "es",
        "contact_person": "Rui Duarte",
        "contact_person_phone": "+33 1 99 00 00 02",
        "weight_kg": "61.5",
        "weighed_on": "2026-11-02",
        **changed,
    }


_DETAIL_KINDS = dict.fromkeys(_details(), "line") | {
    "born_on": "date",
    "language": "choice",
    "weight_kg": "number",
    "weighed_on": "date",
    "seen": "line",
}

#: A rolling ceiling of a clinic's own.
_RULE = {
    "wording": "At most 100 U in 12 weeks",
    "units": "100",
    "units_per_kg": "",
    "interval_value": "12",
    "interval_unit": "WEEK",
    "age_from": "18",
    "age_until": "",
    "only_first": "on",
    "from_general_knowledge": "on",
    "source": "SmPC of March 2026, 4.2",
    "valid_from": TODAY.isoformat(),
    "valid_until": "2027-12-31",
}
_RULE_KINDS = {
    "wording": "line",
    "units": "number",
    "interval_value": "number",
    "age_from": "number",
    "interval_unit": "choice",
    "only_first": "tick",
    "source": "line",
    "from_general_knowledge": "tick",
    "valid_from": "date",
    "valid_until": "date",
}
#: What a ceiling of a point does not say.
_NOT_OF_A_POINT = ("interval_value", "interval_unit")

#: Today's answers before a treatment of somebody past childbearing age.
_ANSWERS = {
    f"answer-{item}": "NO"
    for item in (
        "HYPERSENSITIVITY",
        "INFECTION",
        "NEUROMUSCULAR",
        "SWALLOWING",
        "AMINOGLYCOSIDE",
        "ANTICOAGULANT",
        "EARLIER_REACTION",
    )
}


def _treatment(world):
    return {
        "token": str(uuid.uuid4()),
        "draft_revision": "0",
        "performed_on": TODAY.isoformat(),
        "practitioner": world.person,
        "vial": str(world.vial.public_id),
        "discard_rest": "on",
        "vial_2": "",
        "vial_3": "",
        "wasted_units": "",
        "waste_reason": "it was late",
        "shared_confirmed": "on",
        "separate_points": "on",
        "guidance": "EMG",
        "lid_technique": "",
        "notes": "calm",
        "own_next_on": "2027-03-01",
        **_ANSWERS,
        "points-TOTAL_FORMS": "2",
        "points-INITIAL_FORMS": "0",
        "points-MIN_NUM_FORMS": "0",
        "points-MAX_NUM_FORMS": "60",
        "points-0-site": "ZYG_MAJ",
        "points-0-side": "RIGHT",
        "points-0-units": "2.5",
        "points-1-site": "OO_UL_LAT",
        "points-1-side": "",
        "points-1-units": "1.25",
    }


_TREATMENT_KINDS = {
    "discard_rest": "tick",
    "separate_points": "tick",
    "vial_2": "choice",
    "vial_3": "choice",
    "wasted_units": "number",
    "waste_reason": "line",
    "shared_confirmed": "tick",
    "performed_on": "date",
    "practitioner": "choice",
    "vial": "choice",
    "guidance": "choice",
    "lid_technique": "choice",
    "notes": "text",
    "own_next_on": "date",
    "points-0-site": "choice",
    "points-0-side": "choice",
    "points-0-units": "number",
    "points-1-site": "choice",
    "points-1-units": "number",
}


def _amendment(world):
    session = world.own.session
    kept = {name: value for name, value in _treatment(world).items() if name != "token"}
    return kept | {
        "based_on": "1",
        "reason": "a slip of the pen",
        "units_are_of_product": "on",
        "performed_on": session.performed_on.isoformat(),
        "practitioner": str(session.practitioner.public_id),
        "vial": str(session.current_version.vial_uses.get().vial.public_id),
    }


def _statement(**changed):
    return {
        "term": TERM,
        "onset_on": "2026-09-05",
        "severity": "1",
        "outcome": "ONGOING",
        "resolved_on": "",
        "serious_criteria": "HOSPITAL",
        "narrative": "the lid hangs",
        **changed,
    }


_STATEMENT_KINDS = dict.fromkeys(_statement(), "choice") | {"onset_on": "date", "resolved_on": "date", "narrative": "text"}


def _ladder_step(code, number, anchor, floor=""):
    return {
        f"{code}-goes": "own",
        f"{code}-1-number": number,
        f"{code}-1-side": "before",
        f"{code}-1-anchor": anchor,
        f"{code}-1-floor_number": "14" if floor else "",
        f"{code}-1-floor_side": "before",
        f"{code}-1-floor": floor,
    }


def _plan():
    return {
        "version": "0",
        "confirmed": "",
        "compare": "1",
        "active_from": "2026-12-01",
        **_ladder_step("INVITE", "20", "SUGGESTED", "OPENS"),
        **_ladder_step("REMIND", "3", "CLOSES"),
        **_ladder_step("LAST_CALL", "2", "CLOSES"),
        **_ladder_step("OVERDUE", "1", "CLOSES"),
        "VISIT-goes": "own",
        "VISIT-1-on": "on",
        "VISIT-1-number": "7",
        "VISIT-1-unit": "DAY",
        "VISIT-2-on": "on",
        "VISIT-2-number": "40",
        "VISIT-2-unit": "HOUR",
        **dict.fromkeys(("BOOKED-goes", "CANCELLED-goes", "CORRECTION-goes"), "usual"),
    }


FORMS = {
    "staff:appointment-arrive": Form(of("appointment-arrive", "own.appointment")),
    "staff:appointment-book": Form(
        of("appointment-book", "follow_up"),
        lambda world: {
            "choice": "other",
            "practitioner": world.person,
            "day": "2026-12-03",
            "at": "18:30",
            "overbooked_reason": "asked for it",
            "outside_window": "on",
            "with_letter": "on",
        },
        {
            "choice": "choice",
            "practitioner": "choice",
            "day": "date",
            "at": "time",
            "overbooked_reason": "line",
            "outside_window": "tick",
            "with_letter": "tick",
        },
        beside={"day": ("choice", "overbooked_reason", "outside_window"), "at": ("choice", "overbooked_reason")},
        theirs=lambda world: {
            "practitioner": str(world.theirs.session.practitioner.public_id),
            "choice": value_of(world.theirs.session.practitioner.public_id, TUESDAY_930),
        },
    ),
    "staff:appointment-cancel": Form(
        of("appointment-cancel", "visit"),
        lambda world: {"reason": "ill", "with_letter": "on"},
        {"reason": "line", "with_letter": "tick"},
        stands_on=of("appointment-show", "visit"),
    ),
    "staff:appointment-miss": Form(of("appointment-miss", "own.appointment")),
    "staff:condition-add": Form(
        of("condition-add", "patient"),
        lambda world: {
            "indication": "HFS",
            "side": "LEFT",
            "began": "2019-05",
            "icd10_code": "G51.32",
            "cause": "a loop",
            "grade": "II",
            "associated": "none",
        },
        {
            "indication": "choice",
            "side": "choice",
            "began": "date",
            "icd10_code": "line",
            "cause": "line",
            "grade": "line",
            "associated": "line",
        },
        unshown=("grade",),
    ),
    "staff:consent-change": Form(
        of("consent-change", "patient"),
        lambda world: {"how": "by phone", "change": "INVITE:withdraw"},
        {"how": "choice", "change": "choice"},
        stands_on=of("patient-show", "patient"),
        is_machine_made=True,
    ),
    "staff:document-add": Form(
        of("document-add", "own.patient"),
        lambda world: {"kind": "LETTER", "title": "from the eye clinic", "taken_on": "2026-11-02", "session": ""},
        {"kind": "choice", "title": "line", "taken_on": "date", "session": "choice"},
        files={"file": factories.PDF + b"% another"},
        shown_on=of("patient-show", "own.patient"),
        theirs=lambda world: {"session": str(world.theirs.session.public_id)},
    ),
    "staff:document-withdraw": Form(
        of("document-withdraw", "own.document"),
        lambda world: {"reason": "of another patient"},
        {"reason": "line"},
        shown_on=of("patient-show", "own.patient"),
    ),
    "staff:follow-up-contact": Form(
        of("follow-up-contact", "follow_up"),
        lambda world: {"channel": "PHONE", "outcome": "NO_ANSWER", "note": "rang twice"},
        {"channel": "choice", "outcome": "choice", "note": "text"},
        shown_on=of("follow-up-show", "follow_up"),
    ),
    "staff:follow-up-snooze": Form(
        of("follow-up-snooze", "follow_up"),
        lambda world: {"until": "2027-01-04", "note": "on a journey"},
        {"until": "date", "note": "text"},
        shown_on=of("follow-up-show", "follow_up"),
    ),
    "staff:follow-up-stop": Form(
        of("follow-up-stop", "follow_up"),
        lambda world: {"reason": "OTHER", "note": "moved away"},
        {"reason": "choice", "note": "text"},
        shown_on=of("follow-up-show", "follow_up"),
    ),
    "staff:plan-edit": Form(
        of("plan-edit", "clinic"),
        lambda world: _plan(),
        {
            "active_from": "date",
            "INVITE-goes": "choice",
            "INVITE-1-number": "number",
            "INVITE-1-side": "choice",
            "INVITE-1-anchor": "choice",
            "INVITE-1-floor_number": "number",
            "INVITE-1-floor_side": "choice",
            "INVITE-1-floor": "choice",
            "VISIT-goes": "choice",
            "VISIT-1-on": "tick",
            "VISIT-2-number": "number",
            "VISIT-2-unit": "choice",
        },
        shows_first=True,
    ),
    "staff:plan-hours": Form(
        of("plan-hours", "clinic"),
        lambda world: {
            "was": written(Hours.of(world.clinic)),
            "opens": "09:00",
            "closes": "17:00",
            "weekdays": ["0", "2"],
            "confirmed": "",
            "compare": "1",
        },
        {"opens": "time", "closes": "time", "weekdays": "choice"},
        beside={"opens": ("closes",)},
        shows_first=True,
    ),
    "staff:wording-edit": Form(
        of("wording-edit", "clinic"),
        lambda world: {"version": "0", "subject": "Time for a visit", "opening": "It is time, {given_name}."},
        {"subject": "line", "opening": "text"},
        shown_on=lambda world: reverse("staff:wording-edit", args=[world.clinic.public_id]),
    ),
    "staff:wording-preview": Form(
        of("wording-preview", "clinic"),
        lambda world: {"version": "0", "subject": "", "opening": ""},
        shows_first=True,
        is_machine_made=True,
    ),
    "staff:follow-up-wake": Form(of("follow-up-wake", "snoozed")),
    "staff:given-elsewhere-add": Form(
        of("given-elsewhere-add", "patient"),
        lambda world: {
            "product": str(world.vial.lot.product.public_id),
            "units": "50",
            "given_on": "2026-10-05",
            "place": "a clinic abroad",
        },
        {"product": "choice", "units": "number", "given_on": "date", "place": "line"},
        shown_on=of("patient-show", "patient"),
    ),
    "staff:given-elsewhere-void": Form(
        of("given-elsewhere-void", "own.patient", "own.given_elsewhere"),
        lambda world: {"reason": "it was another patient"},
        {"reason": "line"},
        shown_on=of("patient-show", "own.patient"),
    ),
    "staff:delivery-report-settle": Form(of("delivery-report-settle", "own.delivery_report")),
    "staff:hold-clear": Form(of("hold-clear", "own.patient", "own.hold")),
    "staff:hold-set": Form(
        of("hold-set", "patient"),
        lambda world: {"reason": "PATIENT_WISH", "from_on": "2026-11-23", "review_on": "2027-01-04", "note": "asked for it"},
        {"reason": "choice", "from_on": "date", "review_on": "date", "note": "line"},
        beside={"from_on": ("review_on",)},
        shown_on=of("patient-show", "patient"),
    ),
    "staff:leaflet-record": Form(
        of("leaflet-record", "patient"),
        lambda world: {"version": "2", "signed_on": "2026-11-23", "taken_by": "Dr Okafor"},
        {"version": "line", "signed_on": "date", "taken_by": "line"},
        shown_on=of("leaflet-record", "patient"),
    ),
    "staff:letter-decide": Form(
        of("letter-decide", "doubtful"),
        lambda world: {"decision": "sent"},
        {"decision": "choice"},
        stands_on=of("letter-show", "doubtful"),
        tells_by_message=True,
    ),
    "staff:letter-pause": Form(
        of("letter-pause"),
        lambda world: {"clinic": str(world.clinic.public_id), "reason": "a new mail server", "resume": ""},
        {"clinic": "id", "reason": "line", "resume": "tick"},
        hidden=("clinic", "resume"),
        theirs=lambda world: {"clinic": str(world.theirs.patient.clinic.public_id)},
        stands_on=of("letter-list"),
    ),
    "staff:photograph-add": Form(
        of("photograph-add", "own.patient"),
        lambda world: {"title": "eyes closed", "taken_on": "2026-11-02", "session": str(world.own.session.public_id)},
        {"title": "line", "taken_on": "date", "session": "choice"},
        files={"camera": b"", "photographs": factories.picture("PNG", colour="#123456")},
        shown_on=of("patient-show", "own.patient"),
        theirs=lambda world: {"session": str(world.theirs.session.public_id)},
    ),
    "staff:photograph-withdraw": Form(
        of("photograph-withdraw", "own.photograph"),
        lambda world: {"reason": "of another patient"},
        {"reason": "line"},
        shown_on=of("photograph-show", "own.photograph"),
    ),
    "staff:patient-create": Form(
        of("patient-create"),
        lambda world: _details(
            clinic=str(world.clinic.public_id), consents=["VISIT", "INVITE"], consented_how="on paper", is_another="on", seen="x"
        ),
        _DETAIL_KINDS | {"clinic": "choice", "consents": "choice", "consented_how": "choice", "is_another": "tick"},
        hidden=("seen",),
        beside={"weight_kg": ("weighed_on",), "weighed_on": ("weight_kg",), "born_on": ("weighed_on",)},
        theirs=lambda world: {"clinic": str(world.theirs.patient.clinic.public_id)},
    ),
    "staff:patient-edit": Form(
        of("patient-edit", "patient"),
        lambda world: _details(seen=PatientForm.of(Patient.objects.get(pk=world.patient.pk))["seen"]),
        _DETAIL_KINDS,
        hidden=("seen",),
        beside={"weight_kg": ("weighed_on",), "weighed_on": ("weight_kg",), "born_on": ("weighed_on",)},
    ),
    "staff:patient-status": Form(
        of("patient-status", "patient"),
        lambda world: {"status": "DISCHARGED", "reason": "OTHER", "note": "moved away", "is_certain": "on"},
        {"status": "choice", "reason": "choice", "note": "line", "is_certain": "tick"},
        shown_on=of("follow-up-show", "follow_up"),
    ),
    "staff:side-effect-acknowledge": Form(of("side-effect-acknowledge", "own.side_effect")),
    "staff:side-effect-amend": Form(
        of("side-effect-amend", "own.side_effect"),
        lambda world: _statement(based_on="1", reason="more was told"),
        _STATEMENT_KINDS | {"based_on": "number", "reason": "line"},
        hidden=("based_on",),
        beside={"outcome": ("resolved_on",), "onset_on": ("resolved_on",)},
    ),
    "staff:side-effect-report": Form(
        of("side-effect-report", "own.patient"),
        lambda world: _statement(token=str(uuid.uuid4()), session=str(world.own.session.public_id)),
        _STATEMENT_KINDS | {"token": "id", "session": "choice"},
        hidden=("token",),
        beside={"outcome": ("resolved_on",), "onset_on": ("resolved_on",)},
        theirs=lambda world: {"session": str(world.theirs.session.public_id), "token": str(world.theirs.side_effect.public_id)},
    ),
    "staff:side-effect-review": Form(
        of("side-effect-review", "own.side_effect"),
        lambda world: {
            "causality": "PROBABLE",
            "is_expected": "yes",
            "is_distant": "no",
            "action": "wait",
            "note": "seen",
            "resulting_state": "REVIEWED",
        },
        {
            "causality": "choice",
            "is_expected": "choice",
            "is_distant": "choice",
            "action": "line",
            "note": "text",
            "resulting_state": "choice",
        },
    ),
    "staff:suppression-lift": Form(
        of("suppression-lift", "own.suppression"),
        lambda world: {"confirmed": "on", "reason": "spelled out by phone"},
        {"confirmed": "tick", "reason": "line"},
        shown_on=of("suppression-lift", "own.suppression"),
    ),
    "staff:task-finish": Form(
        of("task-finish", "own.patient", "own.task"),
        lambda world: {"outcome": "reached"},
        {"outcome": "line"},
        unshown=("outcome",),
    ),
    "staff:template-keep": Form(
        of("template-keep", "own.session"),
        lambda world: {"name": "Round the eye", "owner": "clinic"},
        {"name": "line", "owner": "choice"},
    ),
    "staff:rule-add": Form(
        of("rule-add"),
        lambda world: (
            _RULE | {"product": str(world.vial.lot.product.public_id), "indication": "HFS", "scope": "ROLLING", "muscle": ""}
        ),
        _RULE_KINDS | {"product": "choice", "indication": "choice", "scope": "choice", "muscle": "choice"},
        beside={"valid_from": ("valid_until",)},
    ),
    "staff:rule-change": Form(
        of("rule-change", "own.rule"),
        lambda world: {name: value for name, value in _RULE.items() if name not in _NOT_OF_A_POINT},
        {name: kind for name, kind in _RULE_KINDS.items() if name not in _NOT_OF_A_POINT},
        beside={"valid_from": ("valid_until",)},
    ),
    "staff:rule-end": Form(
        of("rule-end", "own.rule"),
        lambda world: {"last_day": TODAY.isoformat()},
        {"last_day": "date"},
        stands_on=of("rule-show", "own.rule"),
    ),
    "staff:rule-verify": Form(
        of("rule-verify", "own.rule"),
        lambda world: {"note": "SmPC of March 2026"},
        {"note": "line"},
        stands_on=of("rule-show", "own.rule"),
    ),
    "staff:template-rename": Form(
        of("template-rename", "own.template"), lambda world: {"name": "Round the eye"}, {"name": "line"}
    ),
    "staff:template-retire": Form(of("template-retire", "own.template")),
    "staff:treatment-amend": Form(
        of("treatment-amend", "own.session"),
        _amendment,
        _TREATMENT_KINDS | {"based_on": "number", "reason": "line"},
        hidden=("based_on",),
        beside={"discard_rest": ("wasted_units",)},
        theirs=lambda world: {
            "practitioner": str(world.theirs.session.practitioner.public_id),
            "vial": str(world.theirs.vial.public_id),
        },
    ),
    # Whatever is typed is kept as it is, possible or not: see tests/staff/test_treatment_drafts.py.
    "staff:treatment-draft": Form(of("treatment-draft", "patient"), _treatment),
    "staff:amendment-draft": Form(of("amendment-draft", "own.session"), _amendment),
    "staff:amendment-draft-discard": Form(of("amendment-draft-discard", "amended"), lambda world: {"draft_revision": "1"}),
    "staff:treatment-draft-discard": Form(of("treatment-draft-discard", "own.patient"), lambda world: {"draft_revision": "1"}),
    "staff:treatment-record": Form(
        of("treatment-record", "patient"),
        _treatment,
        _TREATMENT_KINDS | {"token": "id"} | dict.fromkeys(_ANSWERS, "choice"),
        hidden=("token",),
        beside={"discard_rest": ("wasted_units",)},
        theirs=lambda world: {
            "practitioner": str(world.theirs.session.practitioner.public_id),
            "vial": str(world.theirs.vial.public_id),
            "vial_2": str(world.theirs.vial.public_id),
            "token": str(world.theirs.session.public_id),
        },
    ),
    "staff:treatment-void": Form(
        of("treatment-void", "own.session"),
        lambda world: {"units": "STILL_IN_VIAL", "reason": "never took place"},
        {"units": "choice", "reason": "line"},
    ),
    "staff:vial-receive": Form(
        of("vial-receive"),
        lambda world: {
            "clinic": str(world.clinic.public_id),
            "presentation": "ONABOT-100",
            "code": "(01)09501101530003",
            "lot_number": "D88001",
            "expires_on": "2028-06-30",
            "count": "2",
            "received_on": "2026-11-23",
        },
        {
            "clinic": "choice",
            "presentation": "choice",
            "code": "line",
            "lot_number": "line",
            "expires_on": "date",
            "count": "number",
            "received_on": "date",
        },
        beside={"received_on": ("expires_on",)},
        theirs=lambda world: {"clinic": str(world.theirs.patient.clinic.public_id)},
    ),
    "staff:lot-decide": Form(
        of("lot-decide", "own.lot"),
        lambda world: {"state": "RECALLED", "reason": "notice of the maker"},
        {"state": "choice", "reason": "line"},
    ),
    "staff:vial-discard": Form(
        of("vial-discard", "own.vial"),
        lambda world: {"units": "100", "reason": "it fell"},
        {"units": "number", "reason": "line"},
        shown_on=of("vial-show", "own.vial"),
    ),
    "staff:vial-reconstitute": Form(
        of("vial-reconstitute", "own.vial"),
        lambda world: {"diluent_ml": "2.5", "at": "2026-11-23T09:30"},
        {"diluent_ml": "number", "at": "time"},
    ),
    "portal:call-ask": Form(of("portal:call-ask", "book"), lambda world: {"when": "MORNING"}, {"when": "choice"}),
    "portal:emails-stop": Form(of("portal:emails-stop", "stop"), lambda world: {"letters": "stop"}, {"letters": "choice"}),
    "portal:visit-book": Form(
        of("portal:visit-book", "book"),
        lambda world: {"time": value_of(world.agenda.practitioner.public_id, TUESDAY_930)},
        {"time": "choice"},
        stands_on=of("portal:link-show", "book"),
        theirs=lambda world: {"time": value_of(world.theirs.session.practitioner.public_id, TUESDAY_930)},
    ),
    "portal:visit-cancel": Form(of("portal:visit-cancel", "see"), lambda world: {"really": "yes"}, {"really": "choice"}),
}
