"""What a rule says about ages, and a vial's hours."""

from datetime import timedelta

import pytest

from clinic.toxins.rules import fits_age, usable_until
from tests.factories import NOW


@pytest.mark.parametrize(
    ("age", "age_from", "age_until", "fits"),
    [
        (12, 12, None, True),
        (11, 12, None, False),
        (17, None, 17, True),
        (18, None, 17, False),
        (40, None, None, True),
        (None, 12, 17, True),
    ],
)
def test_rule_fits_the_ages_it_names_and_an_unknown_age_always(age, age_from, age_until, fits):
    assert fits_age(age, age_from=age_from, age_until=age_until) is fits


def test_vial_lasts_the_hours_of_its_label():
    assert usable_until(NOW, 24) == NOW + timedelta(hours=24)
