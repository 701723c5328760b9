"""What somebody types to find a patient, and what it may mean."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.patients.finding import dates_of, understand
from clinic.patients.models import Patient
from tests.factories import PatientFactory


@pytest.mark.parametrize(
    ("typed", "dates"),
    [
        ("1959-03-02", [date(1959, 3, 2)]),
        ("1959-3-2", [date(1959, 3, 2)]),
        ("02.03.1959", [date(1959, 3, 2)]),
        ("2.3.1959", [date(1959, 3, 2)]),
        ("2/3/1959", [date(1959, 2, 3), date(1959, 3, 2)]),
        ("14/3/1959", [date(1959, 3, 14)]),
        ("3/14/1959", [date(1959, 3, 14)]),
        ("2.3.59", [date(1959, 3, 2), date(2059, 3, 2)]),
        ("2/2/1960", [date(1960, 2, 2)]),
        ("31.02.1959", []),
        ("1959", []),
        ("0000-01-01", []),
        ("1/1/0000", []),
        ("99/99/9999", []),
        ("P00017", []),
    ],
)
def test_date_is_read_in_every_way_it_may_be_meant(typed, dates):
    assert list(dates_of(typed)) == dates


def test_search_is_words_and_birth_dates_in_any_order():
    sought = understand("  Mercer 02.03.1959 ANNA ")

    assert sought.words == ("mercer", "anna")
    assert sought.born_on == (("02.03.1959", (date(1959, 3, 2),)),)


def test_endless_search_is_cut():
    assert len(understand("word " * 10_000).words) <= 8


@given(st.text(max_size=300))
def test_any_text_is_understood(text):
    understand(text)


@pytest.mark.django_db
class TestFoundBy:
    @pytest.fixture
    def born_in_march(self):
        return PatientFactory(given_name="Anna", family_name="Mercer", record_number="P-9", born_on=date(1959, 3, 2))

    @pytest.fixture(autouse=True)
    def born_in_february(self):
        return PatientFactory(given_name="Anna", family_name="Marsh", record_number="P-8", born_on=date(1959, 2, 3))

    @pytest.mark.parametrize(
        "typed", ["mercer", "MERC", "anna mercer", "mercer anna", "p-9", "1959-03-02", "2.3.1959", "anna 02.03.1959"]
    )
    def test_patient_is_found_by_name_number_or_birth_date(self, born_in_march, typed):
        assert list(Patient.objects.found_by(typed)) == [born_in_march]

    def test_ambiguous_date_finds_both_readings(self, born_in_march, born_in_february):
        assert set(Patient.objects.found_by("2/3/1959")) == {born_in_march, born_in_february}

    def test_record_number_that_looks_like_a_date_is_found(self):
        numbered = PatientFactory(record_number="1961-02-03", search_text="anna moss 1961-02-03")

        assert list(Patient.objects.found_by("1961-02-03")) == [numbered]

    @pytest.mark.parametrize("typed", ["%", "_", "100%", "\\", "'", '"; DROP TABLE', "a" * 5000, "mercer marsh"])
    def test_sign_with_a_meaning_to_the_database_finds_nobody(self, born_in_march, typed):
        assert list(Patient.objects.found_by(typed)) == []

    def test_nothing_typed_leaves_everybody(self, born_in_march, born_in_february):
        assert set(Patient.objects.found_by("  ")) == {born_in_march, born_in_february}
