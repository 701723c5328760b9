"""Where it is given: risky points, the lower face, both sides, volume, lid technique, usual doses."""

from decimal import Decimal

import pytest

from clinic.treatments.checks.findings import Code, Severity
from tests.treatments.checks.facts import found, only, point, rule, treatment, usual


@pytest.mark.parametrize(("units", "is_over"), [("4.99", False), ("5", False), ("5.01", True), ("25", True)])
def test_more_than_the_usual_highest_at_a_point_is_asked_about(units, is_over):
    told = found(treatment(point(units, usual=usual(5))), Code.ABOVE_USUAL)
    assert [one.severity for one in told] == ([Severity.WARNING] if is_over else [])
    if told:
        assert told[0].facts["points"] == (("Point ZYG_MAJ", "RIGHT", Decimal(units), Decimal(5)),)
        assert told[0].is_general


def test_a_point_over_the_label_is_not_told_as_over_the_usual_too():
    high, other_side = point("10", usual=usual(5)), point("4", side="LEFT", usual=usual("2.5"))
    checked = treatment(high, other_side, rules=[rule("POINT", "5")], condition_side="BOTH")
    assert [one[1] for one in only(checked, Code.POINT_CEILING).facts["points"]] == ["RIGHT"]
    assert [one[1] for one in only(checked, Code.ABOVE_USUAL).facts["points"]] == ["LEFT"]


def test_an_avoided_point_asks_for_a_reason_with_its_risk():
    avoided = point("1.25", site="OO_LL_MED", is_avoided=True, risk="diplopia", warning="The label says to avoid it")
    told = only(treatment(avoided, point(site="B")), Code.AVOIDED_POINT)
    assert (told.severity, told.facts["risk"], told.rule) == (Severity.WARNING, "diplopia", "The label says to avoid it")
    assert found(treatment(avoided), Code.RISKY_POINT) == []


def test_a_point_with_something_to_mind_is_noted_once_for_both_sides():
    corr = [point(site="CORR", side=side, warning="Stay 1 cm above the mid-brow", risk="ptosis") for side in ("RIGHT", "LEFT")]
    told = only(treatment(*corr, point(site="NAS", risk="lip droop")), Code.RISKY_POINT)
    assert (told.severity, told.about) == (Severity.NOTE, "CORR")


def test_the_lower_face_is_noted_with_its_units():
    checked = treatment(point("2.5", is_lower_face=True), point("1", site="DAO", is_lower_face=True), point("5", site="CORR"))
    told = only(checked, Code.LOWER_FACE)
    assert (told.severity, told.facts["units"], told.facts["count"]) == (Severity.NOTE, Decimal("3.5"), 2)
    assert found(treatment(point("5", site="CORR")), Code.LOWER_FACE) == []


@pytest.mark.parametrize(
    ("condition_side", "side", "is_noted"),
    [
        ("RIGHT", "LEFT", True),
        ("LEFT", "RIGHT", True),
        ("RIGHT", "RIGHT", False),
        ("RIGHT", "MIDLINE", False),
        ("BOTH", "LEFT", False),
    ],
)
def test_points_on_the_healthy_side_are_noted(condition_side, side, is_noted):
    told = found(treatment(point("1", side=side), condition_side=condition_side), Code.BOTH_SIDES)
    assert [one.severity for one in told] == ([Severity.NOTE] if is_noted else [])


@pytest.mark.parametrize(
    ("volume", "is_of_face", "is_noted"),
    [("0.1", True, False), ("0.101", True, True), (None, True, False), ("0.5", False, False)],
)
def test_more_than_a_tenth_of_a_millilitre_at_a_point_of_the_face_is_noted_as_a_proposal(volume, is_of_face, is_noted):
    one = point(volume_ml=None if volume is None else Decimal(volume), is_of_face=is_of_face)
    told = found(treatment(one), Code.VOLUME)
    assert [(note.severity, note.is_proposal) for note in told] == ([(Severity.NOTE, True)] if is_noted else [])


@pytest.mark.parametrize(
    ("technique", "around_eye", "is_noted"),
    [("PRESEPTAL", True, True), ("PRETARSAL", True, False), ("", True, False), ("PRESEPTAL", False, False)],
)
def test_the_preseptal_technique_is_noted_where_lids_are_treated(technique, around_eye, is_noted):
    told = found(treatment(point(around_eye=around_eye), lid_technique=technique), Code.PRESEPTAL)
    assert [one.severity for one in told] == ([Severity.NOTE] if is_noted else [])
