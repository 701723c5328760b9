"""A plan holds only steps that the policy can count: any other would leave everybody at the clinic without a decision."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from clinic.reminders.models import PlanStep
from clinic.reminders.plans import ensure_plan
from clinic.reminders.policy import decide
from clinic.reminders.rules import default_steps
from clinic.reminders.situation import PlanBook
from clinic.reminders.steps import Anchor, Step
from clinic.reminders.steps import PlanStep as Rung
from tests.factories import NOW, ClinicFactory
from tests.reminders.situations import paris, situation, visit

pytestmark = pytest.mark.django_db

IMPOSSIBLE = [
    ("INVITE", {"anchor": "APPOINTMENT"}),
    ("INVITE", {"anchor": "CHANGE"}),
    ("REMIND", {"floor_anchor": "APPOINTMENT"}),
    ("INVITE", {"audience": "STAFF"}),
    ("OVERDUE", {"audience": "PATIENT"}),
    ("BOOKED", {"anchor": "CLOSES"}),
    ("CANCELLED", {"offset": 3}),
    ("VISIT", {"anchor": "SUGGESTED"}),
    ("VISIT", {"offset": 1}),
    ("LAST_CALL", {"offset": -731}),
    ("INVITE", {"floor_offset_days": 9999}),
]


@pytest.mark.parametrize(("step", "change"), IMPOSSIBLE)
def test_a_step_that_nobody_could_count_is_refused_in_words_and_by_the_database(step, change):
    row = ensure_plan(ClinicFactory(), NOW).steps.filter(step=step).order_by("ordinal")[0]
    row.full_clean()
    for name, value in change.items():
        setattr(row, name, value)
    with pytest.raises(ValidationError) as refused:
        row.full_clean()
    assert all("constraint" not in message.casefold() for message in refused.value.messages)
    with pytest.raises(IntegrityError), transaction.atomic():
        PlanStep.objects.filter(pk=row.pk).update(**change)


def test_every_step_that_may_stand_in_a_plan_can_be_decided():
    ladder = [Rung(Step.INVITE, anchor, -5, floor=floor) for anchor in _WINDOW for floor in _FLOORS]
    facts = situation(visits=(visit(),))
    for rung in ladder:
        assert decide(facts, PlanBook({}, (rung, *default_steps()[3:])), paris(11, 17)).decisions


_WINDOW = (Anchor.SUGGESTED, Anchor.OPENS, Anchor.CLOSES)
_FLOORS = (None, *_WINDOW)
