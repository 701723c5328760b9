"""A clinic's own words in its letters."""

import factory

from clinic.reminders.letter_wordings import LetterWording
from tests.factories.base import NOW, Factory
from tests.factories.practice import ClinicFactory, UserFactory


class LetterWordingFactory(Factory):
    """A beginning of the invitation in English."""

    class Meta:
        model = LetterWording

    clinic = factory.SubFactory(ClinicFactory)
    letter = "invite"
    language = "en"
    version = 1
    subject = "Time for your visit at {clinic}"
    opening = "Dear {given_name}, it is time again."
    by = factory.SubFactory(UserFactory)
    at = NOW
