"""A visit as a calendar file (RFC 5545). Neutral: it may lie open on a shared computer or a family's calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _
from icalendar import Alarm, Calendar, Event, vCalAddress

from clinic.scheduling.models import Appointment, AppointmentState

PRODUCT = "-//Visits//EN"
CONTENT_TYPE = "text/calendar; charset=utf-8"
#: A calendar program reminds its owner this long before the visit.
REMIND_BEFORE = timedelta(hours=24)


def calendar_file(appointment: Appointment, *, host: str, method: str = "PUBLISH", now: datetime) -> bytes:
    """Return the calendar file of a visit; a program that has it already takes this one for its newest state.

    The UID never changes and SEQUENCE rises with each change. Title, place and phone are the clinic's; who is seen, why and by
    whom is not said. `host` is this installation's name; the appointment's clinic and kind should be loaded.
    """
    clinic = appointment.clinic
    event = Event()
    event.add("uid", f"{appointment.public_id}@{host}")
    event.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", appointment.starts_at.astimezone(UTC))
    event.add("dtend", appointment.visit_ends_at.astimezone(UTC))
    event.add("sequence", appointment.sequence)
    event.add("summary", _("Visit, %(clinic)s") % {"clinic": clinic.sender_name})
    event.add("location", clinic.address)
    event.add("contact", clinic.phone)
    # RFC 5546 wants to know from whom a published or cancelled event comes; its name is the neutral one of the letters.
    organizer = vCalAddress(f"mailto:{clinic.reply_to}")
    organizer.params["CN"] = clinic.sender_name
    event.add("organizer", organizer)
    is_off = appointment.state == AppointmentState.CANCELLED
    event.add("status", "CANCELLED" if is_off else "CONFIRMED")
    event.add("class", "PRIVATE")
    if not is_off:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", _("Visit, %(clinic)s") % {"clinic": clinic.sender_name})
        alarm.add("trigger", -REMIND_BEFORE)
        event.add_component(alarm)
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(event)
    return bytes(calendar.to_ical())
