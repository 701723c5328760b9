"""Status pills: a word, a shape and a colour, one meaning each."""

from collections import Counter

import pytest
from django.template import Context, Template

from clinic.care.stages import Stage
from clinic.patients.models import PatientStatus
from clinic.reminders.models import MessageState
from clinic.safety.models import SideEffectState, Urgency
from clinic.scheduling.models import AppointmentState
from clinic.staff.pictures.stage_pill import STAGES, STATES, stage_look, state_look
from clinic.toxins.models import LotState, VialState
from clinic.treatments.checks.findings import Severity
from clinic.treatments.models import SessionState


def render(template, **context):
    return Template("{% load clinic_pictures %}" + template).render(Context(context))


@pytest.mark.parametrize("stage", list(Stage))
def test_every_stage_of_a_follow_up_has_a_look(stage):
    look, word = stage_look(stage)
    assert str(word)
    assert look.shape.value[0]


def test_stages_are_told_apart_without_colour():
    shapes = Counter(look.shape for look, _word in STAGES.values())
    assert set(shapes.values()) == {1}


@pytest.mark.parametrize(
    ("kind", "choices"),
    [
        ("letter", MessageState),
        ("side-effect", SideEffectState),
        ("urgency", Urgency),
        ("check", Severity),
        ("appointment", AppointmentState),
        ("treatment", SessionState),
        ("lot", LotState),
        ("vial", VialState),
        ("patient", PatientStatus),
    ],
)
def test_every_state_of_a_record_has_a_look(kind, choices):
    for choice in choices:
        assert state_look(kind, choice.value).shape.value[0]


def test_a_shape_in_trouble_s_colour_never_means_that_all_is_well():
    calm = {look.shape for states in STATES.values() for look in states.values() if look.colour == "booked"}
    trouble = {look.shape for states in STATES.values() for look in states.values() if look.colour == "overdue"}
    assert not calm & trouble


def test_unknown_state_is_not_drawn_as_another():
    with pytest.raises(KeyError):
        state_look("letter", "LOST")
    with pytest.raises(KeyError):
        stage_look("ripe")


def test_pill_says_the_stage_to_those_who_do_not_see_it():
    html = render("{% stage_pill stage text %}", stage=Stage.ON_HOLD, text="until 8 Dec")
    assert '<span class="visually-hidden">on hold: </span>until 8 Dec' in html
    assert "pill-hold" in html
    assert 'aria-hidden="true"' in html


def test_pill_without_a_text_says_the_stage_once():
    html = render("{% stage_pill 'overdue' %}")
    assert html.count("overdue</span>") == 1
    assert "visually-hidden" not in html


def test_text_of_a_pill_is_escaped():
    html = render("{% state_pill 'letter' 'SENT' text %}", text="<b>sent</b>")
    assert "&lt;b&gt;sent" in html
