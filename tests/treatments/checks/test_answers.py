"""What is asked before every treatment, what the answers mean, and what the rest of the record says."""

from datetime import date

import pytest

from clinic.treatments.checks.answers import Item, asked, missing
from clinic.treatments.checks.facts import EarlierReaction, StandingHold
from clinic.treatments.checks.findings import Code, Severity, unanswered
from tests.treatments.checks.facts import found, only, point, rule, treatment

STOP, WARNING, NOTE = Severity.STOP, Severity.WARNING, Severity.NOTE


def test_the_questions_of_an_adult_past_childbearing_age():
    assert asked(product="ONABOT", age=65) == (
        Item.HYPERSENSITIVITY, Item.INFECTION, Item.NEUROMUSCULAR, Item.SWALLOWING, Item.AMINOGLYCOSIDE, Item.ANTICOAGULANT,
        Item.EARLIER_REACTION,
    )  # fmt: skip


@pytest.mark.parametrize(("age", "is_asked"), [(11, False), (12, True), (55, True), (56, False)])
def test_pregnancy_is_asked_at_the_ages_at_which_it_can_be(age, is_asked):
    assert (Item.PREGNANCY in asked(product="ONABOT", age=age)) is is_asked


@pytest.mark.parametrize(("product", "is_asked"), [("ABOBOT", True), ("ONABOT", False), ("INCOBOT", False)])
def test_an_allergy_to_milk_is_asked_for_the_product_that_holds_milk(product, is_asked):
    assert (Item.MILK_ALLERGY in asked(product=product, age=65)) is is_asked
    told = found(treatment(product=product, answers={Item.MILK_ALLERGY: "YES"}), Code.MILK_ALLERGY)
    assert [one.severity for one in told] == ([STOP] if is_asked else [])


@pytest.mark.parametrize(
    ("item", "severity"),
    [
        (Item.HYPERSENSITIVITY, STOP),
        (Item.INFECTION, STOP),
        (Item.NEUROMUSCULAR, WARNING),
        (Item.SWALLOWING, WARNING),
        (Item.PREGNANCY, WARNING),
        (Item.AMINOGLYCOSIDE, WARNING),
        (Item.ANTICOAGULANT, NOTE),
        (Item.EARLIER_REACTION, WARNING),
    ],
)
def test_a_yes_is_told_at_its_level_and_a_no_is_not(item, severity):
    code = Code(item.value)
    told = only(treatment(answers={item: "YES"}, age=40), code)
    assert told.severity == severity
    assert told.source or told.is_general or told.is_proposal
    assert found(treatment(answers={item: "NO"}, age=40), code) == []


@pytest.mark.parametrize(
    ("product", "jurisdiction", "severity", "is_general"),
    [
        ("ONABOT", "EU", WARNING, False),
        ("INCOBOT", "US", WARNING, False),
        ("INCOBOT", "EU", STOP, True),
        ("INCOBOT", "UK", STOP, True),
        ("LETIBOT", "UK", STOP, False),
        ("LETIBOT", "US", WARNING, False),
    ],
)
def test_a_neuromuscular_disorder_stops_where_the_label_forbids_the_product(product, jurisdiction, severity, is_general):
    told = only(treatment(product=product, jurisdiction=jurisdiction, answers={Item.NEUROMUSCULAR: "YES"}), Code.NEUROMUSCULAR)
    assert (told.severity, told.is_general) == (severity, is_general)


@pytest.mark.parametrize("answer", ["", "MAYBE", "yes", None])
def test_only_yes_and_no_are_answers(answer):
    answers = dict.fromkeys(asked(product="ONABOT", age=65), "NO") | {Item.INFECTION: answer}
    assert missing(treatment(answers=answers)) == [Item.INFECTION]
    assert found(treatment(answers=answers), Code.INFECTION) == []


@pytest.mark.parametrize(
    ("product", "jurisdiction", "age", "stops"),
    [("LETIBOT", "UK", 74, False), ("LETIBOT", "UK", 75, True), ("LETIBOT", "US", 75, False), ("ONABOT", "UK", 75, False)],
)
def test_letibotulinumtoxin_is_not_given_from_75_in_the_eu_and_the_uk(product, jurisdiction, age, stops):
    told = found(treatment(product=product, jurisdiction=jurisdiction, age=age), Code.AGE)
    assert [one.severity for one in told] == ([STOP] if stops else [])


@pytest.mark.parametrize(("reason", "severity"), [("SIDE_EFFECT", STOP), ("PREGNANCY", WARNING), ("AWAY", WARNING)])
def test_a_hold_asks_and_one_for_a_side_effect_stops(reason, severity):
    hold = StandingHold("one", reason, reason.lower(), date(2026, 11, 1))
    assert only(treatment(holds=[hold]), Code.HOLD).severity == severity


@pytest.mark.parametrize(
    ("is_urgent", "is_over", "is_reviewed", "severity"),
    [
        (True, False, False, STOP),
        (True, True, False, STOP),
        (True, False, True, WARNING),
        (False, False, False, WARNING),
        (False, False, True, WARNING),
        (False, True, False, NOTE),
    ],
)
def test_an_earlier_reaction_is_told_by_how_it_stands(is_urgent, is_over, is_reviewed, severity):
    reaction = EarlierReaction("one", "double vision", is_urgent=is_urgent, is_over=is_over, is_reviewed=is_reviewed)
    assert only(treatment(reactions=[reaction]), Code.OPEN_SIDE_EFFECT).severity == severity


# -- answering -----------------------------------------------------------------------------------------------------------


def _found():
    """A stop, a warning and a note."""
    answers = {Item.SWALLOWING: "YES", Item.ANTICOAGULANT: "YES"}
    return found(treatment(point("51"), rules=[rule("SESSION", "50")], answers=answers, indication="CD"))


def test_stops_come_first_and_notes_last():
    assert [one.severity for one in _found()] == [STOP, WARNING, NOTE]


@pytest.mark.parametrize(
    ("reasons", "by_clinician", "waits_for"),
    [
        ({}, True, [STOP, WARNING]),
        ({}, False, [STOP, WARNING]),
        ({STOP: "weighed up"}, True, [WARNING]),
        ({STOP: "weighed up", WARNING: "discussed"}, True, []),
        ({STOP: "weighed up", WARNING: "discussed"}, False, [STOP]),
        ({STOP: " ", WARNING: "\t"}, True, [STOP, WARNING]),
    ],
)
def test_a_warning_waits_for_a_reason_and_a_stop_for_a_clinician_too(reasons, by_clinician, waits_for):
    findings = _found()
    given = {one.key: reasons[one.severity] for one in findings if one.severity in reasons}
    assert [one.severity for one in unanswered(findings, reasons=given, by_clinician=by_clinician)] == waits_for


def test_a_reason_stands_for_the_numbers_it_was_given_for_and_no_others():
    def total(units, **fields):
        return found(treatment(point(units), rules=[rule("SESSION", "50", **fields)], indication="CD"), Code.SESSION_CEILING)[0]

    assert total("51").key == total("51.00").key
    assert total("51").key != total("95").key
    assert total("51").key != total("51", verified=False).key
    assert total("51").stem == total("95").stem == "SESSION_CEILING.ONABOT-HFS-EU-SESSION"
