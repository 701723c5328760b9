"""The demonstration: believable, all invented, the same for the same moment, with letters due whenever it is started."""

import re
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from statistics import median

import pytest
from django.db import connection, transaction
from django.db.models import Count, F, Sum

from clinic.accounts import User
from clinic.care import worklist
from clinic.care.stages import Stage
from clinic.management.commands import seed_demo
from clinic.management.seed.courses import ENDINGS
from clinic.management.seed.world import make
from clinic.patients.models import Patient, PatientStatus
from clinic.practice.models import Clinic, Membership, Role
from clinic.reminders import planning
from clinic.reminders.models import Message
from clinic.safety.models import SideEffect
from clinic.scheduling.models import Appointment
from clinic.toxins.models import SiteDose, Vial
from clinic.treatments.models import (
    ContactAttempt,
    Document,
    FollowUp,
    Injection,
    InjectionSession,
    ProtocolTemplate,
    SessionVersion,
    VialUse,
)
from tests.factories import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

#: Nothing sent to these ever reaches anybody (RFC 2606), nobody has these numbers (Ofcom, North American Numbering Plan).
RESERVED_MAIL = re.compile(r"[a-z0-9.-]+@([a-z-]+\.)*(example|test|example\.(org|net|com))")
RESERVED_PHONE = re.compile(r"07700 900\d{3}|020 7946 0\d{3}|\+1 212 555 01\d\d")


@pytest.fixture(scope="module")
def demonstration(django_db_setup, django_db_blocker):
    """The whole demonstration, made once for this module and taken back after it."""
    with django_db_blocker.unblock(), transaction.atomic():
        make(NOW)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # no statistics come by themselves inside a transaction
        yield
        transaction.set_rollback(True)


@pytest.fixture
def engine_run(demonstration):
    """What the engine plans in its first run."""
    planning.run(clock=lambda: NOW, until=NOW + timedelta(seconds=1))
    return list(Message.objects.filter(created_at=NOW))


def stages():
    found = Counter()
    for clinic in Clinic.objects.all():
        open_ones = FollowUp.objects.filter(patient__clinic=clinic).exclude(state="TREATED")
        found.update(worklist.with_stage(open_ones, NOW.astimezone(clinic.zone).date()).values_list("stage", flat=True))
    return found


def test_about_120_patients_of_two_clinics_with_two_years_behind_them(demonstration):
    assert Patient.objects.count() == sum(ENDINGS.values()) == 120
    assert {clinic.time_zone for clinic in Clinic.objects.all()} == {"Europe/London", "America/New_York"}
    first, last = (InjectionSession.objects.order_by(order).first().performed_on for order in ("performed_on", "-performed_on"))
    assert NOW.date() - timedelta(days=745) < first < NOW.date() - timedelta(days=640)
    assert NOW.date() - timedelta(days=14) < last <= NOW.date()


def test_women_are_twice_as_many_as_men_and_most_have_hemifacial_spasm(demonstration):
    indications = Counter(Patient.objects.values_list("conditions__indication__code", flat=True))

    assert indications["HFS"] > 85
    assert indications["BLEPH"] > 8


def test_every_stage_of_the_worklist_has_somebody(demonstration):
    found = stages()

    assert {stage for stage in Stage if found[stage] < 3} == set()
    assert sum(found.values()) == FollowUp.objects.exclude(state="TREATED").count()


def test_every_kind_of_patient_is_there(demonstration):
    assert set(Patient.objects.values_list("status", flat=True)) == set(PatientStatus.values)
    assert Patient.objects.filter(email="").count() >= 4
    assert Patient.objects.filter(consents__purpose="INVITE", consents__is_given=False).count() >= 3
    assert Patient.objects.filter(holds__cleared_at=None, holds__isnull=False).count() >= 5
    assert FollowUp.objects.filter(snoozed_until__gt=NOW.date()).exists()
    assert set(Appointment.objects.values_list("state", flat=True)) == {"BOOKED", "TREATED", "MISSED", "CANCELLED"}
    assert ContactAttempt.objects.exists()
    assert set(SideEffect.objects.values_list("state", flat=True)) == {"NEW", "IN_REVIEW", "FOLLOWING", "REVIEWED"}
    assert FollowUp.objects.filter(state="STOPPED").values("stop_reason").distinct().count() >= 5


def test_letters_of_the_past_went_and_two_went_wrong(demonstration):
    states = Counter(Message.objects.values_list("state", flat=True))

    assert states["SENT"] > 500
    assert (states["UNKNOWN"], states["FAILED"]) == (1, 1)
    assert not Message.objects.filter(state="READY").exists()
    assert not Message.objects.filter(sent_at__gt=NOW).exists()


def test_letters_are_owed_today_and_nobody_gets_a_pile(engine_run):
    letters = Counter(message.step for message in engine_run)
    per_patient = Counter(message.patient_id for message in engine_run)

    assert letters["INVITE"] + letters["REMIND"] + letters["LAST_CALL"] >= 6
    assert len(engine_run) <= 45
    assert max(per_patient.values()) == 1


def test_letters_owed_today_may_go_at_this_very_minute(engine_run):
    assert all(message.ready_at <= NOW for message in engine_run)
    for clinic in Clinic.objects.all():
        assert set(clinic.sending_weekdays) == set(range(7))


def test_effect_lasts_as_long_as_published(demonstration):
    days = {}
    for row in FollowUp.objects.filter(worn_off_on__isnull=False).values_list(
        "session__product__code", "condition__indication__code", "worn_off_on", "session__performed_on"
    ):
        days.setdefault(("BLEPH" if row[1] == "BLEPH" else row[0]), []).append((row[2] - row[3]).days)

    assert median(days["ONABOT"] + days["INCOBOT"]) == pytest.approx(84, rel=0.18)
    assert median(days["ABOBOT"]) == pytest.approx(98, rel=0.25)
    assert len(days["ONABOT"]) > 50


def test_side_effects_come_at_published_rates(demonstration):
    treatments = InjectionSession.objects.count()
    terms = Counter(SideEffect.objects.values_list("current_version__term__code", flat=True))

    assert terms["AE01"] / treatments == pytest.approx(0.12, abs=0.05)
    assert terms["AE14"] / treatments == pytest.approx(0.05, abs=0.03)
    assert sum(terms.values()) / treatments < 0.35


def test_side_effects_lie_after_their_treatment(demonstration):
    versions = SideEffect.objects.values_list(
        "session__performed_on", "current_version__onset_on", "current_version__resolved_on"
    )
    for treated_on, onset_on, resolved_on in versions:
        assert treated_on <= onset_on <= NOW.date()
        assert resolved_on is None or resolved_on >= onset_on


def test_records_add_up(demonstration):
    connection.check_constraints()
    for version in SessionVersion.objects.annotate(given=Sum("injections__units")):
        assert version.total_units == version.given
        assert version.signed_at is not None
    drawn = dict(VialUse.objects.values_list("vial").annotate(given=Sum("units_given")))
    for vial in Vial.objects.all():
        assert vial.units_given == drawn.get(vial.pk, Decimal(0))
    assert not FollowUp.objects.filter(state="ACTIVE", patient__status__in=["DECEASED", "DISCHARGED"]).exists()


def test_no_point_gets_more_than_is_usual_there(demonstration):
    usual = {
        (site, indication): highest
        for site, indication, highest in SiteDose.objects.values_list("site__code", "indication__code", "usual_maximum")
    }
    given = Injection.objects.filter(version__session__product__family="ONA_INCO").values_list(
        "site__code", "version__session__condition__indication__code", "units"
    )

    def highest(code, indication):
        return usual.get((code, indication)) or usual[code, None]

    assert [(code, units) for code, indication, units in given if units > highest(code, indication)] == []


def test_migraine_dystonia_spasticity_and_sweating_are_shown_too(demonstration):
    counts = {}
    for indication, session, view in Injection.objects.values_list(
        "version__session__condition__indication__code", "version__session", "view"
    ):
        counts.setdefault(indication, {}).setdefault(session, Counter())[view] += 1

    assert set(counts) == {"HFS", "BLEPH", "CM", "CD", "ULS", "AXH"}
    assert all(views == {"FACE_FRONT": 7, "FACE_RIGHT": 4, "FACE_LEFT": 4, "HEAD_BACK": 16} for views in counts["CM"].values())
    assert all(set(views) == {"HEAD_BACK", "NECK_FRONT"} for views in counts["CD"].values())
    assert all(len(views) == 1 for views in counts["ULS"].values()), "the arm of one side"
    assert all(views == {"AXILLAE": 20} for views in counts["AXH"].values())
    assert not Injection.objects.filter(version__session__product__family="ABO", units__gt=20).exists()
    assert not Injection.objects.filter(site__is_avoided=True).exists()


def test_patients_keep_their_product_but_for_a_few(demonstration):
    products = {}
    for patient_id, product in InjectionSession.objects.values_list("patient_id", "product_id"):
        products.setdefault(patient_id, set()).add(product)

    changed = [used for used in products.values() if len(used) > 1]
    assert 1 <= len(changed) <= 20


def test_visits_to_come_lie_inside_their_window(demonstration):
    coming = Appointment.objects.filter(state="BOOKED", follow_up__isnull=False).select_related("clinic", "follow_up")

    assert coming.count() >= 15
    for visit in coming:
        on = visit.starts_at.astimezone(visit.clinic.zone).date()
        assert visit.starts_at > NOW
        assert visit.follow_up.opens_on <= on <= visit.follow_up.closes_on


def test_nobody_real_can_be_reached(demonstration):
    addresses = [
        *Patient.objects.exclude(email="").values_list("email", flat=True),
        *User.objects.values_list("email", flat=True),
    ]
    addresses += Clinic.objects.values_list("reply_to", flat=True)
    numbers = [*Patient.objects.values_list("phone", flat=True), *Clinic.objects.values_list("phone", flat=True)]

    assert [address for address in addresses if not RESERVED_MAIL.fullmatch(address)] == []
    assert [number for number in numbers if not RESERVED_PHONE.fullmatch(number)] == []


def test_names_and_numbers_are_different(demonstration):
    names = Patient.objects.values_list("clinic", "given_name", "family_name")
    assert len(set(names)) == len(names)
    assert not re.search("botox", " ".join(clinic.sender_name for clinic in Clinic.objects.all()), re.IGNORECASE)


def test_every_role_of_every_clinic_can_sign_in(demonstration):
    for clinic in Clinic.objects.all():
        assert set(Membership.objects.filter(clinic=clinic).values_list("role", flat=True)) == set(Role.values)
    for email, _what in seed_demo.ACCOUNTS:
        assert User.objects.get(email=email).check_password(seed_demo.PASSWORD)
    assert Membership.objects.values("user").annotate(clinics=Count("clinic")).filter(clinics=2).count() == 1


def test_patients_born_before_they_fell_ill_and_were_treated(demonstration):
    assert not Patient.objects.filter(conditions__onset_on__lt=F("born_on")).exists()
    assert not InjectionSession.objects.filter(performed_on__gt=NOW.date()).exists()
    assert not Patient.objects.filter(created_at__gt=NOW).exists()


def test_each_clinic_has_templates_of_its_own_with_points_that_its_products_have(demonstration):
    for clinic in Clinic.objects.all():
        kept = ProtocolTemplate.objects.filter(clinic=clinic).annotate(count=Count("points"))
        assert {one.name for one in kept} >= {"Round the eye", "Whole half of the face"}
        assert all(one.count >= 3 for one in kept)


def test_each_clinic_has_drawings_for_photographs_and_a_signed_consent(demonstration):
    for clinic in Clinic.objects.all():
        documents = Document.objects.filter(patient__clinic=clinic)
        assert Counter(documents.values_list("kind", flat=True)) == {"PHOTOGRAPH": 4, "SIGNED_CONSENT": 1}
        assert all(one.session.performed_on == one.taken_on and one.size < 100_000 for one in documents)


def test_the_fixed_scheme_for_migraine_is_a_template_with_its_31_points_on_their_pictures(demonstration):
    for clinic in Clinic.objects.all():
        scheme = ProtocolTemplate.objects.get(clinic=clinic, name="Fixed scheme, 31 places")
        views = Counter(scheme.points.values_list("view", flat=True))
        assert (scheme.indication.code, views.total()) == ("CM", 31)
        assert views == {"FACE_FRONT": 7, "FACE_RIGHT": 4, "FACE_LEFT": 4, "HEAD_BACK": 16}
