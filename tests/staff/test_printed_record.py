"""The printed record of a treatment, read back from the file."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from clinic import audit
from clinic.audit import AuditEvent
from clinic.practice.models import Role
from clinic.treatments.models import VialUse
from tests.factories import (
    RIGHT_POINTS,
    FollowUpFactory,
    InjectionSessionFactory,
    LotFactory,
    OverrideFactory,
    PatientFactory,
    PractitionerFactory,
    SessionVersionFactory,
    SessionVoidFactory,
    SignedLeafletFactory,
    SiteFactory,
    UserFactory,
    VialFactory,
)
from tests.staff.printed import address_of_print, print_of
from tests.staff.recording import text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("morning")]

#: 31 places on both sides of the head, as a treatment of migraine has them.
SCHEME = [(f"MIG_{number}", side, "5") for number in range(15) for side in ("RIGHT", "LEFT")] + [("PROC", "MIDLINE", "5")]


@pytest.fixture
def patient(clinic):
    return PatientFactory(clinic=clinic, given_name="Anna", family_name="Duarte", record_number="HA-2107", consents=())


@pytest.fixture
def doctor(browse_as):
    return browse_as(Role.CLINICIAN, name="Dr Eluned Marchbanks")


def treated(patient, *, points=RIGHT_POINTS, lot="C7719", session=None, **version):
    """A signed treatment of the patient on 1 September, with a vial of its own that was made up."""
    vial = VialFactory(
        clinic=patient.clinic,
        lot=LotFactory(number=lot),
        labelled_units=Decimal(200),
        diluent_ml=Decimal(4),
        reconstituted_at=datetime(2026, 9, 1, 7, 0, tzinfo=UTC),
    )
    made = InjectionSessionFactory(patient=patient, signed=False, **session or {})
    made.current_version = SessionVersionFactory(session=made, points=points, vial=vial, **version)
    made.state = "SIGNED"
    made.save()
    return made


# -- what stands on it --------------------------------------------------------------------------------------------------


def test_print_says_whose_treatment_it_is_by_whom_and_with_what(doctor, patient):
    practitioner = PractitionerFactory(name="Dr Casimir Holloway", clinics=[patient.clinic])
    session = treated(patient, session={"practitioner": practitioner})
    seen = print_of(doctor, session).text

    for words in (
        "Harbour clinic",
        patient.clinic.address,
        "Anna Duarte",
        "born 4 May 1961 · record number HA-2107",
        "Treatment of 1 Sep 2026",
        "Hemifacial spasm, right",
        "Dr Casimir Holloway",
        "Botox (onabotulinumtoxinA)",
        "6.25 U of Botox",
        "no diagnosis and no dosing advice",
        "Printed 23 Nov 2026",
        "by Dr Eluned Marchbanks",
    ):
        assert words in seen


def test_every_point_stands_in_the_table_with_side_units_and_volume_and_on_the_map_with_its_dose(doctor, patient):
    session = treated(patient)
    shown = print_of(doctor, session)

    rows = shown.after("No. Muscle and point Side Units mL Depth")
    assert rows.startswith(
        "1 Muscle OO_UL_LAT right 2.5 – – 2 Muscle OO_LL_LAT right 2.5 – – 3 Zygomaticus major right 1.25 – – 3 points 6.25"
    )
    picture = shown.text.split("Face from the front")[1].split("No. Muscle and point")[0]
    assert "Patient’s right Patient’s left" in picture
    assert "2.5" in picture
    assert "1.25" in picture


def test_volume_and_depth_are_printed_where_they_are_known(doctor, patient):
    session = treated(patient, points=[("ZYG_MAJ", "RIGHT", "5")])
    with audit.maintenance("a test"):
        session.current_version.injections.update(volume_ml=Decimal("0.025"), depth="deep")

    assert "1 Zygomaticus major right 5 0.025 deep" in print_of(doctor, session).text


def test_units_are_added_up_by_muscle_and_side(doctor, patient):
    for code in ("OO_UL_LAT", "OO_LL_LAT"):
        SiteFactory(code=code, muscle="Orbicularis oculi", point=code)
    points = [("OO_UL_LAT", "RIGHT", "2.5"), ("OO_LL_LAT", "RIGHT", "5"), ("OO_LL_LAT", "LEFT", "1.25"), ("ZYG_MAJ", "LEFT", "1")]
    shown = print_of(doctor, treated(patient, points=points))

    table = shown.after("Muscle right left Total")
    assert table.startswith("Orbicularis oculi 7.5 1.25 8.75 Zygomaticus major – 1 1 All 7.5 2.25 9.75")


def test_vials_are_printed_with_lot_expiry_dilution_and_what_was_drawn_given_and_wasted(doctor, patient):
    shown = print_of(doctor, treated(patient))
    row = shown.after("Vials, in units of Botox Vial Lot Expires Dilution Drawn Given Wasted")
    assert row.startswith("Botox 200 U C7719 31 Jan 2028 4 mL: 5 U per 0.1 mL 6.25 6.25 0")


def test_every_vial_of_several_is_printed_with_the_reason_for_waste_and_the_word_on_sharing(doctor, patient):
    session = treated(patient)
    other = VialFactory(clinic=patient.clinic, lot__number="D0042", state="OPEN")
    with audit.maintenance("a test"):
        VialUse.objects.create(
            version=session.current_version,
            vial=other,
            units_drawn=Decimal(40),
            units_given=Decimal(30),
            units_wasted=Decimal(10),
            waste_reason="syringe fell",
            shared_confirmed=True,
        )
    seen = print_of(doctor, session).text

    assert "C7719" in seen
    assert "D0042 used for another patient before: confirmed by" in seen
    assert "40 30 10 (syringe fell)" in seen


def test_answers_overrides_notes_and_next_visit_are_printed(doctor, patient):
    session = treated(patient, notes="Twitching came back first.\nSecond line.", guidance="EMG")
    FollowUpFactory(session=session, opens_rule="policy: three calendar months")
    OverrideFactory(
        session=session, shown="300 U is more than the label's 200 U", reason="tolerated before", at=session.created_at
    )
    seen = print_of(doctor, session).text

    for words in (
        "Answered yes Anticoagulant",
        "Answered no Allergy to a botulinum toxin",
        "300 U is more than the label's 200 U Reason: tolerated before",
        "Notes Twitching came back first. Second line.",
        "Guidance EMG",
        "Opens 1 Dec 2026 policy: three calendar months",
        "Closes 1 Mar 2027 6 months after the treatment",
        "Suggested 1 Dec 2026 – 22 Dec 2026 first three weeks of the window",
    ):
        assert words in seen


def test_consent_on_the_print_is_that_of_the_day_of_treatment(doctor, patient):
    session = treated(patient)
    assert "Consent to treatment none on record" in print_of(doctor, session).text

    SignedLeafletFactory(patient=patient, version="1", signed_on=date(2026, 5, 3), taken_by="Dr Okafor")
    SignedLeafletFactory(patient=patient, version="9")
    seen = print_of(doctor, session).text
    assert "version 1, signed 3 May 2026 taken by Dr Okafor; written down on 23 Nov 2026" in seen
    assert "version 9" not in seen


def test_print_says_who_signed_and_when_in_the_clinics_zone(doctor, patient):
    session = treated(patient, signed_by=UserFactory(name="Dr Thora Winterbourne"))
    zone = patient.clinic.zone
    at = session.current_version.signed_at.astimezone(zone)
    assert f"by Dr Thora Winterbourne on 1 Sep 2026, {at:%H:%M}" in print_of(doctor, session).text
    assert "Version 1, the only one" in print_of(doctor, session).text


# -- versions and void --------------------------------------------------------------------------------------------------


@pytest.fixture
def amended(patient):
    session = treated(patient)
    first = session.current_version
    second = SessionVersionFactory(
        session=session,
        number=2,
        amendment_reason="the lower lid had been left out",
        points=[("OO_LL_MED", "RIGHT", "3.75")],
        vial=VialFactory(clinic=patient.clinic),
        signed_at=first.signed_at + timedelta(hours=2),
    )
    session.current_version = second
    session.save()
    return session


def test_amended_record_says_what_it_replaces_and_why(doctor, amended):
    seen = print_of(doctor, amended).text
    assert "Amended: version 2, replaces version 1 Reason: the lower lid had been left out" in seen
    assert "Version 2 of 2" in seen
    assert "3.75" in seen
    assert "Not how the record stands" not in seen


def test_earlier_version_is_printed_as_it_was_and_says_that_it_does_not_count(doctor, amended):
    OverrideFactory(session=amended, shown="shown at the amendment", at=amended.current_version.signed_at)
    seen = print_of(doctor, amended, number=1).text
    assert "Not how the record stands This is version 1 as it was signed; version 2 is the one that stands." in seen
    assert "2.5" in seen
    assert "3.75" not in seen
    assert "shown at the amendment" not in seen
    assert "It follows version 2, which counts." in seen


@pytest.mark.parametrize("number", ["3", "0", "x", "1.0", ""])
def test_version_that_is_not_there_is_not_found(doctor, amended, number):
    assert doctor.get(address_of_print(amended, number)).status_code == 404


def test_void_treatment_is_stamped_on_every_page_with_the_reason(doctor, patient):
    session = treated(patient, points=SCHEME)
    SessionVoidFactory(session=session, reason="wrong patient")
    shown = print_of(doctor, session)

    assert shown.count > 1
    assert all("VOID" in page for page in shown.pages)
    assert "VOID: this treatment counts for nothing. wrong patient. Declared by" in shown.text
    assert "Follow-up void with the treatment" in shown.text


def test_treatment_that_counts_has_no_stamp(doctor, patient):
    assert "VOID" not in print_of(doctor, treated(patient)).text


# -- pages --------------------------------------------------------------------------------------------------------------


def test_thirty_one_points_run_over_pages_that_are_numbered_and_named_with_the_head_repeated(doctor, patient):
    shown = print_of(doctor, treated(patient, points=SCHEME))

    assert shown.count in (2, 3)
    assert shown.numbers() == [(number, shown.count) for number in range(1, shown.count + 1)]
    assert all("Anna Duarte" in page and "record number HA-2107" in page for page in shown.pages)
    for number in range(1, 32):
        assert f" {number} Muscle " in shown.text
    holding = [page for page in shown.pages if re.search(r" \d+ Muscle MIG_\d+ (right|left) 5", page)]
    assert all("No. Muscle and point Side Units mL" in page for page in holding)
    assert "31 points 155" in shown.text


def test_short_treatment_fits_on_two_pages(doctor, patient):
    session = treated(patient)
    FollowUpFactory(session=session)
    assert print_of(doctor, session).count <= 2


def test_long_notes_flow_and_none_of_their_words_is_lost(doctor, patient):
    words = [f"word{number}" for number in range(600)]
    shown = print_of(doctor, treated(patient, notes=" ".join(words)))
    assert " ".join(words) in shown.text.replace("-\n", "") or all(word in shown.text for word in words)
    assert shown.numbers() == [(number, shown.count) for number in range(1, shown.count + 1)]


HOSTILE = ("<b>bold & </para> <img src='x'/> &amp; %(name)s {{ x }}", "W" * 250, "<", "&#0;", "%s%d", "\\", "(]")


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_text_is_printed_as_it_stands(doctor, patient, words):
    patient.family_name = words[:80]
    patient.save()
    session = treated(patient, notes=words)
    OverrideFactory(session=session, shown=words, reason=words[:250], at=session.created_at)
    shown = print_of(doctor, session)

    letters = "".join(shown.text.split())
    assert letters.count("".join(words.split())) >= 2


def test_names_in_other_alphabets_are_printed(doctor, patient):
    patient.given_name, patient.family_name = "Łukasz Đỗ", "Żółć Αλέξανδρος Ђорђе Щукіна"
    patient.save()
    # Typed with the accent after its letter, as some keyboards do.
    session = treated(patient, notes="Zo\u0308e, İğdır, Thị Nguyễn")
    seen = print_of(doctor, session).text
    assert "Łukasz Đỗ Żółć Αλέξανδρος Ђорђе Щукіна" in seen
    assert "Zöe, İğdır, Thị Nguyễn" in seen
    assert "could not be printed" not in seen


def test_sign_that_the_typeface_lacks_is_a_box_and_the_print_says_which_it_was(doctor, patient):
    patient.family_name = "Duarte 東"
    patient.save()
    seen = print_of(doctor, treated(patient, notes="שלום 🙂")).text

    assert "Anna Duarte ☐" in seen
    assert "☐☐☐☐ ☐" in seen
    note = seen.split("Signs that could not be printed")[1]
    for sign in ("U+6771 CJK UNIFIED IDEOGRAPH-6771", "U+05E9 HEBREW LETTER SHIN", "U+1F642 SLIGHTLY SMILING FACE"):
        assert sign in note


# -- the file -----------------------------------------------------------------------------------------------------------


def test_file_is_shown_in_the_browser_kept_nowhere_and_names_no_patient(doctor, patient):
    session = treated(patient)
    answer = doctor.get(address_of_print(session))

    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'inline; filename="treatment-2026-09-01-version-1.pdf"'
    assert answer["Cache-Control"] == "no-store"
    properties = print_of(doctor, session).reader.metadata
    assert (properties.title, properties.author) == ("Treatment record", "Harbour clinic")
    assert "Duarte" not in str(dict(properties))


def test_file_says_its_language(doctor, patient):
    reader = print_of(doctor, treated(patient)).reader
    assert reader.trailer["/Root"]["/Lang"] == "en"


def test_printing_leaves_a_row_in_the_log_that_the_access_log_puts_into_words(browse_as, patient):
    admin = browse_as(Role.ADMIN)
    session = treated(patient)
    print_of(admin, session)

    event = AuditEvent.objects.get(action="EXPORTED")
    assert (event.what_id, event.patient_id_public, event.version) == (session.public_id, patient.public_id, 1)
    assert "exported a treatment (version 1)" in text(admin.get(reverse("staff:access-log", args=[patient.public_id])))


def test_treatment_and_its_versions_lead_to_their_prints(doctor, amended):
    shown = doctor.get(reverse("staff:treatment-show", args=[amended.public_id])).content.decode()
    assert f'href="{address_of_print(amended)}"' in shown
    shown = doctor.get(reverse("staff:treatment-version", args=[amended.public_id]) + "?number=1").content.decode()
    assert f'href="{address_of_print(amended, 1)}"' in shown


def test_draft_has_nothing_to_print(doctor, patient):
    assert doctor.get(address_of_print(InjectionSessionFactory(patient=patient, signed=False))).status_code == 404


def test_as_many_queries_for_thirty_one_points_as_for_one(doctor, patient, count_queries):
    one = treated(patient, points=[("ZYG_MAJ", "RIGHT", "2.5")])
    many = treated(PatientFactory(clinic=patient.clinic), points=SCHEME, lot="D0042")
    OverrideFactory(session=many, at=many.created_at)
    OverrideFactory(session=many, at=many.created_at)
    assert count_queries(lambda: print_of(doctor, one)) == count_queries(lambda: print_of(doctor, many))
