"""The catalogues of `locale`: whatever a patient reads is there in each language, and what is compiled is what was written."""

import gettext
import re
from ast import literal_eval
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(settings.BASE_DIR)
LANGUAGES = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
#: What patients read, besides the templates.
MODULES = (
    "clinic/practice/emergency_words.py",
    *("clinic/portal/forms.py", "clinic/portal/views/emails.py", "clinic/reminders/letters.py"),
    *("clinic/scheduling/calendar_file.py", "clinic/scheduling/services/booking.py"),
    *("clinic/scheduling/services/changing.py", "clinic/scheduling/services/refusals.py"),
)
TEMPLATES = [path for folder in ("email", "portal") for path in sorted((ROOT / "templates" / folder).rglob("*.*"))]
_MARKED = re.compile(
    r"""(?<![\w.])(?:gettext|_)\(\s*u?(?P<text>(?P<quote>'''|\"\"\"|['"])(?:\\.|(?!(?P=quote)).)*(?P=quote))""", re.DOTALL
)


def folder_of(language):
    return ROOT / "locale" / language / "LC_MESSAGES"


def written(language):
    return polib.pofile(str(folder_of(language) / "django.po"))


def said_to_patients():
    """Every text for patients in the source, as it stands there."""
    texts = set()
    sources = [templatize(path.read_text()) for path in TEMPLATES] + [(ROOT / module).read_text() for module in MODULES]
    for source in sources:
        texts |= {literal_eval(found["text"]) for found in _MARKED.finditer(source)}
    return texts


def test_what_patients_read_is_found_in_the_source():
    texts = said_to_patients()
    assert {"Your visit is booked", "Dear %(given_name)s,", "Please choose a time.", "l j F"} <= texts
    assert len(texts) > 100


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_left_untranslated_and_nothing_is_left_over(language):
    catalogue = {entry.msgid: entry for entry in written(language)}
    assert {msgid for msgid, entry in catalogue.items() if not entry.msgstr or entry.fuzzy or entry.obsolete} == set()
    assert set(catalogue) == said_to_patients()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_filled_in_stays_the_same(language):
    """A name that a translation drops or misspells would be missing from a letter."""
    for entry in written(language):
        names = re.compile(r"%\((\w+)\)s")
        assert sorted(names.findall(entry.msgid)) == sorted(names.findall(entry.msgstr)), entry.msgid
        assert re.findall(r"<[^>]+>", entry.msgid) == re.findall(r"<[^>]+>", entry.msgstr), entry.msgid


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_that_of_the_written_one(language):
    with (folder_of(language) / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert {entry.msgid: compiled.gettext(entry.msgid) for entry in written(language)} == {
        entry.msgid: entry.msgstr for entry in written(language)
    }
