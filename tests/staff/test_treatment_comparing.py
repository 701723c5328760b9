"""Two treatments of one patient on one page: which two, what changed, and what may never be subtracted."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.urls import reverse

from clinic.audit import AuditEvent
from clinic.practice.models import Role
from clinic.toxins.models import FREE_POINT
from clinic.treatments.models import Injection, SessionVersion
from tests.factories import (
    ConditionFactory,
    FollowUpFactory,
    IndicationFactory,
    InjectionSessionFactory,
    PatientFactory,
    PractitionerFactory,
    ProductFactory,
    SessionVersionFactory,
    SessionVoidFactory,
    SideEffectFactory,
    SiteFactory,
    UserFactory,
    VialFactory,
)
from tests.staff.follow_up_reading import text
from tests.staff.recording import value_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("morning")]

SPRING, SUMMER, AUTUMN = date(2026, 3, 2), date(2026, 6, 1), date(2026, 9, 1)
FEW = (("OO_UL_LAT", "RIGHT", "2.5"), ("ZYG_MAJ", "RIGHT", "1.25"))


@pytest.fixture
def condition(clinic):
    return ConditionFactory(patient=PatientFactory(clinic=clinic, given_name="Ines", family_name="Moss"))


@pytest.fixture
def doctor(browse_as):
    return browse_as(Role.CLINICIAN)


def blepharospasm_of(patient):
    return ConditionFactory(patient=patient, indication=IndicationFactory(code="BLEPH", name="Blepharospasm"), side="BOTH")


def treated(condition, on, points=FEW, **more):
    return InjectionSessionFactory(condition=condition, performed_on=on, points=points, **more)


def address(condition):
    return reverse("staff:treatment-compare", args=[condition.patient.public_id])


def compare(browser, condition, *sessions, **more):
    ids = dict(zip(("one", "other"), (session.public_id for session in sessions), strict=False))
    return browser.get(address(condition), {**ids, **more})


def test_patient_page_offers_to_compare_a_second_treatment_that_has_no_follow_up(doctor, condition):
    page = reverse("staff:patient-show", args=[condition.patient.public_id])
    treated(condition, SUMMER)
    assert address(condition) not in doctor.get(page).content.decode()
    void = SessionVoidFactory(session=treated(condition, SPRING)).session
    void.state = "VOID"
    void.save(update_fields=["state"])
    blepharospasm = blepharospasm_of(condition.patient)
    treated(blepharospasm, SPRING)
    assert address(condition) not in doctor.get(page).content.decode()
    treated(condition, AUTUMN)
    assert address(condition) in doctor.get(page).content.decode()


def rows(response, table="table-compare"):
    """The cells of each row of a table, as they are read."""
    part = response.content.decode().split(f'{table}"', 1)[1].split("<tbody>", 1)[1].split("</tbody>")[0]
    cells = [row.replace("</td>", "|").replace("</th>", "|") for row in part.split("<tr")[1:]]
    return [[words_of(cell) for cell in row.split("|")[:-1]] for row in cells]


def words_of(html):
    return " ".join("".join(piece.split(">", 1)[-1] for piece in html.split("<")).replace("&nbsp;", " ").split())


def facts(response):
    return {name.replace(" ≠ different", ""): values for name, *values in rows(response, "table-compare-facts")}


def marked(response):
    return [name.removesuffix(" ≠ different") for name, *_ in rows(response, "table-compare-facts") if "≠" in name]


def shown_days(response):
    two = response.context["two"]
    return two.earlier.version.performed_on, two.later.version.performed_on


class TestChoice:
    def test_last_two_of_the_condition_treated_last_are_compared_unasked(self, doctor, condition):
        lid = blepharospasm_of(condition.patient)
        treated(condition, SPRING), treated(lid, SPRING), treated(lid, SUMMER), treated(condition, AUTUMN)
        assert shown_days(compare(doctor, condition)) == (SPRING, AUTUMN)

    def test_condition_treated_once_is_passed_over_for_one_treated_twice(self, doctor, condition):
        lid = blepharospasm_of(condition.patient)
        treated(lid, SPRING), treated(lid, SUMMER), treated(condition, AUTUMN)
        assert shown_days(compare(doctor, condition)) == (SPRING, SUMMER)

    def test_one_treatment_is_compared_with_the_one_before_and_the_first_with_the_one_after(self, doctor, condition):
        first, second, third = (treated(condition, on) for on in (SPRING, SUMMER, AUTUMN))
        assert shown_days(compare(doctor, condition, third)) == (SUMMER, AUTUMN)
        assert shown_days(compare(doctor, condition, second)) == (SPRING, SUMMER)
        assert shown_days(compare(doctor, condition, first)) == (SPRING, SUMMER)

    def test_earlier_stands_first_however_they_were_named(self, doctor, condition):
        first, _second, third = (treated(condition, on) for on in (SPRING, SUMMER, AUTUMN))
        page = compare(doctor, condition, third, first)
        assert shown_days(page) == (SPRING, AUTUMN)
        assert value_of(page, "one") == str(first.public_id)

    def test_only_of_its_condition_a_treatment_waits_for_a_second_to_be_chosen(self, doctor, condition):
        lid = blepharospasm_of(condition.patient)
        only, other = treated(lid, SPRING), treated(condition, SUMMER)
        page = compare(doctor, condition, only)
        assert page.status_code == 200
        assert "Choose two treatments." in text(page)
        assert value_of(page, "one") == str(only.public_id)
        both = text(compare(doctor, condition, only, other))
        assert "These treatments were for different conditions." in both
        assert "Blepharospasm, both sides" in both

    def test_patient_treated_once_has_nothing_to_compare(self, doctor, condition):
        treated(condition, SPRING)
        SessionVoidFactory(session=treated(condition, SUMMER))
        treated(condition, AUTUMN, signed=False)
        assert "There are no two treatments to compare." in text(compare(doctor, condition))

    def test_same_treatment_twice_is_refused_beside_the_field(self, doctor, condition):
        first, _second = treated(condition, SPRING), treated(condition, SUMMER)
        page = compare(doctor, condition, first, first)
        assert page.status_code == 422
        assert "Choose two different treatments." in text(page)
        assert value_of(page, "other") == str(first.public_id)

    @pytest.mark.parametrize("alone", [True, False])
    def test_void_treatment_is_neither_offered_nor_compared(self, doctor, condition, alone):
        first, _second = treated(condition, SPRING), treated(condition, SUMMER)
        void = SessionVoidFactory(session=treated(condition, AUTUMN)).session
        assert str(void.public_id) not in compare(doctor, condition).content.decode()
        page = compare(doctor, condition, void, *([] if alone else [first]))
        assert page.status_code == 422
        assert "This treatment is void" in text(page)
        assert "two" not in page.context

    def test_treatment_of_another_patient_and_one_that_never_was_do_not_exist(self, doctor, clinic, condition):
        first, _second = treated(condition, SPRING), treated(condition, SUMMER)
        neighbour = treated(ConditionFactory(patient=PatientFactory(clinic=clinic)), SPRING)
        draft = treated(condition, AUTUMN, signed=False)
        for wrong in (str(neighbour.public_id), str(draft.public_id), str(uuid4()), "x", "\0"):
            for named in ({"one": wrong}, {"one": first.public_id, "other": wrong}):
                assert doctor.get(address(condition), named).status_code == 404
        assert AuditEvent.objects.filter(action="DENIED").count() == 10

    def test_both_treatments_are_named_in_the_log_of_who_saw_what(self, doctor, condition):
        first, second = treated(condition, SPRING), treated(condition, SUMMER)
        compare(doctor, condition)
        seen = AuditEvent.objects.filter(action="VIEWED", patient_id_public=condition.patient.public_id)
        assert {row.what_id for row in seen} == {first.public_id, second.public_id}


class TestPoints:
    def test_table_tells_units_then_and_now_and_the_difference(self, doctor, condition):
        treated(condition, SPRING, (*FEW, ("DAO", "RIGHT", "2"), ("RIS", "RIGHT", "1"), ("PROC", "MIDLINE", "2.5")))
        points = (("OO_UL_LAT", "RIGHT", "2.5"), ("ZYG_MAJ", "RIGHT", "2.5"), ("DAO", "RIGHT", "1"), ("RIS", "LEFT", "1"))
        treated(condition, SUMMER, (*points, ("PROC", "MIDLINE", "1.25"), ("PROC", "MIDLINE", "1.25")))
        page = compare(doctor, condition)
        assert rows(page) == [
            ["Muscle OO_UL_LAT", "right", "2.5 U", "2.5 U", "the same"],
            ["Zygomaticus major", "right", "1.25 U", "2.5 U", "+1.25 U"],
            ["Muscle DAO", "right", "2 U", "1 U", "−1 U"],
            ["Muscle RIS", "left", "not given", "1 U", "new, +1 U"],
            ["Muscle PROC", "midline", "2.5 U", "1.25 + 1.25 U", "±0 U, divided otherwise"],
            ["Muscle RIS", "right", "1 U", "not given", "left out, −1 U"],
            ["Altogether", "", "9.25 U", "9.5 U", "+0.25 U"],
            ["Right", "", "6.75 U", "6 U", "−0.75 U"],
            ["Left", "", "0 U", "1 U", "+1 U"],
            ["Midline", "", "2.5 U", "2.5 U", "±0 U"],
        ]
        said = text(page)
        assert "3 places with other units, 1 place only later, 1 place only earlier, 1 place the same." in said
        assert "91 days" in said

    def test_units_of_two_products_stand_beside_each_other_and_no_number_is_made_of_them(self, doctor, condition):
        dysport = ProductFactory(code="ABO", brand_name="Dysport", generic_name="abobotulinumtoxinA", family="ABO")
        treated(condition, SPRING, FEW)
        treated(condition, SUMMER, (("OO_UL_LAT", "RIGHT", "2.5"), ("RIS", "RIGHT", "10")), product=dysport)
        page = compare(doctor, condition)
        assert rows(page) == [
            ["Muscle OO_UL_LAT", "right", "2.5 U Botox", "2.5 U Dysport"],
            ["Muscle RIS", "right", "not given", "10 U Dysport"],
            ["Zygomaticus major", "right", "1.25 U Botox", "not given"],
            ["Altogether", "", "3.75 U Botox", "12.5 U Dysport"],
        ]
        said = text(page)
        assert "Units of Botox are not units of Dysport." in said
        for made_up in ("Difference", "the same.", "+", "−8.75", "8.75", "16.25", "→"):
            assert made_up not in said.split("<main")[1].replace("+ ", "")

    def test_overlay_tells_both_doses_of_every_point_in_words_and_signs(self, doctor, condition):
        treated(condition, SPRING, (("OO_UL_LAT", "RIGHT", "2.5"), ("RIS", "RIGHT", "1"), ("DAO", "RIGHT", "2")))
        treated(condition, SUMMER, (("OO_UL_LAT", "RIGHT", "2.5"), ("ZYG_MAJ", "RIGHT", "5"), ("DAO", "RIGHT", "4")))
        said = text(compare(doctor, condition))
        for words in (
            "Muscle OO_UL_LAT, right; earlier 2.5 U of Botox; later 2.5 U of Botox",
            "Muscle RIS, right; earlier 1 U of Botox; later nothing",
            "Zygomaticus major, right; earlier nothing; later 5 U of Botox",
        ):
            assert f"<li>{words}</li>" in said
        doses = [words_of(part.split("</text>")[0]) for part in said.split('<text class="face-dose')[1:]]
        assert sorted(doses) == ["1 → –", "2 → 4", "2.5 = 2.5", "– → 5"]

    def test_overlay_of_two_products_relates_no_dose_to_another(self, doctor, condition):
        treated(condition, SPRING, FEW)
        treated(condition, SUMMER, FEW, product=ProductFactory(code="ABO", brand_name="Dysport"))
        said = text(compare(doctor, condition))
        doses = [words_of(part.split("</text>")[0]) for part in said.split('<text class="face-dose')[1:]]
        assert sorted(doses) == ["1.25 | 1.25", "2.5 | 2.5"]
        assert "earlier 2.5 U of Botox; later 2.5 U of Dysport" in said

    def test_maps_side_by_side_have_every_view_of_either(self, doctor, condition):
        SiteFactory(code="NECK", view="NECK_FRONT")
        treated(condition, SPRING, FEW)
        later = treated(condition, SUMMER, FEW, signed=False)
        sign_with_free_points(later, [("throat", "NECK_FRONT", "50", "40", "5")])
        page = compare(doctor, condition, maps="beside")
        said = text(page)
        assert said.count('class="beside-view"') == 2
        assert "Face from the front with 0 doses" in said
        assert "Neck from the front with 1 dose" in said
        assert "Neck from the front with 0 doses" in said
        assert "maps=over" in said

    def test_free_point_given_at_another_spot_is_one_point_that_moved(self, doctor, condition):
        first, second = (treated(condition, on, signed=False) for on in (SPRING, SUMMER))
        sign_with_free_points(first, [("jaw", "FACE_FRONT", "30", "78", "2.5"), ("chin", "FACE_FRONT", "45", "88", "1")])
        sign_with_free_points(second, [("jaw", "FACE_FRONT", "22", "70", "5"), ("chin", "FACE_FRONT", "46", "88", "1")])
        page = compare(doctor, condition)
        assert rows(page)[:2] == [
            ["jaw free point at another spot than before", "right", "2.5 U", "5 U", "+2.5 U"],
            ["chin free point", "right", "1 U", "1 U", "the same"],
        ]
        assert "overlay-way" in page.content.decode()


class TestFacts:
    def test_facts_beside_the_points_are_told_of_both_and_what_differs_is_marked(self, doctor, condition):
        made_up = {"diluent_ml": Decimal(2), "labelled_units": Decimal(50), "clinic": condition.patient.clinic}
        first = treated(condition, SPRING, vial=VialFactory(**made_up), practitioner=PractitionerFactory(name="Dr Ash"))
        second = treated(condition, SUMMER, signed=False, practitioner=PractitionerFactory(name="Dr Birch"))
        version = SessionVersionFactory(session=second, guidance="EMG", lid_technique="PRETARSAL", notes="less below")
        second.state, second.current_version = "SIGNED", version
        second.save()
        FollowUpFactory(session=first, state="TREATED", worn_off_on=SPRING + timedelta(days=80))
        page = compare(doctor, condition)
        told = facts(page)
        assert told["Date of treatment"] == ["2 Mar 2026", "1 Jun 2026"]
        assert told["Treated by"] == ["Dr Ash", "Dr Birch"]
        assert told["Product"] == ["Botox (onabotulinumtoxinA)"] * 2
        assert told["Dilution"] == ["2.5 U per 0.1 mL: 50 U in 2 mL", "not on record"]
        assert told["Guidance"] == ["not on record", "EMG"]
        assert told["Lid technique"] == ["not on record", "pretarsal"]
        assert told["Notes"] == ["none", "less below"]
        assert told["Effect"] == ["worn off by 21 May 2026, 80 days after", "nothing on record"]
        assert told["Side effects"] == ["none reported", "none reported"]
        assert marked(page) == ["Treated by", "Dilution", "Guidance", "Lid technique"]

    def test_side_effects_are_told_as_bad_as_they_were_to_whoever_may_read_the_log(self, browse_as, condition):
        first, _second = treated(condition, SPRING), treated(condition, SUMMER)
        reported = SideEffectFactory(session=first, version__severity=2, version__outcome="RECOVERED")
        link = reverse("staff:side-effect-show", args=[reported.public_id])
        page = compare(browse_as(Role.CLINICIAN), condition)
        assert facts(page)["Side effects"][0] == "drooping upper eyelid, 5 days after, moderate, recovered"
        assert link in page.content.decode()
        page = compare(browse_as(Role.FRONT_DESK), condition)
        assert facts(page)["Side effects"][0] == "drooping upper eyelid, 5 days after"
        assert link not in page.content.decode()

    def test_amended_treatment_is_compared_as_it_stands(self, doctor, condition):
        first, _second = treated(condition, SPRING, (("RIS", "RIGHT", "99"),)), treated(condition, SUMMER, FEW)
        first.current_version = SessionVersionFactory(session=first, points=FEW)
        first.save()
        page = compare(doctor, condition)
        assert "99" not in "".join(cell for row in rows(page) for cell in row)
        assert facts(page)["Record"] == ["amended, version 2", "as signed"]


class TestWays:
    def test_treatment_patient_and_record_lead_to_what_changed(self, doctor, condition):
        first, second = treated(condition, SPRING), treated(condition, SUMMER)
        PractitionerFactory(clinics=[condition.patient.clinic])
        for session in (first, second):
            FollowUpFactory(session=session, state="TREATED" if session is first else "ACTIVE")
        here = address(condition)
        assert f"{here}?one={second.public_id}" in text(doctor.get(reverse("staff:treatment-show", args=[second.public_id])))
        assert f'href="{here}"' in text(doctor.get(reverse("staff:patient-show", args=[condition.patient.public_id])))
        record = text(doctor.get(reverse("staff:treatment-record", args=[condition.patient.public_id])))
        assert f"{here}?one={first.public_id}&other={second.public_id}" in record

    def test_nothing_leads_there_where_there_is_nothing_to_compare(self, doctor, condition):
        only = treated(condition, SPRING)
        void = SessionVoidFactory(session=treated(condition, SUMMER)).session
        FollowUpFactory(session=only)
        pages = [reverse("staff:treatment-show", args=[one.public_id]) for one in (only, void)]
        pages += [reverse(f"staff:{name}", args=[condition.patient.public_id]) for name in ("patient-show", "treatment-record")]
        for page in pages:
            assert "treatments/compare" not in text(doctor.get(page))


def sign_with_free_points(session, points):
    """Sign a treatment with free points alone: (name, view, x, y, units)."""
    SiteFactory(code=FREE_POINT, muscle="Free point", laterality="ANY")
    total = sum(Decimal(units) for *_, units in points)
    version = SessionVersion.objects.create(
        session=session,
        number=1,
        performed_on=session.performed_on,
        practitioner=session.practitioner,
        product=session.product,
        total_units=total,
    )
    for order, (name, view, x, y, units) in enumerate(points):
        Injection.objects.create(
            version=version,
            order=order,
            site=SiteFactory(code=FREE_POINT),
            side="RIGHT",
            point=name,
            view=view,
            x=Decimal(x),
            y=Decimal(y),
            units=Decimal(units),
        )
    version.signed_by, version.signed_at = UserFactory(), session.created_at
    session.state, session.current_version = "SIGNED", version
    version.save()
    session.save()


@pytest.mark.parametrize("way", ["over", "beside"])
def test_page_takes_the_same_number_of_queries_for_few_points_and_for_many(doctor, condition, count_queries, way):
    few = treated(condition, SPRING), treated(condition, SUMMER)
    many_points = [(f"SITE_{number}", side, "2.5") for number in range(20) for side in ("RIGHT", "LEFT")]
    many = treated(condition, AUTUMN, many_points), treated(condition, AUTUMN + timedelta(days=1), many_points[:30])
    for session in many:
        FollowUpFactory(session=session, state="TREATED")
        for _ in range(3):
            SideEffectFactory(session=session)
    counted = [count_queries(lambda pair=pair: compare(doctor, condition, *pair, maps=way)) for pair in (few, many)]
    assert counted[0] == counted[1] <= 22
