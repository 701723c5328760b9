"""The database itself keeps a rule as it was once a clinic has written, verified or followed it."""

from datetime import timedelta

import pytest

from clinic import audit, guards
from clinic.toxins.models import LabelRule
from tests import factories
from tests.factories import NOW, TODAY, own_rule
from tests.guarding import empty, execute, refuses, values_of, write_over

pytestmark = pytest.mark.django_db


def own(**said):
    return own_rule(factories.ClinicFactory(), **said)


def verified():
    return factories.RuleVerificationFactory(rule__clinic=None).rule


def followed():
    rule = factories.LabelRuleFactory()
    own(replaces=rule)
    return rule


in_use = pytest.mark.parametrize("rule_in_use", [own, verified, followed])

#: Another value of each column that a rule could be rewritten in.
OTHERWISE = {
    "code": "ANOTHER",
    "jurisdiction": "US",
    "scope": "SESSION",
    "units": 999,
    "units_per_kg": 9,
    "age_from": 3,
    "age_until": 99,
    "interval_value": 1,
    "interval_unit": "DAY",
    "only_first": True,
    "muscle": "Procerus",
    "wording": "As often as one likes",
    "valid_from": TODAY - timedelta(days=900),
    "source": "hearsay",
    "from_general_knowledge": True,
    "written_at": NOW - timedelta(days=900),
}


def test_every_column_is_kept_but_the_last_day_and_the_mark_of_the_catalogue():
    every = {field.column for field in LabelRule._meta.concrete_fields}
    assert every - set(guards.RULE_SAYS) == {"valid_until", "catalogue_mark"}
    assert set(OTHERWISE) | {"id", "public_id"} == {
        name for name in guards.RULE_SAYS if not name.endswith("_id") or name == "public_id"
    }


@in_use
def test_a_rule_in_use_cannot_be_rewritten(rule_in_use):
    rule = rule_in_use()
    before, this = values_of(rule), LabelRule.objects.filter(pk=rule.pk)
    for column, value in OTHERWISE.items():
        assert refuses(lambda column=column, value=value: this.update(**{column: value})), column
    assert refuses(lambda: this.update(product=factories.ProductFactory(code="ABOBOT")))
    assert refuses(lambda: execute("UPDATE clinic_labelrule SET wording = 'anything' WHERE id = %s", rule.pk))
    assert refuses(lambda: execute("UPDATE clinic_labelrule SET id = %s WHERE id = %s", rule.pk + 1000, rule.pk))
    assert values_of(rule) == before


@in_use
def test_a_rule_in_use_is_neither_deleted_nor_written_over(rule_in_use):
    rule = rule_in_use()
    before = values_of(rule)
    assert refuses(lambda: LabelRule.objects.filter(pk=rule.pk)._raw_delete("default"))
    refuses(lambda: write_over(rule, wording="'anything'"))
    assert refuses(lambda: empty("clinic_labelrule"))
    assert values_of(rule) == before


def test_own_rule_may_end():
    rule = own()
    LabelRule.objects.filter(pk=rule.pk).update(valid_until=TODAY)
    assert values_of(rule)["valid_until"] == TODAY


def test_rule_of_the_catalogue_that_no_clinic_uses_is_brought_up_to_date():
    rule = factories.LabelRuleFactory(clinic=None)
    LabelRule.objects.filter(pk=rule.pk).update(wording="as a newer catalogue says")
    LabelRule.objects.filter(pk=rule.pk).delete()
    assert not LabelRule.objects.exists()


def test_maintenance_is_the_only_way():
    rule = own()
    with audit.maintenance("a clinic has gone"):
        LabelRule.objects.filter(pk=rule.pk).delete()
    other = own()
    assert refuses(other.delete)
    assert LabelRule.objects.get() == other
