"""A step that the program does not have comes with one entry in the table and one letter: nothing else knows of steps."""

from datetime import timedelta

import pytest

from clinic.reminders import letters
from clinic.reminders.models import Message, PlanStep
from clinic.reminders.plans import ensure_plan, load_book
from clinic.reminders.rules import RULES, Family, StepRule, default_steps, replaced
from clinic.reminders.situation import PlanBook
from clinic.reminders.steps import Anchor, Step
from clinic.reminders.steps import PlanStep as Planned
from clinic.reminders.wording import step_words
from tests.factories import NOW, ClinicFactory, FollowUpFactory, PlanFactory
from tests.reminders.running import Clock, run, started
from tests.reminders.situations import contact, follow_up, going, paris, said, situation

TEA = Step("TEA_PARTY")
ENTRY = StepRule(
    step=TEA,
    title="Tea for those who stay away",
    family=Family.RETURN,
    letter="tea_party",
    purpose="INVITE",
    task="PHONE_NO_ADDRESS",
    conditions=(replaced,),
    rank=5,
    plan=(Planned(TEA, Anchor.CLOSES, -3),),
)
LETTER = {
    "subject.txt": "Tea",
    "body.txt": '{% extends "email/base.txt" %}{% block main %}Tea is at four: {{ act_url }}{% endblock main %}',
    "body.html": '{% extends "email/base.html" %}{% block main %}<p>Tea is at four.</p>{% endblock main %}',
}


@pytest.fixture
def tea(monkeypatch, settings, tmp_path):
    """The one entry and the one letter, and nothing else."""
    monkeypatch.setitem(RULES, TEA, ENTRY)
    folder = tmp_path / "email" / "tea_party"
    folder.mkdir(parents=True)
    for name, text in LETTER.items():
        (folder / name).write_text(text)
    (engine,) = settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "DIRS": [*engine["DIRS"], tmp_path]}]
    letters._sheet.cache_clear()
    yield
    letters._sheet.cache_clear()


def test_the_policy_decides_about_it_as_its_entry_says(tea):
    assert going(situation(), paris(2, 26), PlanBook({}, default_steps())) == ["TEA_PARTY"]
    phoned = situation(follow_ups=(follow_up(contacts=(contact(paris(2, 25)),)),))
    assert said(phoned, paris(2, 26), PlanBook({}, default_steps()))["TEA_PARTY"] == ("NEVER", "REPLACED")


@pytest.mark.django_db
def test_its_letter_goes_to_whoever_has_earned_it_at_a_clinic_whose_plan_is_older_than_the_step(server, tea, monkeypatch):
    clinic = ClinicFactory()
    started()
    with monkeypatch.context() as before:
        before.delitem(RULES, TEA)
        plan = ensure_plan(clinic, NOW)
    assert not PlanStep.objects.filter(plan=plan, step=TEA).exists()
    today = NOW.date()
    FollowUpFactory(
        patient__clinic=clinic,
        patient__email="anna@example.org",
        patient__next_check_at=NOW,
        opens_on=today - timedelta(days=80),
        closes_on=today + timedelta(days=2),
        suggested_from=None,
        suggested_until=None,
        created_at=NOW - timedelta(days=100),
    )
    run(Clock(NOW))
    message = Message.objects.get()
    assert (message.step, message.letter, message.state) == ("TEA_PARTY", "tea_party", "SENT")
    assert b"Tea is at four" in server.taken[0].content
    assert step_words(message.step) == "Tea for those who stay away"


@pytest.mark.django_db
def test_a_clinic_may_plan_it_otherwise_without_a_change_of_the_tables(tea):
    clinic = ClinicFactory()
    row = PlanFactory(clinic=clinic, steps=()).steps.create(step=TEA, anchor="OPENS", offset=5, floor_anchor="SUGGESTED")
    row.full_clean()
    (tea_time,) = [step for step in load_book(NOW).steps(clinic.pk, None) if step.step == TEA]
    assert (tea_time.anchor, tea_time.offset) == ("OPENS", 5)
