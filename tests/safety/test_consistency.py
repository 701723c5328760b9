"""What is said of one side effect must be able to be true together."""

from datetime import date

import pytest

from clinic.safety.consistency import Fault, Statement, faults, may_be_reviewed

TODAY = date(2026, 11, 23)
SAID = {
    "treated_on": date(2026, 9, 1),
    "onset_on": date(2026, 9, 5),
    "resolved_on": None,
    "severity": 1,
    "outcome": "ONGOING",
    "serious_criteria": [],
}


def found(**said):
    return list(faults(Statement(**{**SAID, **said}), today=TODAY))


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"onset_on": None},
        {"onset_on": SAID["treated_on"]},
        {"onset_on": TODAY},
        {"treated_on": None, "onset_on": date(2020, 1, 1)},
        {"resolved_on": date(2026, 9, 5), "outcome": "RECOVERED"},
        {"resolved_on": TODAY, "outcome": "SEQUELAE", "serious_criteria": ["DISABILITY"]},
        {"outcome": "RECOVERED"},
        {"severity": 5, "outcome": "FATAL", "serious_criteria": ["HOSPITAL", "DEATH"], "resolved_on": TODAY},
        {"severity": 4, "outcome": "RECOVERING"},
        {"severity": 1, "serious_criteria": ["HOSPITAL"]},
    ],
)
def test_what_can_be_true_has_no_fault(said):
    assert found(**said) == []


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"onset_on": date(2026, 8, 31)}, ("onset_on", Fault.BEGAN_BEFORE_TREATMENT)),
        ({"onset_on": date(2026, 11, 24)}, ("onset_on", Fault.BEGAN_IN_FUTURE)),
        ({"resolved_on": date(2026, 9, 4), "outcome": "RECOVERED"}, ("resolved_on", Fault.ENDED_BEFORE_IT_BEGAN)),
        (
            {"onset_on": None, "resolved_on": date(2026, 8, 31), "outcome": "RECOVERED"},
            ("resolved_on", Fault.ENDED_BEFORE_TREATMENT),
        ),
        ({"resolved_on": date(2026, 11, 24), "outcome": "RECOVERED"}, ("resolved_on", Fault.ENDED_IN_FUTURE)),
        ({"resolved_on": TODAY}, ("outcome", Fault.ENDED_YET_GOING_ON)),
        ({"resolved_on": TODAY, "outcome": "RECOVERING"}, ("outcome", Fault.ENDED_YET_GOING_ON)),
        ({"resolved_on": TODAY, "outcome": "UNKNOWN"}, ("outcome", Fault.ENDED_YET_GOING_ON)),
        ({"severity": 5}, ("outcome", Fault.GRADED_NOT_FATAL)),
        ({"serious_criteria": ["DEATH"]}, ("serious_criteria", Fault.DEATH_NOT_FATAL)),
        ({"outcome": "FATAL", "severity": 5}, ("serious_criteria", Fault.FATAL_NOT_SERIOUS)),
        ({"outcome": "FATAL", "severity": 4, "serious_criteria": ["DEATH"]}, ("severity", Fault.FATAL_NOT_GRADED)),
    ],
)
def test_two_statements_that_cannot_both_be_true_are_told_beside_their_field(said, fault):
    assert found(**said) == [fault]


def test_nothing_is_closed_while_nobody_knows_how_it_ended():
    outcomes = ["RECOVERED", "RECOVERING", "ONGOING", "SEQUELAE", "FATAL", "UNKNOWN"]

    assert [outcome for outcome in outcomes if not may_be_reviewed(outcome)] == ["UNKNOWN"]
