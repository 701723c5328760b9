"""The two years: every story goes on in the order of its times, and the reminder engine runs each day among them."""

from __future__ import annotations

import gc
import heapq
from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from random import Random

from django.db import transaction

from clinic.management.seed import practice
from clinic.management.seed.courses import ENDINGS, HISTORY, Course, Ending, Setting, lay_out
from clinic.management.seed.doses import Range
from clinic.management.seed.endings import PREGNANT
from clinic.management.seed.hours import plan_ahead
from clinic.management.seed.letters import PostOffice
from clinic.management.seed.lives import Life, Scene
from clinic.management.seed.people import Person, invent
from clinic.management.seed.photographs import attach_some_documents
from clinic.management.seed.practice import Place
from clinic.management.seed.stock import Stock
from clinic.management.seed.templates import keep_some_templates
from clinic.patients.models import Patient
from clinic.reminders.models import MessageState
from clinic.safety.catalogue import load_terms
from clinic.toxins.models import Indication, Site, SiteDose
from clinic.toxins.services import load_catalogue

SEED = "harbour and hill"
Story = Generator[datetime, None, None]

_LATELY = timedelta(days=45)
#: Of every eight patients five go to the first clinic.
_FIRST_CLINIC = 5, 8
_WITHOUT_EMAIL = {Ending.WAITING: 1, Ending.OPEN: 2, Ending.CLOSING: 1, Ending.BOOKED: 1}
_OPTED_OUT = {Ending.OPEN: 2, Ending.CLOSING: 1, Ending.OVERDUE: 1}
_TROUBLES = (MessageState.UNKNOWN, MessageState.FAILED)


class Calendar:
    """Stories in the order of time. A story yields when it goes on; one that would go on later than `until` waits for ever."""

    def __init__(self, until: datetime) -> None:
        self.until = until
        self._stories: list[tuple[datetime, int, Story]] = []
        self._begun = 0

    def begin(self, story: Story) -> None:
        """Let a story begin; its first time says when."""
        self._begun += 1
        self._next(story, self._begun)

    def run(self) -> None:
        """Let everything happen up to `until`."""
        while self._stories:
            _at, number, story = heapq.heappop(self._stories)
            self._next(story, number)

    def _next(self, story: Story, number: int) -> None:
        at = next(story, None)
        if at is not None and at <= self.until:
            heapq.heappush(self._stories, (at, number, story))


@transaction.atomic
def make(now: datetime, endings: Mapping[Ending, int] = ENDINGS) -> None:
    """Fill an empty, migrated database with both clinics as they stand at `now`. The same moment gives the same story.

    `endings` says how many patients stand where.
    """
    # Hundreds of thousands of short-lived objects, hardly a cycle among them: collecting them costs a fifth of the time.
    before = gc.get_threshold()
    gc.set_threshold(100_000, *before[1:])
    try:
        _make(now, endings)
    finally:
        gc.set_threshold(*before)


def _make(now: datetime, endings: Mapping[Ending, int]) -> None:
    load_catalogue()
    load_terms()
    began_at = now - HISTORY - timedelta(days=60)
    places = practice.open_clinics(began_at)
    indications = {indication.code: indication for indication in Indication.objects.all()}
    sites = {site.code: site for site in Site.objects.filter(is_selectable=True)}
    calendar, post_office = Calendar(now), PostOffice()
    scenes = [
        Scene(
            place=place,
            stock=Stock(place, Random(f"{SEED} stock {place.clinic.name}")),  # noqa: S311 - a story, no secret
            indications=indications,
            sites=sites,
            now=now,
            begin=calendar.begin,
            expect_trouble=post_office.expect_trouble,
        )
        for place in places
    ]
    for scene, course in _cast(scenes, endings, now):
        calendar.begin(Life(course, scene).story())
    calendar.begin(_engine(post_office, began_at, _start_of_today(places, now)))
    calendar.begin(practice.verify_some_rules(places[0], now - timedelta(days=300)))
    calendar.run()
    for scene in scenes:
        scene.stock.fill_up(now)
    keep_some_templates(places, now)
    for place in places:
        plan_ahead(place, now)
    attach_some_documents(places, now)
    practice.let_letters_go_at_any_hour()
    # From here on the real engine looks after them: at its next run it looks at everybody.
    Patient.objects.update(next_check_at=now)


def _engine(post_office: PostOffice, began_at: datetime, ended_at: datetime) -> Story:
    """The engine runs when it is morning at one clinic and past noon at the other; not today any more.

    Each day of the last weeks, on which what stands open today hangs; before that it catches up once a week.
    """
    at = datetime.combine(began_at.date(), time(13, 10), tzinfo=UTC)
    while at < ended_at:
        yield at
        post_office.run(at)
        at += timedelta(days=1 if at > ended_at - _LATELY else 7)


def _start_of_today(places: tuple[Place, Place], now: datetime) -> datetime:
    """The moment before which it is today at neither clinic."""
    return min(datetime.combine(place.today(now), time.min, tzinfo=place.clinic.zone) for place in places)


def _cast(scenes: list[Scene], counts: Mapping[Ending, int], now: datetime) -> Iterator[tuple[Scene, Course]]:
    """Everybody's course, in the order of their record numbers."""
    rng = Random(SEED)  # noqa: S311 - a story, no secret
    ranges: dict[str, Range] = {
        dose.site.code: (dose.start_from, dose.start_until, dose.usual_maximum)
        for dose in SiteDose.objects.filter(family="ONA_INCO", indication=None).select_related("site")
        if dose.start_from is not None and dose.start_until is not None and dose.usual_maximum is not None
    }
    endings = [(ending, turn) for ending, count in counts.items() for turn in range(count)]
    rng.shuffle(endings)
    people = {
        scene.place.clinic.pk: iter(
            invent(len(endings), today=scene.place.today(now), rng=Random(f"{SEED} {scene.place.phone}"),  # noqa: S311
                   phone=scene.place.phone)
        )
        for scene in scenes
    }  # fmt: skip
    troubles = iter(_TROUBLES)
    swallowed = False
    for number, (ending, turn) in enumerate(endings):
        place_at = 0 if number % _FIRST_CLINIC[1] < _FIRST_CLINIC[0] else 1
        scene = scenes[place_at]
        practitioner = scene.place.practitioners[number % len(scene.place.practitioners)].pk
        setting = Setting(
            today=scene.place.today(now),
            working_day=partial(scene.place.diary.working_day, practitioner),
            products=scene.place.products,
            ranges=ranges,
        )
        course = lay_out(
            number,
            turn,
            _fitting(people[scene.place.clinic.pk], ending, turn, scene.place.today(now)),
            ending,
            setting,
            seed=SEED,
            has_email=turn >= _WITHOUT_EMAIL.get(ending, 0),
            opts_out=_is_next(turn, ending),
        )
        if ending is Ending.OPEN and course.has_email and not course.opts_out:
            course = replace(course, trouble=next(troubles, ""))
        if not swallowed and any(code == "PLAT" for one in course.treatments[:1] for code, _side, _units in one.points):
            course, swallowed = replace(course, swallowing=True), True
        yield scene, course


def _fitting(people: Iterator[Person], ending: Ending, turn: int, today: date) -> Person:
    """The next person; for the hold because of a pregnancy, a woman of an age for it."""
    if (ending, turn) != PREGNANT:
        return next(people)
    person = next(person for person in people if person.is_woman)
    return replace(person, born_on=today - timedelta(days=33 * 365 + 40))


def _is_next(turn: int, ending: Ending) -> bool:
    """Whether this one stops the invitations: those just after the ones without an address."""
    first = _WITHOUT_EMAIL.get(ending, 0)
    return first <= turn < first + _OPTED_OUT.get(ending, 0)
