"""The main job, told by the parts that do it: from a signed treatment to a booked follow-up and the letter that stops.

Each step acts through the door that people use (pages over HTTP, a letter from the mail server, a link in it) and yields what
came true. What does not come true raises StoryError or ServerError.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from email.message import EmailMessage

from botox_tracker.stack import PROJECT, Accepted, Stack
from clinic.management.tour.visitor import Page, StoryError, Visitor

#: Long enough ago that the first letter is owed today: invitations go 14 days before the window opens at the earliest.
TREATED_DAYS_AGO = 85
POINTS = (
    ("OO_UL_MED", "RIGHT", "2.5"),
    ("OO_UL_LAT", "RIGHT", "2.5"),
    ("OO_LL_LAT", "RIGHT", "2.5"),
    ("OO_CANTH", "RIGHT", "5"),
    ("ZYG_MAJ", "RIGHT", "1.25"),
)


@dataclass(frozen=True)
class Told:
    """One step that came true: what it was, in words with its facts, and the facts by name."""

    words: str
    facts: dict[str, str] = field(default_factory=dict)


def tell(stack: Stack) -> Iterator[Told]:
    """Tell the story on a running, empty stack. The caller stops the stack."""
    world = _prepare(stack)
    stack.start_web()
    stack.start_worker()
    stack.start_beat()
    yield Told(
        f"web, Celery worker and beat, broker and mail server run; {world['patient_name']} is registered and agreed to letters"
    )

    staff = Visitor(stack.site_url)
    page = staff.open("/account/login/")
    staff.send(page, page.form("password").fill("login", world["clinician"]).fill("password", world["password"]))
    treated_on = date.fromisoformat(world["today"]) - timedelta(days=TREATED_DAYS_AGO)
    signed = _record(staff, world, treated_on)
    total = sum(float(units) for _, _, units in POINTS)
    if f"{total:.2f}" not in signed.text and f"{total:g} U" not in signed.text:
        raise StoryError(f"the signed treatment does not show {total} U: {signed.text[:600]}")
    yield Told(
        f"treatment of {treated_on:%-d %b %Y} signed in the browser: {len(POINTS)} points, {total:g} U",
        {"treated_on": treated_on.isoformat()},
    )

    yield _window(staff, world)

    stack.wait_for(lambda: bool(stack.mailbox.to(world["patient_email"])), seconds=30, name="the invitation")
    letter = stack.mailbox.to(world["patient_email"])[0]
    message_id = str(letter.message["Message-ID"])
    yield Told(
        f"beat ticked, the worker handed over “{letter.message['Subject']}”, accepted {_clock(letter)}; Message-ID {message_id}",
        {"message_id": message_id, "subject": str(letter.message["Subject"])},
    )

    booking, booked = _book(stack, letter)
    yield Told(f"the patient opened the link (nothing changed) and booked {booked}", {"booked": booked})

    stack.wait_for(
        lambda: len(stack.mailbox.to(world["patient_email"])) >= 2, seconds=30, name="the letter that confirms the booking"
    )
    confirmation = stack.mailbox.to(world["patient_email"])[1]
    if not any(part.get_content_type() == "text/calendar" for part in confirmation.message.walk()):
        raise StoryError("the confirmation brings no calendar file")
    yield Told(
        f"“{confirmation.message['Subject']}” accepted {_clock(confirmation)}, with a calendar file",
        {"confirmation": str(confirmation.message["Message-ID"])},
    )

    again = booking.open(_link(letter.message))
    if "cancel" not in again.text.casefold():
        raise StoryError(f"the used link does not show the booking: {again.text[:400]}")
    letters = staff.open(f"/follow-ups/?q={world['patient_name'].split()[1]}")
    if "booked" not in letters.text.casefold():
        raise StoryError(f"the follow-up list does not say booked: {letters.text[:600]}")
    stack.run("engine", "--once")
    count = len(stack.mailbox.to(world["patient_email"]))
    if count != 2:
        raise StoryError(f"{count} letters went instead of two")
    yield Told("the follow-up list says booked; another run of the engine sends nothing more: the letter has stopped")


def _prepare(stack: Stack) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "clinic.management.tour.prepare"],
        env=stack.environment,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StoryError(f"the clinic could not be set up:\n{done.stderr[-3000:]}")
    world: dict[str, str] = json.loads(done.stdout)
    return world


def _record(staff: Visitor, world: dict[str, str], treated_on: date) -> Page:
    page = staff.open(f"/patients/{world['patient']}/treatments/new/?condition={world['condition']}")
    form = page.form("Your own next date")
    form.fill("Date", treated_on.isoformat()).choose("Vial", "C7719")
    for number, (site, side, units) in enumerate(POINTS):
        row = f"points-{number}"
        by_code = next((value for value in form.offers(f"{row}-site") if value == site), None)
        if by_code is None:
            raise StoryError(f"the table offers no {site}")
        _set(form, f"{row}-site", by_code)
        _set(form, f"{row}-side", side)
        form.fill(f"{row}-units", units)
    # Whoever signs answers every question anew; this patient has nothing to tell.
    for name in [each.name for each in form.fields if each.name.startswith("answer-")]:
        _set(form, name, "NO")
    return staff.send(page, form)


def _set(form: object, name: str, value: str) -> None:
    for each in form.fields:  # type: ignore[attr-defined]
        if each.name == name:
            each.value = value


def _window(staff: Visitor, world: dict[str, str]) -> Told:
    listed = staff.open(f"/follow-ups/?q={world['patient_name'].split()[1]}")
    shown = staff.open(listed.link(world["patient_name"]))
    day = r"(\d{1,2} \w{3} \d{4})"
    found = re.search(rf"Opens {day} (.+?) Closes {day} (.+?) Suggested", shown.text)
    if found is None:
        raise StoryError(f"the follow-up shows no window: {shown.text[:600]}")
    opens, opens_rule, closes, closes_rule = found.groups()
    return Told(
        f"the follow-up list shows the window: opens {opens} ({opens_rule}), closes {closes} ({closes_rule})",
        {"opens": opens, "closes": closes, "rule": opens_rule},
    )


def _clock(letter: Accepted) -> str:
    from datetime import datetime

    return f"{datetime.fromtimestamp(letter.at).astimezone():%H:%M:%S}"


def _link(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    found = re.search(r"https?://\S+/p/\S+", body.get_content() if body else "")
    if found is None:
        raise StoryError("the letter holds no link")
    return found[0].rstrip(".,)")


def _book(stack: Stack, letter: Accepted) -> tuple[Visitor, str]:
    patient = Visitor(stack.site_url)
    page = patient.open(_link(letter.message))
    form = next((each for each in page.forms if any(one.kind == "radio" for one in each.fields)), None)
    if form is None:
        raise StoryError(f"the link offers no times: {page.text[:600]}")
    times = next(one for one in form.fields if one.kind == "radio")
    times.value = next(value for value in times.options if value)
    done = patient.send(page, form)
    found = re.search(r"\w+day,? \d{1,2} \w+(?: \d{4})?,?(?: at)? \d{1,2}:\d\d", done.text)
    if found is None:
        raise StoryError(f"the page after booking names no time: {done.text[:600]}")
    return patient, found[0]
