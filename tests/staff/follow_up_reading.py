"""Reading the follow-up list as a person does, and filling it."""

from datetime import timedelta
from html import unescape

from tests.factories import TODAY, FollowUpFactory, PatientFactory


def make(clinic, name="Marta Kowalczyk", *, opens_in=0, lasts=90, **fields):
    """A follow-up of somebody with this name, whose window opens so many days from today."""
    given, family = name.split(" ")
    patient = fields.pop("patient", None) or PatientFactory(clinic=clinic, given_name=given, family_name=family)
    opens_on = TODAY + timedelta(days=opens_in)
    return FollowUpFactory(
        patient=patient, opens_on=opens_on, closes_on=opens_on + timedelta(days=lasts), suggested_until=opens_on, **fields
    )


def text(response):
    """The page with entities resolved and white space joined."""
    return " ".join(unescape(response.content.decode()).split())


def names(response):
    """Who stands in the list, top to bottom."""
    return [part.split("</a>")[0].split(">")[-1] for part in text(response).split('class="row-link"')[1:]]


def row_of(response, name):
    """The line of this patient."""
    return next(part for part in text(response).split("<tr>") if f">{name}</a>" in part)
