"""The waiting list: put on, changed, taken off, and in which order it stands."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from clinic.audit import Actor, AuditEvent
from clinic.patients.services import set_status
from clinic.scheduling.services import WaitingRefused, cancel, put_on_waiting_list, take_off_waiting_list, waiting_at
from clinic.scheduling.waiting_entries import WaitingEntry
from clinic.treatments.services import stop
from tests.factories import NOW, ClinicFactory, WaitingEntryFactory
from tests.scheduling.agenda import CLOSES, OPENS, TUESDAY_9, with_hours


def put_on(agenda, follow_up=None, **wishes):
    given = {"by": agenda.staff, "follow_up": follow_up or agenda.follow_up, "now": NOW}
    return put_on_waiting_list(**given | wishes)


def test_patient_is_put_on_with_what_suits_them(agenda):
    entry = put_on(
        agenda, practitioner=agenda.practitioner, weekdays=[3, 1, 3], part_of_day="MORNING", until_on=CLOSES, note=" by phone "
    )
    stored = WaitingEntry.objects.get()
    assert stored == entry
    assert (stored.patient, stored.clinic, stored.practitioner) == (agenda.patient, agenda.clinic, agenda.practitioner)
    assert (stored.weekdays, stored.part_of_day, stored.until_on, stored.note) == ([1, 3], "MORNING", CLOSES, "by phone")
    assert (stored.state, stored.since) == ("WAITING", NOW)
    event = AuditEvent.objects.get(what="WaitingEntry")
    assert (event.action, event.what_id, event.patient_id_public) == ("CREATED", stored.public_id, agenda.patient.public_id)


def test_who_waits_already_keeps_the_place_and_has_the_newer_wishes(agenda):
    put_on(agenda, note="mornings")
    put_on(agenda, weekdays=[2], by=Actor.patient(), now=NOW + timedelta(days=1))
    entry = WaitingEntry.objects.get()
    assert (entry.since, entry.weekdays, entry.note) == (NOW, [2], "")
    assert AuditEvent.objects.filter(what="WaitingEntry").order_by("pk").last().fields == ["note", "weekdays"]


def test_putting_on_twice_alike_changes_nothing(agenda):
    for _ in range(2):
        put_on(agenda, weekdays=[2])
    assert AuditEvent.objects.filter(what="WaitingEntry").count() == 1


def test_taking_off_keeps_the_row_and_twice_changes_nothing(agenda):
    entry = put_on(agenda)
    for hours in (1, 2):
        take_off_waiting_list(by=agenda.staff, entry=entry, now=NOW + timedelta(hours=hours))
    stored = WaitingEntry.objects.get()
    assert (stored.state, stored.ended_at) == ("WITHDRAWN", NOW + timedelta(hours=1))
    assert AuditEvent.objects.filter(what="WaitingEntry").count() == 2
    assert put_on(agenda) != stored


def test_two_live_wishes_for_one_follow_up_do_not_stand_in_the_table(agenda):
    put_on(agenda)
    for state in ("WAITING", "OFFERED"):
        with pytest.raises(IntegrityError), transaction.atomic():
            WaitingEntryFactory(follow_up=agenda.follow_up, state=state)
    with pytest.raises(IntegrityError), transaction.atomic():
        WaitingEntryFactory(follow_up=agenda.another_follow_up(), state="TAKEN", ended_at=None)


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        ({"until_on": OPENS - timedelta(days=1)}, "until_on"),
        ({"until_on": date(2020, 1, 1)}, "until_on"),
        ({"practitioner": "elsewhere"}, "practitioner"),
    ],
)
def test_what_cannot_come_true_is_refused_beside_its_field(agenda, wishes, field):
    if "practitioner" in wishes:
        wishes = {"practitioner": with_hours(ClinicFactory(), "Dr Elsewhere")}
    with pytest.raises(WaitingRefused) as refused:
        put_on(agenda, **wishes)
    assert refused.value.field == field
    assert not WaitingEntry.objects.exists()


def test_nobody_waits_for_a_follow_up_that_has_ended_or_rests(agenda):
    paused = agenda.another_follow_up()
    set_status(by=agenda.staff, patient=paused.patient, status="PAUSED", now=NOW)
    stop(by=agenda.staff, follow_up=agenda.follow_up, reason="SURGERY", note="", now=NOW)
    for follow_up in (agenda.follow_up, paused):
        with pytest.raises(WaitingRefused):
            put_on(agenda, follow_up)


def test_list_stands_in_the_order_of_the_windows_and_leaves_out_what_has_ended(agenda, django_assert_num_queries):
    soon, ended, gone, off = (agenda.another_follow_up() for _ in range(4))
    type(soon).objects.filter(pk=soon.pk).update(closes_on=CLOSES - timedelta(days=30))
    mine = put_on(agenda)
    first, *others = (put_on(agenda, follow_up) for follow_up in (soon, ended, gone, off))
    stop(by=agenda.staff, follow_up=ended, reason="SURGERY", note="", now=NOW)
    set_status(by=agenda.staff, patient=gone.patient, status="PAUSED", now=NOW)
    take_off_waiting_list(by=agenda.staff, entry=others[-1], now=NOW)
    WaitingEntryFactory()
    with django_assert_num_queries(1):
        found = waiting_at([agenda.clinic])
    assert [entry for entry, _facts in found] == [first, mine]


def test_only_a_visit_that_is_still_expected_is_told_beside_the_wish(agenda):
    put_on(agenda)
    visit = agenda.book()
    ((_entry, facts),) = waiting_at([agenda.clinic])
    assert facts.visit_at == TUESDAY_9
    cancel(by=agenda.staff, appointment=visit, reason="ill", now=NOW)
    ((_entry, facts),) = waiting_at([agenda.clinic])
    assert facts.visit_at is None
