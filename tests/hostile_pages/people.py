"""Forms about people: patients, follow-ups, letters, visits and side effects."""

import uuid

from clinic.patients.models import Patient
from clinic.scheduling.services import value_of
from clinic.staff.forms.patients import PatientForm
from tests.hostile_pages.world import TERM, Form, of
from tests.scheduling.agenda import TUESDAY_930, WEDNESDAY_9


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

FORMS = {
    "staff:appointment-arrive": Form(of("appointment-arrive", "own.appointment")),
    "staff:appointment-attend": Form(of("appointment-attend", "own.plain_appointment")),
    "staff:appointment-book-plain": Form(
        of("appointment-book-plain", "patient"),
        lambda world: {
            "choice": "other",
            "kind": "TREATMENT",
            "practitioner": world.person,
            "day": "2026-12-03",
            "at": "18:30",
            "overbooked_reason": "asked for it",
            "with_letter": "on",
        },
        {
            "choice": "choice",
            "kind": "choice",
            "practitioner": "choice",
            "day": "date",
            "at": "time",
            "overbooked_reason": "line",
            "with_letter": "tick",
        },
        beside={"day": ("choice", "overbooked_reason"), "at": ("choice", "overbooked_reason")},
        theirs=lambda world: {
            "practitioner": str(world.theirs.session.practitioner.public_id),
            "choice": value_of(world.theirs.session.practitioner.public_id, TUESDAY_930),
        },
    ),
    "staff:appointment-move": Form(
        of("appointment-move", "visit"),
        lambda world: {
            "choice": "other",
            "practitioner": world.person,
            "day": "2026-11-26",
            "at": "18:30",
            "overbooked_reason": "asked for it",
            "window_reason": "cannot come then",
            "reason": "away",
            "with_letter": "on",
        },
        {
            "choice": "choice",
            "practitioner": "choice",
            "day": "date",
            "at": "time",
            "overbooked_reason": "line",
            "window_reason": "line",
            "reason": "line",
            "with_letter": "tick",
        },
        beside={"day": ("choice", "overbooked_reason", "window_reason"), "at": ("choice", "overbooked_reason")},
        theirs=lambda world: {
            "practitioner": str(world.theirs.session.practitioner.public_id),
            "choice": value_of(world.theirs.session.practitioner.public_id, TUESDAY_930),
        },
    ),
    "staff:appointment-take-back": Form(of("appointment-take-back", "own.appointment")),
    "staff:appointment-book": Form(
        of("appointment-book", "follow_up"),
        lambda world: {
            "choice": "other",
            "practitioner": world.person,
            "day": "2026-11-26",
            "at": "18:30",
            "overbooked_reason": "asked for it",
            "window_reason": "cannot come sooner",
            "with_letter": "on",
        },
        {
            "choice": "choice",
            "practitioner": "choice",
            "day": "date",
            "at": "time",
            "overbooked_reason": "line",
            "window_reason": "line",
            "with_letter": "tick",
        },
        beside={"day": ("choice", "overbooked_reason", "window_reason"), "at": ("choice", "overbooked_reason")},
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
    "staff:calendar-feed-create": Form(of("calendar-feed-create", "own.clinic", "own.practitioner"), shows_what_it_made=True),
    "staff:calendar-feed-revoke": Form(of("calendar-feed-revoke", "own.clinic", "own.practitioner")),
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
    "staff:follow-up-contact": Form(
        of("follow-up-contact", "follow_up"),
        lambda world: {
            "channel": "PHONE",
            "outcome": "NO_ANSWER",
            "call_back_on": "2026-12-01",
            "declined_why": "LATER",
            "ends": "on",
            "note": "rang twice",
        },
        {
            "channel": "choice",
            "outcome": "choice",
            "call_back_on": "date",
            "declined_why": "choice",
            "ends": "tick",
            "note": "text",
        },
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
    "staff:follow-up-wake": Form(of("follow-up-wake", "snoozed")),
    "staff:delivery-report-settle": Form(of("delivery-report-settle", "own.delivery_report")),
    "staff:hold-clear": Form(of("hold-clear", "own.patient", "own.hold")),
    "staff:hold-set": Form(
        of("hold-set", "patient"),
        lambda world: {"reason": "PATIENT_WISH", "from_on": "2026-11-23", "review_on": "2027-01-04", "note": "asked for it"},
        {"reason": "choice", "from_on": "date", "review_on": "date", "note": "line"},
        beside={"from_on": ("review_on",)},
        shown_on=of("patient-show", "patient"),
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
    "staff:waiting-add": Form(
        of("waiting-add", "follow_up"),
        lambda world: {
            "practitioner": "",
            "weekdays": "1",
            "part_of_day": "MORNING",
            "until_on": "2026-12-20",
            "note": "by phone",
        },
        {"practitioner": "choice", "weekdays": "choice", "part_of_day": "choice", "until_on": "date", "note": "line"},
    ),
    "staff:waiting-end": Form(of("waiting-end", "own.waiting_entry")),
    "portal:call-ask": Form(of("portal:call-ask", "book"), lambda world: {"when": "MORNING"}, {"when": "choice"}),
    "portal:emails-stop": Form(of("portal:emails-stop", "stop"), lambda world: {"letters": "stop"}, {"letters": "choice"}),
    "portal:visit-book": Form(
        of("portal:visit-book", "book"),
        lambda world: {"time": value_of(world.agenda.practitioner.public_id, TUESDAY_930)},
        {"time": "choice"},
        stands_on=of("portal:link-show", "book"),
        theirs=lambda world: {"time": value_of(world.theirs.session.practitioner.public_id, TUESDAY_930)},
    ),
    "portal:visit-move": Form(
        of("portal:visit-move", "see"),
        lambda world: {"time": value_of(world.agenda.practitioner.public_id, WEDNESDAY_9)},
        {"time": "choice"},
        theirs=lambda world: {"time": value_of(world.theirs.session.practitioner.public_id, WEDNESDAY_9)},
    ),
    "portal:visit-cancel": Form(of("portal:visit-cancel", "see"), lambda world: {"really": "yes"}, {"really": "choice"}),
}
