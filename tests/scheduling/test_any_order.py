"""Whatever is done to visits in whatever order: what is always true of the agenda afterwards."""

from collections import Counter
from datetime import timedelta
from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from clinic.audit import Actor, AuditEvent
from clinic.care.worklist import Stage, with_stage
from clinic.scheduling.models import LIVE_STATES, Appointment
from clinic.scheduling.services import BookingRefused, ChangeRefused, cancel, mark_arrived, mark_missed, mark_treated, move
from clinic.treatments.models import FollowUp
from tests.factories import NOW, PatientFactory
from tests.scheduling.agenda import TUESDAY_9, follow_up_of, make_agenda, with_hours

#: During the visits' day, so that everything can be done: some have begun, some are still to come.
CLOCK = TUESDAY_9 + timedelta(minutes=50)
CHANGES = {"arrive": mark_arrived, "miss": mark_missed, "treat": mark_treated}

ACTS = st.one_of(
    st.tuples(
        st.just("book"), st.integers(0, 3), st.integers(0, 7), st.sampled_from(["patient", "staff", "overbook"]), st.booleans()
    ),
    st.tuples(
        st.just("move"), st.integers(0, 9), st.integers(0, 7), st.sampled_from(["patient", "staff", "overbook"]), st.booleans()
    ),
    st.tuples(st.sampled_from(["cancel", *CHANGES]), st.integers(0, 9), st.sampled_from(["patient", "staff"])),
)


class AnyOrder(TestCase):
    """Each example begins with an empty agenda: two practitioners, three patients, four follow-ups."""

    def setup_example(self):
        super().setup_example()
        self.agenda = make_agenda()
        self.people = [self.agenda.practitioner, with_hours(self.agenda.clinic, "Dr Other")]
        self.follow_ups = [
            self.agenda.follow_up,
            follow_up_of(self.agenda.patient, self.people[1]),
            *(follow_up_of(PatientFactory(clinic=self.agenda.clinic), self.people[0]) for _ in range(2)),
        ]

    def do(self, act):
        name, number, *rest = act
        by = Actor.patient() if "patient" in rest else self.agenda.staff
        if name == "book":
            quarter, how, with_other = rest
            self.agenda.book(
                TUESDAY_9 + timedelta(minutes=15 * quarter),
                by=by,
                follow_up=self.follow_ups[number],
                practitioner=self.people[with_other],
                overbooked_reason="urgent" if how == "overbook" else "",
                # As if an hour before, so that times of the morning can still be booked.
                now=NOW,
            )
            return
        visits = list(Appointment.objects.order_by("pk"))
        if not visits:
            return
        visit = visits[number % len(visits)]
        if name == "move":
            quarter, how, with_other = rest
            move(
                by=by,
                appointment=visit,
                practitioner=self.people[with_other],
                starts_at=TUESDAY_9 + timedelta(minutes=15 * quarter),
                overbooked_reason="urgent" if how == "overbook" else "",
                now=NOW,
            )
        elif name == "cancel":
            cancel(by=by, appointment=visit, reason="a reason", now=CLOCK)
        else:
            CHANGES[name](by=self.agenda.staff, appointment=visit, now=CLOCK)

    @settings(max_examples=25, deadline=None)
    @given(st.lists(ACTS, max_size=14))
    def test_agenda_stays_sound(self, acts):
        for act in acts:
            before = Appointment.objects.count(), AuditEvent.objects.count()
            try:
                self.do(act)
            except (BookingRefused, ChangeRefused):
                assert (Appointment.objects.count(), AuditEvent.objects.count()) == before
            self.check()

    def check(self):
        visits = list(Appointment.objects.all())
        for one, other in combinations([visit for visit in visits if visit.state in LIVE_STATES], 2):
            shares_somebody = one.practitioner_id == other.practitioner_id or one.patient_id == other.patient_id
            if shares_somebody and one.starts_at < other.ends_at and other.starts_at < one.ends_at:
                assert one.overbooked_reason or other.overbooked_reason
        coming = Counter(visit.follow_up_id for visit in visits if visit.is_coming)
        assert all(number == 1 for number in coming.values())
        for visit in visits:
            changes = list(visit.changes.order_by("id"))
            assert [change.sequence for change in changes] == list(range(visit.sequence + 1))
            assert {"MOVED": "BOOKED"}.get(changes[-1].kind, changes[-1].kind) == visit.state
            for before, after in pairwise(changes):
                # No time is lost on the way: a move begins where the visit stood, and whatever else is done leaves it there.
                assert (after.from_at or after.starts_at) == before.starts_at
            assert changes[-1].starts_at == visit.starts_at
        for follow_up in FollowUp.objects.all():
            is_booked = Appointment.objects.coming().filter(follow_up=follow_up).exists()
            assert is_booked == (coming[follow_up.pk] == 1)
            assert stage_on(follow_up) in set(Stage)
        running = FollowUp.objects.filter(state="ACTIVE").values_list("condition", flat=True)
        assert len(set(running)) == len(running) == 4


def stage_on(follow_up):
    """Where it stands in the worklist: nobody in a window is without a stage."""
    return with_stage(FollowUp.objects.filter(pk=follow_up.pk), CLOCK.date()).get().stage
