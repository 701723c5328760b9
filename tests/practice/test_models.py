"""What a clinic's settings may not say."""

import pytest
from django.core.exceptions import ValidationError

from tests.factories import ClinicFactory


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("jurisdiction", "uk"),  # no label has rules for it: every interval floor would vanish
        ("jurisdiction", "XX"),
        ("sender_name", "The BOTOX clinic"),
        ("sender_name", "Harbour clinic\r\nBcc: somebody@example.org"),
        ("language", "zz"),
        ("time_zone", "Europe/Atlantis"),
    ],
)
def test_no_setting_may_hide_the_rules_or_say_on_letters_what_is_treated(field, value):
    clinic = ClinicFactory()
    clinic.full_clean()
    setattr(clinic, field, value)
    with pytest.raises(ValidationError) as refused:
        clinic.full_clean()
    assert set(refused.value.message_dict) == {field}
