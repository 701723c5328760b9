"""What the hostile tests need of a page that takes a form, and the world that it is about."""

from dataclasses import dataclass, field
from datetime import date
from types import SimpleNamespace
from typing import Any

from django.apps import apps
from django.urls import reverse

from clinic.audit import Actor
from clinic.links import mint
from clinic.scheduling.services.feeding import create_feed
from tests import factories
from tests.factories import NOW
from tests.scheduling.agenda import TUESDAY_9, make_agenda
from tests.test_access import CANARY, records_of

TERM = "AE01"


@dataclass(frozen=True)
class Form:
    """A page that takes a form. Without fields it is a button, and whatever is sent with it changes nothing."""

    #: Where it is, and what is sent when all is well: functions of the world.
    address: Any
    data: Any = lambda world: {}
    #: Kind of each field, by its name.
    kinds: dict[str, str] = field(default_factory=dict)
    #: Fields that nobody sees: what is wrong with them is said on top of the page.
    hidden: tuple[str, ...] = ()
    #: Where else what is wrong with a field may be told, because it only is so together with that one.
    beside: dict[str, tuple[str, ...]] = field(default_factory=dict)
    #: The same kind of thing at another clinic, by field.
    theirs: Any = lambda world: {}
    #: The page on which the form stands, where that is another one; and one that shows what was written.
    stands_on: Any = None
    shown_on: Any = None
    #: Fields that are kept and that no page shows.
    unshown: tuple[str, ...] = ()
    #: Only buttons and lists: nobody can fill it in wrongly by hand, so that a sentence is answer enough.
    is_machine_made: bool = False
    #: It is answered with a message on the page where the person came from.
    tells_by_message: bool = False
    #: What it would do is shown first: nothing is written before that is confirmed.
    shows_first: bool = False
    #: It is answered with the page itself, because what it made is shown this once.
    shows_what_it_made: bool = False
    #: Files that go with it, by field; an empty one is a field in which none was chosen.
    files: dict[str, bytes] = field(default_factory=dict)


def make_world(client):
    """A clinic with everything that a form can be about, a second one of the same person, and a third of others.

    `their_rows` holds the keys of the rows that were there before this clinic was.
    """
    theirs = records_of(factories.ClinicFactory(name=CANARY), CANARY)
    their_rows = {
        model._meta.db_table: set(model.objects.values_list("pk", flat=True))
        for model in apps.get_app_config("clinic").get_models(include_auto_created=True)
    }
    agenda = make_agenda(name="Harbour clinic", country="GB")
    second = factories.ClinicFactory(name="Second clinic")
    user = factories.member("ADMIN", clinic=agenda.clinic)
    factories.MembershipFactory(user=user, clinic=second)
    # Only who treats at a clinic writes its rules.
    factories.PractitionerFactory(user=user, clinics=[agenda.clinic])
    client.force_login(user)
    other = agenda.another_follow_up()
    visit = agenda.book(TUESDAY_9, follow_up=other)
    snoozed = agenda.another_follow_up()
    snoozed.snoozed_until, snoozed.snooze_note = date(2027, 1, 4), "on a journey"
    snoozed.save()
    own = records_of(agenda.clinic, "Harbour")
    create_feed(by=Actor.of_user(user), practitioner=own.practitioner, clinic=agenda.clinic, now=NOW)
    factories.TreatmentDraftFactory(condition=own.session.condition)
    amended = factories.InjectionSessionFactory(patient=factories.PatientFactory(clinic=agenda.clinic))
    factories.TreatmentDraftFactory(condition=amended.condition, session=amended)
    before = factories.InjectionSessionFactory(
        patient=factories.PatientFactory(clinic=agenda.clinic), performed_on=date(2026, 1, 5)
    )
    factories.FollowUpFactory(session=before, state="TREATED", opens_on=date(2026, 4, 5), closes_on=date(2026, 7, 5))
    return SimpleNamespace(
        agenda=agenda,
        returned=factories.InjectionSessionFactory(condition=before.condition, performed_on=date(2026, 11, 2)),
        saved_view=factories.SavedViewFactory(user=user),
        patient=agenda.patient,
        person=str(agenda.practitioner.public_id),
        clinic=agenda.clinic,
        follow_up=agenda.follow_up,
        snoozed=snoozed,
        visit=visit,
        own=own,
        amended=amended,
        theirs=theirs,
        their_rows=their_rows,
        vial=factories.VialFactory(clinic=agenda.clinic),
        doubtful=factories.MessageFactory(patient=agenda.patient, follow_up=agenda.follow_up, state="UNKNOWN"),
        book=mint(purpose="BOOK", patient=agenda.patient, follow_up=agenda.follow_up, now=NOW),
        see=mint(purpose="VISIT", patient=visit.patient, appointment=visit, now=NOW),
        stop=mint(purpose="STOP", patient=agenda.patient, consent_purpose="INVITE", now=NOW),
    )


def of(name, *path):
    """The address of a page about something in the world: `of("hold-clear", "own.patient", "own.hold")`."""

    def address(world):
        things = []
        for one in path:
            thing = world
            for part in one.split("."):
                thing = getattr(thing, part)
            things.append(thing if isinstance(thing, str) else thing.public_id)
        return reverse(name if ":" in name else f"staff:{name}", args=things)

    return address
