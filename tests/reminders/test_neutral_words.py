"""What may stand in a clinic's own words, and what is refused whatever the language."""

import pytest

from clinic.reminders.neutral_words import FORBIDDEN, Fault, faults


def found(text, *, language="en", has_visit=False, is_subject=False, is_fuller=False):
    told = faults(text, language=language, has_visit=has_visit, is_subject=is_subject, is_fuller=is_fuller)
    return {one.fault: one.words for one in told}


def test_an_ordinary_text_is_taken():
    assert found("Dear {given_name}, it is time for a visit at {clinic}.\n\nSee you soon!") == {}
    assert found("See you on {day} at {time}.", has_visit=True) == {}
    assert found("") == {}


@pytest.mark.parametrize(
    ("language", "text", "word"),
    [
        ("en", "Your next Treatment is due", "treatment"),
        ("de", "Ihre nächste Behandlung", "behandlung"),
        ("es", "Su próxima inyección", "inyección"),
        ("de", "BOTOX steht bereit", "botox"),
        ("es", "Dysport", "dysport"),
    ],
)
def test_words_that_say_too_much_are_refused_in_neutral_text_and_named(language, text, word):
    for is_subject in (False, True):
        assert found(text, language=language, is_subject=is_subject) == {Fault.SAYS_TOO_MUCH: (word,)}


def test_fuller_words_may_name_the_treatment_and_a_subject_never_the_drug():
    assert found("Your treatment with botulinum toxin", is_fuller=True) == {}
    assert found("Your next treatment", is_fuller=True, is_subject=True) == {}
    assert found("Your Botox visit", is_fuller=True, is_subject=True) == {Fault.NAMES_THE_DRUG: ("botox",)}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Dear {name}", Fault.UNKNOWN_VARIABLE),
        ("On {day}", Fault.UNKNOWN_VARIABLE),
        ("{0.__class__}", Fault.UNKNOWN_VARIABLE),
        ("{ given_name }", Fault.UNKNOWN_VARIABLE),
        ("A { alone", Fault.BRACES),
        ("{{given_name}}", Fault.BRACES),
        ("<b>Bold</b>", Fault.MARKUP),
        ("a &nbsp; b", Fault.MARKUP),
        ("https://example.org", Fault.LINK),
        ("www.example.org", Fault.LINK),
        ("write to me@example.org", Fault.LINK),
    ],
)
def test_what_a_letter_does_not_have_or_would_not_show_is_refused(text, fault):
    assert fault in found(text)


@pytest.mark.parametrize("text", ["For {given_name}", "On {day}", "At {time}"])
def test_a_subject_says_nothing_of_the_patient_or_the_visit(text):
    assert set(found(text, is_subject=True, has_visit=True)) == {Fault.NOT_IN_SUBJECT}
    assert found("Visit at {clinic}", is_subject=True) == {}


def test_the_lists_are_in_small_letters_as_they_are_compared():
    assert all(word == word.casefold() for words in FORBIDDEN.values() for word in words)
