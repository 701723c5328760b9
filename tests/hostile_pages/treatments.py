"""Forms about treatments: their rules, templates, vials and papers."""

import uuid

from tests import factories
from tests.factories import TODAY
from tests.hostile_pages.world import Form, of

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


FORMS = {
    "staff:document-add": Form(
        of("document-add", "own.patient"),
        lambda world: {"kind": "LETTER", "title": "from the eye clinic", "taken_on": "2026-11-02", "session": ""},
        {"kind": "choice", "title": "line", "taken_on": "date", "session": "choice"},
        files={"file": factories.pdf(width=300)},
        shown_on=of("patient-show", "own.patient"),
        theirs=lambda world: {"session": str(world.theirs.session.public_id)},
    ),
    "staff:document-withdraw": Form(
        of("document-withdraw", "own.document"),
        lambda world: {"reason": "of another patient"},
        {"reason": "line"},
        shown_on=of("patient-show", "own.patient"),
    ),
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
    "staff:leaflet-record": Form(
        of("leaflet-record", "patient"),
        lambda world: {"version": "2", "signed_on": "2026-11-23", "taken_by": "Dr Okafor"},
        {"version": "line", "signed_on": "date", "taken_by": "line"},
        shown_on=of("leaflet-record", "patient"),
    ),
    "staff:photograph-add": Form(
        of("photograph-add", "own.patient"),
        lambda world: {
            "title": "eyes closed",
            "taken_on": "2026-11-02",
            "session": str(world.own.session.public_id),
            "consent_how": "on paper",
        },
        {"title": "line", "taken_on": "date", "session": "choice", "consent_how": "choice"},
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
}
