"""The list of staff tasks: finding them, giving them to somebody, finishing several, and the call that settles one."""

from datetime import timedelta

import pytest
from django.urls import reverse

from clinic.audit import Action, AuditEvent
from clinic.patients.models import StaffTask
from clinic.practice.models import Role
from clinic.treatments.models import ContactAttempt, FollowUp
from tests.factories import NOW, TODAY, ClinicFactory, MembershipFactory, PatientFactory, StaffTaskFactory, UserFactory, member
from tests.staff.follow_up_reading import make, names, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("morning")]

LIST = reverse("staff:task-list")


@pytest.fixture
def me(clinic):
    return member(Role.FRONT_DESK, clinic=clinic, name="Ana Desk")


@pytest.fixture
def desk(client, me):
    client.force_login(me)
    return client


@pytest.fixture
def colleague(clinic):
    return member(Role.CLINICIAN, clinic=clinic, name="Bo Clinician")


def task(clinic, name="Marta Kowalczyk", **fields):
    given, family = name.split(" ")
    patient = PatientFactory(clinic=clinic, given_name=given, family_name=family, phone="+33 1 99 00 00 18")
    return StaffTaskFactory(patient=patient, **fields)


def test_the_longest_due_stands_first_with_whom_to_phone_and_why(desk, clinic, colleague):
    task(clinic, "Second Person", due_on=TODAY)
    task(clinic, "First Person", due_on=TODAY - timedelta(days=3), kind="PHONE_BOUNCED", note="came back", assignee=colleague)
    task(clinic, "Done Person", done_at=NOW, outcome="reached")
    task(ClinicFactory(), "Hidden Person")

    response = desk.get(LIST)

    assert names(response) == ["First Person", "Second Person"]
    for said in ("phone: a letter came back", "came back", "20 Nov 2026", "late", "Bo Clinician", "+33 1 99 00 00 18"):
        assert said in text(response)
    assert names(desk.get(LIST, {"show": "done"})) == ["Done Person"]
    event = AuditEvent.objects.filter(action=Action.LISTED).first()
    assert (event.what, event.count) == ("StaffTask", 2)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("kind=PHONE", ["Own Call", "Later Call"]),
        ("kind=OTHER", ["No Number"]),
        ("kind=FIND_NUMBER", ["No Number"]),
        ("assignee=me", ["Own Call"]),
        ("assignee=nobody", ["No Number", "Later Call"]),
        ("until=2026-11-23", ["Own Call", "No Number"]),
    ],
)
def test_filters_narrow_the_list(desk, clinic, me, query, expected):
    task(clinic, "Own Call", assignee=me)
    task(clinic, "No Number", kind="FIND_NUMBER")
    task(clinic, "Later Call", due_on=TODAY + timedelta(days=1))
    assert names(desk.get(f"{LIST}?{query}")) == expected


@pytest.mark.parametrize("query", ["kind=NONSENSE", "assignee=7", "until=soon", "show=all", "clinic=7"])
def test_a_filter_that_makes_no_sense_is_named_and_nobody_is_shown(desk, clinic, me, query):
    MembershipFactory(user=me, clinic=ClinicFactory(), role=Role.FRONT_DESK)
    task(clinic)
    response = desk.get(f"{LIST}?{query}")
    assert response.status_code == 422
    assert "Correct what is marked" in text(response)
    assert names(response) == []


# -- several at once ----------------------------------------------------------------------------------------------------


def test_ticked_tasks_are_given_to_a_colleague_and_back_to_everybody(desk, clinic, colleague):
    given, left = task(clinic), task(clinic, "Peter Osei")

    answer = desk.post(f"{LIST}?kind=PHONE", {"chosen": [given.public_id], "act": "assign", "assignee": colleague.public_id.hex})

    assert answer.headers["Location"] == f"{LIST}?kind=PHONE"
    assert "1 done." in text(desk.get(LIST))
    assert list(StaffTask.objects.filter(assignee=colleague)) == [given]
    desk.post(LIST, {"chosen": [given.public_id, left.public_id], "act": "assign", "assignee": "nobody"})
    assert not StaffTask.objects.exclude(assignee=None).exists()


def test_each_ticked_task_is_finished_and_what_was_done_meanwhile_is_told(desk, clinic, me):
    open_one, done_one = task(clinic), task(clinic, "Peter Osei", done_at=NOW, done_by=UserFactory(name="Cy Other"), outcome="x")

    desk.post(LIST, {"chosen": [open_one.public_id, done_one.public_id], "act": "finish", "outcome": "all phoned"})

    page = text(desk.get(LIST))
    assert "1 done." in page
    assert "1 was left as it was. Peter Osei: Cy Other has already done this." in page
    open_one.refresh_from_db()
    done_one.refresh_from_db()
    assert (open_one.outcome, open_one.done_by, open_one.done_at) == ("all phoned", me, NOW)
    assert done_one.outcome == "x"


@pytest.mark.parametrize(
    ("sent", "complaint"),
    [
        ({"act": "finish", "outcome": "reached"}, "Tick the tasks first."),
        ({"chosen": "own", "act": "finish"}, "Say in a few words what came of it."),
        ({"chosen": "own", "act": "assign"}, "Choose who is to do it."),
        ({"chosen": "own", "act": "assign", "assignee": "7"}, "Select a valid choice."),
        ({"chosen": "own", "act": "shred"}, "Choose what to do."),
        ({"chosen": "no-id", "act": "finish", "outcome": "reached"}, "Tick rows of the list"),
    ],
)
def test_what_cannot_be_done_is_told_and_the_ticks_stay(desk, clinic, sent, complaint):
    own = task(clinic)
    if sent.get("chosen") == "own":
        sent = sent | {"chosen": str(own.public_id)}

    response = desk.post(LIST, sent)

    assert response.status_code == 422
    assert complaint in text(response)
    assert (f'value="{own.public_id}" checked' in text(response)) is (sent.get("chosen") == str(own.public_id))
    own.refresh_from_db()
    assert own.done_at is None


def test_another_clinic_s_task_does_not_exist_and_nothing_is_done(desk, clinic):
    own, theirs = task(clinic), task(ClinicFactory())
    sent = {"chosen": [own.public_id, theirs.public_id], "act": "finish", "outcome": "reached"}
    assert desk.post(LIST, sent).status_code == 422
    assert not StaffTask.objects.filter(done_at__isnull=False).exists()
    assert AuditEvent.objects.filter(action=Action.DENIED).count() == 1


def test_nobody_gets_a_task_who_may_not_work_on_it(desk, clinic, me):
    reviewer = member(Role.REVIEWER, clinic=clinic, name="Rev Iewer")
    assert "Rev Iewer" not in text(desk.get(LIST))
    assert (
        desk.post(LIST, {"chosen": [task(clinic).public_id], "act": "assign", "assignee": reviewer.public_id.hex}).status_code
        == 422
    )


# -- the call that settles a task ---------------------------------------------------------------------------------------


def finishing(of):
    return f"{reverse('staff:task-finish', args=[of.patient.public_id, of.public_id])}?next={LIST}"


def test_a_call_finishes_the_task_and_stands_on_the_follow_up_in_one_act(desk, clinic):
    follow_up = make(clinic)
    own = StaffTaskFactory(patient=follow_up.patient)
    assert "Hemifacial spasm, right" in text(desk.get(finishing(own)))

    answer = desk.post(finishing(own), {"contact": "VOICEMAIL", "outcome": "spoke to the daughter"})

    assert answer.headers["Location"] == LIST
    attempt = ContactAttempt.objects.get()
    assert (attempt.follow_up, attempt.channel, attempt.outcome, attempt.note) == (
        follow_up, "PHONE", "VOICEMAIL", "spoke to the daughter",
    )  # fmt: skip
    own.refresh_from_db()
    assert own.outcome == "spoke to the daughter"


def test_a_call_says_enough_of_its_task_by_itself(desk, clinic):
    own = StaffTaskFactory(patient=make(clinic).patient)
    desk.post(finishing(own), {"contact": "NO_ANSWER"})
    own.refresh_from_db()
    assert own.outcome == "no answer"


@pytest.mark.parametrize(
    ("sent", "complaint"),
    [
        ({"contact": "WILL_CALL_BACK"}, "Choose the day on which they call back"),
        ({"contact": "WILL_CALL_BACK", "call_back_on": "2026-11-22"}, "today at the earliest"),
        ({"contact": "WILL_CALL_BACK", "call_back_on": "2199-01-01"}, "half a year after the window"),
        ({"contact": "DECLINED"}, "Say why the patient declined."),
        ({"contact": "SHOUTED"}, "Select a valid choice."),
        ({"contact": ""}, "Say in a few words what came of it."),
    ],
)
def test_a_call_that_cannot_be_logged_leaves_the_task_open(desk, clinic, sent, complaint):
    own = StaffTaskFactory(patient=make(clinic).patient)
    response = desk.post(finishing(own), sent)
    assert response.status_code == 422
    assert complaint in text(response)
    own.refresh_from_db()
    assert own.done_at is None
    assert not ContactAttempt.objects.exists()
    assert FollowUp.objects.get().snoozed_until is None


def test_a_patient_without_a_running_follow_up_has_no_call_to_log(desk, clinic):
    own = StaffTaskFactory(patient=make(clinic, state="STOPPED").patient)
    assert "Log the call as" not in text(desk.get(finishing(own)))
    desk.post(finishing(own), {"contact": "REACHED", "outcome": "done"})
    assert not ContactAttempt.objects.exists()
    own.refresh_from_db()
    assert own.outcome == "done"


def test_the_list_takes_the_same_queries_for_many_tasks_as_for_one(desk, clinic, colleague, count_queries):
    task(clinic, assignee=colleague)
    queries = count_queries(lambda: desk.get(LIST))
    queries = count_queries(lambda: desk.get(LIST))
    for number in range(60):
        task(clinic, f"Patient Number{number}", assignee=colleague)
    count_queries(lambda: desk.get(LIST))
    assert count_queries(lambda: desk.get(LIST)) == queries
    assert queries <= 12
