"""Why a visit was not booked or changed. Each message is fit for the patient or the member of staff who reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from clinic.scheduling.models import Appointment
    from clinic.scheduling.services.offering import OutsideWindow


class BookingRefused(Exception):
    """Nothing was booked. The text says why, and never whose visit it is about."""

    message: str | _StrPromise = _("This visit could not be booked.")

    def __init__(self, message: str | _StrPromise = "") -> None:
        self.message = message or type(self).message
        super().__init__(str(self.message))


class TimeTaken(BookingRefused):
    """Somebody else was quicker, or the practitioner is busy then."""

    message = _("This time has just been taken. Please choose another.")


class TimeNotOffered(BookingRefused):
    """The time has passed, lies outside the hours, on a closed day, or before the earliest date."""

    message = _("This time is not on offer. Please choose another.")


class OutsideTheWindow(BookingRefused):
    """Staff book before the earliest date or after the window, and have not said why. `outside` says which."""

    def __init__(self, outside: OutsideWindow, message: str | _StrPromise) -> None:
        self.outside = outside
        super().__init__(message)


class AlreadyBooked(BookingRefused):
    """The patient is expected already: for this follow-up, or somewhere else at this time. `appointment` says when."""

    message = _("There is already a visit booked.")

    def __init__(self, appointment: Appointment, message: str | _StrPromise = "") -> None:
        self.appointment = appointment
        super().__init__(message)


class NothingToBook(BookingRefused):
    """The follow-up has ended, or the patient is no longer under this clinic's care."""

    message = _("No visit needs booking at the moment.")


class AskTheClinic(BookingRefused):
    """Staff may book, the patient may not by themselves: something has to be talked over first."""

    message = _("Please phone the clinic: it will find a time with you.")


class ChangeRefused(Exception):
    """The visit is past the point at which this could be done to it."""

    def __init__(self, message: str | _StrPromise) -> None:
        self.message = message
        super().__init__(str(message))


class WaitingRefused(Exception):
    """The wish for a sooner time cannot stand. `field` names what is wrong; empty: the whole."""

    def __init__(self, field: str, message: str | _StrPromise) -> None:
        self.field = field
        self.message = message
        super().__init__(str(message))
