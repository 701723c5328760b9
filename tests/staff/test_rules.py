"""The pages about rules: what counts at the clinic, comparing it with the label, writing a version of one's own, ending it."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from clinic.practice.models import Role
from clinic.toxins.models import LabelRule, RuleVerification
from tests.factories import (
    NOW,
    TODAY,
    ClinicFactory,
    IndicationFactory,
    LabelRuleFactory,
    MembershipFactory,
    ProductFactory,
    member,
    own_rule,
)
from tests.staff.recording import error_at, text, value_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("morning")]

LIST = reverse("staff:rule-list")


@pytest.fixture
def doctor(clinic):
    return member(Role.CLINICIAN, clinic=clinic, name="Dr Harbour")


@pytest.fixture
def reader(client, doctor):
    client.force_login(doctor)
    return client


def page(rule, what="show"):
    return reverse(f"staff:rule-{what}", args=[rule.public_id])


def version(**changes):
    """What is typed of a version of an interval."""
    return {
        "wording": "10 weeks between treatments", "interval_value": "10", "interval_unit": "WEEK", "source": "SmPC of 11/2026",
        "valid_from": TODAY.isoformat(),
    } | changes  # fmt: skip


def rows(response):
    """The rows of the tables, as they are read."""
    return [
        " ".join(re.sub("<[^>]+>", " ", row).split())
        for row in re.findall(r"<tr>\s*<td>.*?</tr>", response.content.decode(), re.S)
    ]


# -- the list -----------------------------------------------------------------------------------------------------------


def test_the_list_says_of_each_rule_what_it_limits_where_it_was_read_and_how_it_stands(reader, clinic, doctor):
    read = LabelRuleFactory(wording="12 weeks between treatments", source="An old reprint")
    RuleVerification.objects.create(rule=read, clinic=clinic, by=doctor, at=NOW, note="SmPC of March")
    LabelRuleFactory(
        scope="ROLLING", units=400, interval_value=3, interval_unit="MONTH", indication=None, age_from=18,
        wording="400 U in 3 months", from_general_knowledge=True,
    )  # fmt: skip

    shown = rows(reader.get(LIST))

    assert len(shown) == 2
    assert shown[1].startswith("12 weeks between treatments The time between two treatments: at least 12 weeks Hemifacial spasm")
    assert "An old reprint verified Dr Harbour, 23 Nov 2026: SmPC of March" in shown[1]
    assert "at most 400 U in 3 calendar months; aged 18 and older every use" in shown[0]
    assert "From general knowledge: check the label." in shown[0]
    assert shown[0].endswith("not verified")


def test_rules_of_another_jurisdiction_or_clinic_are_not_listed(reader, clinic):
    LabelRuleFactory(jurisdiction="US")
    own_rule(ClinicFactory())
    assert rows(reader.get(LIST)) == []
    assert "No rule here." in text(reader.get(LIST))


def test_the_list_holds_what_counts_and_what_will_and_not_what_has_ended(reader, clinic):
    shipped = LabelRuleFactory(wording="the catalogue's")
    own_rule(clinic, replaces=shipped, wording="followed it")
    own_rule(clinic, wording="will count", valid_from=TODAY + timedelta(days=9))
    own_rule(clinic, wording="has ended", valid_from=TODAY - timedelta(days=9), valid_until=TODAY - timedelta(days=1))

    shown = rows(reader.get(LIST))

    assert [row.split(" The time")[0] for row in shown] == ["followed it", "will count"]
    assert "from 2 Dec 2026, not yet" in shown[1]
    assert "the clinic's own" in shown[0].replace("&#x27;", "'")


@pytest.mark.parametrize(("standing", "wordings"), [
    ("verified", ["read"]), ("unverified", ["unread", "own"]), ("own", ["own"]), ("", ["read", "unread", "own"]),
    ("nonsense", ["read", "unread", "own"]),
])  # fmt: skip
def test_the_list_is_narrowed_by_how_the_rules_stand(reader, clinic, doctor, standing, wordings):
    rule = LabelRuleFactory(wording="read", code="A")
    RuleVerification.objects.create(rule=rule, clinic=clinic, by=doctor, at=NOW)
    RuleVerification.objects.create(rule=LabelRuleFactory(wording="unread", code="B"), clinic=ClinicFactory(), by=doctor, at=NOW)
    own_rule(clinic, wording="own", code="C")

    response = reader.get(LIST, {"standing": standing})

    assert sorted(row.split()[0] for row in rows(response)) == sorted(wordings)
    assert "All 3" in text(response)


def test_the_list_takes_as_many_queries_for_many_rules_as_for_one(reader, clinic, doctor, count_queries):
    LabelRuleFactory()
    one = count_queries(lambda: reader.get(LIST))
    for number in range(8):
        rule = LabelRuleFactory(product=ProductFactory(code=f"P{number}"), indication=IndicationFactory(code=f"I{number}"))
        RuleVerification.objects.create(rule=rule, clinic=clinic, by=doctor, at=NOW)
        own_rule(clinic, replaces=rule)
    assert count_queries(lambda: reader.get(LIST)) == one == 8


def test_whoever_treats_at_two_clinics_reads_the_rules_of_either(reader, clinic, doctor):
    second = ClinicFactory(name="Second clinic")
    MembershipFactory(user=doctor, clinic=second, role=Role.CLINICIAN)
    own_rule(second, wording="theirs")
    assert rows(reader.get(LIST)) == []
    (row,) = rows(reader.get(LIST, {"clinic": str(second.public_id)}))
    assert row.startswith("theirs")
    assert reader.get(LIST, {"clinic": str(ClinicFactory().public_id)}).status_code == 404
    assert reader.get(LIST, {"clinic": "nonsense"}).status_code == 404


# -- one rule -----------------------------------------------------------------------------------------------------------


def test_a_clinician_says_that_a_rule_agrees_with_the_label_and_with_which_text(reader, clinic, doctor):
    rule = LabelRuleFactory()

    response = reader.post(page(rule, "verify"), {"note": "SmPC of March 2026, 4.2"}, follow=True)

    kept = RuleVerification.objects.get()
    assert (kept.rule, kept.clinic, kept.by, kept.at, kept.note) == (rule, clinic, doctor, NOW, "SmPC of March 2026, 4.2")
    assert "Dr Harbour, 23 Nov 2026: SmPC of March 2026, 4.2" in text(response)
    assert "Compare it with the label" not in text(response)


def test_a_note_that_is_too_long_is_told_beside_it_and_kept(reader):
    rule = LabelRuleFactory()
    response = reader.post(page(rule, "verify"), {"note": "x" * 201})
    assert (response.status_code, value_of(response, "note")) == (422, "x" * 201)
    assert not RuleVerification.objects.exists()


def test_an_administrator_who_treats_nobody_reads_and_does_not_decide(client, clinic):
    client.force_login(member(Role.ADMIN, clinic=clinic))
    rule = own_rule(clinic)
    shown = client.get(page(rule))
    assert "Only a clinician of this clinic compares rules" in text(shown)
    assert not re.search(r"<form[^>]*rules/", shown.content.decode())
    acts = [("verify", {}), ("end", {"last_day": TODAY.isoformat()}), ("change", version())]
    before = list(LabelRule.objects.values())
    for act, typed in acts:
        response = client.post(page(rule, act), typed)
        assert response.status_code == 422
        assert "Only a clinician of this clinic" in text(response)
    assert (list(LabelRule.objects.values()), RuleVerification.objects.count()) == (before, 0)


def test_the_versions_at_the_clinic_stand_on_the_page_of_each(reader, clinic, count_queries):
    shipped = LabelRuleFactory(wording="12 weeks")
    second = own_rule(clinic, replaces=shipped, wording="10 weeks", valid_from=TODAY - timedelta(days=30))
    one = count_queries(lambda: reader.get(page(shipped)))
    third = own_rule(clinic, replaces=second, wording="8 weeks", valid_from=TODAY + timedelta(days=9))
    own_rule(ClinicFactory(), replaces=shipped, wording="not ours")

    for rule in (shipped, second, third):
        shown = rows(reader.get(page(rule)))
        assert [row.split(" The time")[0] for row in shown] == ["8 weeks", "10 weeks", "12 weeks"]
        assert ("a newer version counts" in shown[2], "a newer version counts" in shown[1]) == (True, False)
    assert count_queries(lambda: reader.get(page(shipped))) == one
    assert "Write a new version" not in text(reader.get(page(shipped)))
    assert "Write a new version" in text(reader.get(page(third)))


def test_an_own_rule_is_ended_and_its_page_says_until_when(reader, clinic):
    rule = own_rule(clinic)

    response = reader.post(page(rule, "end"), {"last_day": "2026-12-31"}, follow=True)

    rule.refresh_from_db()
    assert rule.valid_until.isoformat() == "2026-12-31"
    assert "from 23 Nov 2026, until 31 Dec 2026" in text(response)


def test_a_day_that_has_passed_is_refused_beside_the_field(reader, clinic):
    rule = own_rule(clinic)
    response = reader.post(page(rule, "end"), {"last_day": "2026-11-22"})
    assert response.status_code == 422
    assert "what counted on an earlier day stays as it was" in response.content.decode()
    rule.refresh_from_db()
    assert rule.valid_until is None


# -- writing ------------------------------------------------------------------------------------------------------------


def test_a_new_version_begins_with_what_the_one_before_says_but_for_its_source(reader):
    rule = LabelRuleFactory(interval_value=12, age_until=17, wording="12 weeks", source="An old reprint")
    shown = reader.get(page(rule, "change"))
    held = [value_of(shown, name) for name in ("wording", "interval_value", "interval_unit", "age_until", "source", "valid_from")]
    assert held == ["12 weeks", "12", "WEEK", "17", "", "2026-11-23"]
    assert 'name="units"' not in shown.content.decode()


def test_a_new_version_of_a_shipped_rule_is_the_clinic_s_own(reader, clinic, doctor):
    rule = LabelRuleFactory(wording="12 weeks")

    response = reader.post(page(rule, "change"), version(), follow=True)

    own = LabelRule.objects.get(clinic=clinic)
    assert (own.replaces, own.interval_value, own.valid_from, own.written_by) == (rule, 10, TODAY, doctor)
    assert "the clinic's own, written by Dr Harbour on 23 Nov 2026" in text(response)
    assert "not verified" in text(response)


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"interval_value": "ten"}, "interval_value", "Enter a whole number of at most four digits."),
        ({"interval_value": ""}, "interval_value", "Enter how long"),
        ({"source": ""}, "source", "required"),
        ({"valid_from": "2026-11-22"}, "valid_from", "Today at the earliest"),
        ({"valid_until": "2026-11-22"}, "valid_until", "Not before the day"),
        ({"age_from": "18", "age_until": "3"}, "age_until", "Not before the age"),
    ],
)
def test_what_is_wrong_with_a_version_is_told_beside_its_field_and_all_is_kept(reader, changes, field, told):
    rule = LabelRuleFactory()
    typed = version(**changes)
    response = reader.post(page(rule, "change"), typed)
    assert response.status_code == 422
    assert told in response.content.decode()
    assert f'id="error_1_id_{field}"' in response.content.decode() or told in error_at(response, field)
    assert [value_of(response, name) for name in typed] == list(typed.values())
    assert LabelRule.objects.count() == 1


def test_a_rule_that_the_catalogue_does_not_have_is_written(reader, clinic):
    product, indication = ProductFactory(), IndicationFactory()
    shown = reader.get(reverse("staff:rule-add"))
    assert value_of(shown, "valid_from") == "2026-11-23"

    typed = {
        "product": str(product.public_id), "indication": indication.code, "scope": "POINT", "wording": "At most 4 U a point",
        "units": "4", "source": "decided at the clinic, 20 Nov 2026", "valid_from": TODAY.isoformat(),
    }  # fmt: skip
    response = reader.post(reverse("staff:rule-add"), typed, follow=True)

    rule = LabelRule.objects.get()
    assert (rule.clinic, rule.product, rule.indication, rule.scope, rule.units) == (clinic, product, indication, "POINT", 4)
    assert "a point: at most 4 U" in text(response)


def test_somebody_else_s_newer_version_refuses_a_second_one(reader, clinic):
    rule = LabelRuleFactory()
    own_rule(clinic, replaces=rule)
    response = reader.post(page(rule, "change"), version())
    assert response.status_code == 422
    assert "There is a newer version of this rule at this clinic" in text(response)
    assert LabelRule.objects.count() == 2
