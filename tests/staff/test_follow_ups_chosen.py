"""Acts on several follow-ups at once, whose they are, and the list as a spreadsheet."""

import csv
import io
from datetime import date, timedelta

import pytest
from django.urls import reverse

from clinic import audit
from clinic.audit import Action, Actor, AuditEvent
from clinic.patients.models import Hold
from clinic.practice.models import Role
from clinic.staff import follow_up_export, paging
from clinic.staff.spreadsheet import cell
from clinic.treatments.models import ContactAttempt, FollowUp
from tests.factories import (
    NOW,
    TODAY,
    ClinicFactory,
    ConditionFactory,
    IndicationFactory,
    MembershipFactory,
    PatientFactory,
    member,
)
from tests.staff.follow_up_reading import make, names, row_of, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("morning")]

LIST, CHOSEN, EXPORT = (reverse(f"staff:follow-up-{name}") for name in ("list", "chosen", "export"))
BACK = f"{LIST}?stage=OPEN"


def ticked(*follow_ups, **sent):
    return {"chosen": [one.public_id for one in follow_ups], "next": BACK, **sent}


def really(*follow_ups, **sent):
    return ticked(*follow_ups, really="yes", **sent)


# -- the bar and the form of an act ---------------------------------------------------------------------------------------


def test_each_row_can_be_ticked_without_a_script(desk, clinic):
    follow_up = make(clinic)
    line = row_of(desk.get(LIST), "Marta Kowalczyk")
    assert f'name="chosen" form="chosen" value="{follow_up.public_id}"' in line
    assert "Tick Marta Kowalczyk" in line
    assert f'<form class="choice-bar" id="chosen" method="post" action="{CHOSEN}"' in text(desk.get(LIST))


def test_who_may_do_nothing_has_nothing_to_tick(browse_as, clinic):
    make(clinic)
    page = text(browse_as(Role.REVIEWER).get(LIST))
    assert "Tick Marta" not in page
    assert CHOSEN not in page


@pytest.mark.parametrize(
    ("act", "asks"),
    [("contact", "Outcome"), ("snooze", "Until"), ("assign", "Give to"), ("hold", "Look again on")],
)
def test_an_act_first_shows_its_form_with_everybody_it_is_for_and_changes_nothing(desk, clinic, act, asks):
    both = make(clinic), make(clinic, "Peter Osei")
    page = desk.post(CHOSEN, ticked(*both, act=act))
    assert page.status_code == 200
    for said in (asks, "Marta Kowalczyk", "Peter Osei", "2 follow-ups"):
        assert said in text(page)
    assert not ContactAttempt.objects.exists()
    assert not FollowUp.objects.exclude(snoozed_until=None, assignee=None).exists()


# -- the acts -----------------------------------------------------------------------------------------------------------


def test_a_contact_is_logged_for_each(desk, clinic):
    both = make(clinic), make(clinic, "Peter Osei")
    answer = desk.post(CHOSEN, really(*both, act="contact", channel="LETTER", outcome="REACHED", note="letter by post"))
    assert answer.headers["Location"] == BACK
    assert "2 done." in text(desk.get(LIST))
    assert {(one.follow_up, one.channel, one.note) for one in ContactAttempt.objects.all()} == {
        (one, "LETTER", "letter by post") for one in both
    }
    assert AuditEvent.objects.filter(action=Action.CONTACTED).count() == 2


def test_each_is_done_by_itself_and_those_that_were_not_are_named_with_the_reason(desk, clinic):
    good, ended = make(clinic), make(clinic, "Peter Osei", state="STOPPED")
    late = make(clinic, "Ruth Abebe", opens_in=-100, lasts=50)

    desk.post(CHOSEN, really(good, ended, late, act="snooze", until=TODAY + timedelta(days=200), note="abroad"))

    page = text(desk.get(LIST))
    assert "1 done." in page
    assert "2 were left as they were." in page
    assert "Peter Osei: This follow-up has ended meanwhile: stopped." in page
    assert "Ruth Abebe: At most until" in page
    assert list(FollowUp.objects.exclude(snoozed_until=None)) == [good]


def test_given_to_a_colleague_the_row_says_so_and_each_finds_their_own(client, desk, clinic):
    colleague = member(Role.CLINICIAN, clinic=clinic, name="Bo Clinician")
    given = make(clinic)
    make(clinic, "Peter Osei")

    desk.post(CHOSEN, really(given, act="assign", assignee=colleague.public_id.hex))

    assert "Bo Clinician works on it" in row_of(desk.get(LIST), "Marta Kowalczyk")
    assert names(desk.get(LIST, {"assignee": colleague.public_id.hex})) == ["Marta Kowalczyk"]
    assert names(desk.get(LIST, {"assignee": "nobody"})) == ["Peter Osei"]
    assert names(desk.get(LIST, {"assignee": "me"})) == []
    client.force_login(colleague)
    mine = client.get(LIST, {"assignee": "me"})
    assert names(mine) == ["Marta Kowalczyk"]
    assert ">All <b>1</b>" in text(mine)


def test_letters_are_held_once_for_a_patient_with_two_follow_ups(desk, clinic):
    patient = PatientFactory(clinic=clinic)
    second = ConditionFactory(patient=patient, indication=IndicationFactory(code="BLEPH", name="Blepharospasm"), side="BOTH")
    both = make(clinic, patient=patient), make(clinic, patient=patient, condition=second)
    desk.post(CHOSEN, really(*both, act="hold", reason="AWAY", review_on="2027-01-04", note=""))
    hold = Hold.objects.get()
    assert (hold.patient, hold.reason, hold.review_on) == (patient, "AWAY", date(2027, 1, 4))


@pytest.mark.parametrize(
    ("sent", "complaint"),
    [
        ({"chosen": [], "act": "snooze"}, "Tick the patients in the list first."),
        ({"act": "shred"}, "Choose what to do."),
        ({"chosen": ["7"], "act": "snooze"}, "Tick rows of the list"),
        ({"act": "snooze", "until": "soon", "note": "x"}, "Enter a day as 2026-12-03."),
        ({"act": "contact", "channel": "PHONE"}, "This field is required."),
        ({"act": "assign", "assignee": "7"}, "Select a valid choice."),
        ({"act": "hold", "reason": "AWAY"}, "Enter a date."),
        ({"act": "snooze", "chosen": ["7"] * 201}, "At most 200 at once."),
    ],
)
def test_what_makes_no_sense_is_told_and_nothing_changes(desk, clinic, sent, complaint):
    response = desk.post(CHOSEN, really(make(clinic)) | sent)
    assert response.status_code == 422
    assert complaint in text(response)
    assert not FollowUp.objects.exclude(snoozed_until=None, assignee=None).exists()
    assert not ContactAttempt.objects.exists()


def test_another_clinic_s_follow_up_does_not_exist_and_nothing_is_done(desk, clinic):
    own, theirs = make(clinic), make(ClinicFactory(), "Hidden Person")
    response = desk.post(CHOSEN, really(own, theirs, act="contact", channel="PHONE", outcome="REACHED", note=""))
    assert response.status_code == 422
    assert not ContactAttempt.objects.exists()


def test_a_follow_up_of_a_clinic_where_the_person_only_reads_cannot_be_acted_on(client, clinic):
    user = member(Role.FRONT_DESK, clinic=clinic)
    second = ClinicFactory()
    MembershipFactory(user=user, clinic=second, role=Role.REVIEWER)
    client.force_login(user)
    own, seen_only = make(clinic), make(second, "Peter Osei")

    response = client.post(CHOSEN, really(own, seen_only, act="contact", channel="PHONE", outcome="REACHED", note=""))

    assert response.status_code == 422
    assert not ContactAttempt.objects.exists()


# -- the list as a file -------------------------------------------------------------------------------------------------


def rows(response):
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in response.headers["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))


def test_the_whole_narrowed_list_is_exported_over_all_its_pages_in_its_order(desk, clinic, monkeypatch):
    monkeypatch.setattr(paging, "ROWS", 1)
    make(clinic, "Second Open", opens_in=-5)
    make(clinic, "First Open", opens_in=-6)
    make(clinic, "Over Due", opens_in=-200)

    found = rows(desk.get(EXPORT, {"stage": "OPEN"}))

    assert [row["Patient"] for row in found] == ["First Open", "Second Open"]
    said = {"Stage": "Open", "In words": "day 7 of window", "Opens": "2026-11-17", "Clinic": "Harbour clinic"}
    assert said.items() <= found[0].items()
    event = AuditEvent.objects.get(action=Action.EXPORTED)
    assert (event.what, event.count) == ("FollowUp", 2)


def test_a_file_says_what_the_list_says_for_the_same_day(desk, clinic):
    follow_up = make(clinic, opens_in=20)
    for found in (
        rows(desk.get(EXPORT, {"as_of": "2026-12-24"})),
        rows(desk.post(CHOSEN, ticked(follow_up, act="export", as_of="2026-12-24"))),
    ):
        assert [row["In words"] for row in found] == ["day 12 of window"]
        assert found[0]["In words"] in text(desk.get(LIST, {"as_of": "2026-12-24"}))


def test_only_the_ticked_rows_are_exported(desk, clinic):
    make(clinic, "Left Out")
    found = rows(desk.post(CHOSEN, ticked(make(clinic), act="export")))
    assert [row["Patient"] for row in found] == ["Marta Kowalczyk"]


def test_a_name_in_a_file_is_never_a_formula(desk, clinic):
    patient = PatientFactory(clinic=clinic, given_name="=HYPERLINK(1)", family_name="@x", record_number="+1")
    make(clinic, patient=patient)
    found = rows(desk.get(EXPORT))
    assert (found[0]["Patient"], found[0]["Record number"]) == ("'=HYPERLINK(1) @x", "'+1")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1"])
def test_what_begins_like_a_formula_is_shown_as_text(text):
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Ana", "a=b", "2026-11-23", "1 try"])
def test_other_text_stays_as_it_is(text):
    assert cell(text) == text


def test_nobody_of_another_clinic_is_exported(desk, clinic):
    make(ClinicFactory(), "Hidden Person")
    make(clinic)
    assert [row["Patient"] for row in rows(desk.get(EXPORT))] == ["Marta Kowalczyk"]


def test_a_list_too_long_for_a_file_is_not_cut_but_refused(desk, clinic, monkeypatch):
    monkeypatch.setattr("clinic.staff.views.follow_ups_chosen.MOST_LINES", 1)
    make(clinic)
    make(clinic, "Peter Osei")
    assert "narrow the list first" in text(desk.get(EXPORT, follow=True))
    assert not AuditEvent.objects.filter(action=Action.EXPORTED).exists()
    assert follow_up_export.MOST_LINES == 10_000


def test_filters_that_make_no_sense_are_told_by_the_list(desk, clinic):
    assert desk.get(EXPORT, {"stage": "NONSENSE"}, follow=True).status_code == 422


def test_a_file_takes_the_same_queries_for_many_lines_as_for_one(desk, clinic, count_queries):
    def queries():
        audit.record(by=Actor.system(), action=Action.CHANGED, what="Something", now=NOW)
        return count_queries(lambda: desk.get(EXPORT, {"q": "a"}))

    make(clinic)
    one = queries()
    for number in range(20):
        make(clinic, f"Patient Number{number}")
    assert queries() == one
