"""Protocol templates on their pages and where a treatment is recorded."""

import re
import uuid
from decimal import Decimal

import pytest
from django.urls import reverse

from clinic.practice.models import Role
from clinic.staff.forms.points import MOST_ROWS
from clinic.toxins.models import Lot, Site
from clinic.treatments.models import InjectionSession, ProtocolTemplate
from tests.factories import (
    NOW,
    IndicationFactory,
    InjectionSessionFactory,
    LotFactory,
    PractitionerFactory,
    ProductFactory,
    ProtocolTemplateFactory,
    SiteFactory,
    VialFactory,
    free_site,
    member,
)
from tests.staff.recording import RecordPage, text, value_of
from tests.staff.test_treatment_checks import reason_names

pytestmark = pytest.mark.django_db

POINTS = (("ZYG_MAJ", "RIGHT", "2.5"), ("PROC", "MIDLINE", "5"))


@pytest.fixture(autouse=True)
def clock(time_machine):
    """Every test happens on Monday 23 November 2026 in the morning."""
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def desk(client):
    return RecordPage(client)


def template_at(desk, **options):
    return ProtocolTemplateFactory(clinic=desk.clinic, **{"points": POINTS, "name": "Round the eye", **options})


def rows(response, count=3):
    return [[value_of(response, f"points-{n}-{name}") for name in ("site", "side", "units")] for n in range(count)]


def filled_rows(response):
    return [form for form in response.context["points"].forms if form.initial.get("site")]


def xeomin():
    return ProductFactory(code="INCO", brand_name="Xeomin")


# -- filling in ---------------------------------------------------------------------------------------------------------


def test_a_template_fills_the_rows_and_offers_vials_of_its_product_alone(desk):
    template = template_at(desk)
    VialFactory(clinic=desk.clinic, lot=LotFactory(product=xeomin(), number="X1"))
    assert f"template={template.public_id}" in desk.get().content.decode()
    response = desk.get(f"&template={template.public_id}")
    assert rows(response) == [["ZYG_MAJ", "RIGHT", "2.5"], ["PROC", "MIDLINE", "5"], ["", "", ""]]
    assert "Xeomin 100 U" not in text(response)
    assert "The rows are those of the template “Round the eye”" in text(response)


def test_a_template_of_a_product_without_a_usable_vial_is_shown_and_never_copied(desk):
    template = template_at(desk, product=xeomin())
    VialFactory(clinic=desk.clinic, lot=LotFactory(product=template.product, number="X1"))
    Lot.objects.filter(product=template.product).update(state="RECALLED")
    assert "no usable vial of Xeomin: to read only" in text(desk.get())
    response = desk.get(f"&template={template.public_id}")
    assert rows(response, 1) == [["", "", ""]]
    assert "There is no usable vial of Xeomin" in text(response)
    assert "Zygomaticus major right 2.5 U" in text(response)


def test_thirty_one_points_are_filled_in_and_signed_as_they_stand(desk):
    sites = [f"MIG{number:02}" for number in range(31)]
    for code in sites:
        SiteFactory(code=code)
    template = template_at(desk, points=[(code, "RIGHT", "3") for code in sites])
    response = desk.get(f"&template={template.public_id}")
    filled = rows(response, 31)
    assert [site for site, _side, _units in filled] == sites
    more = f"&template={template.public_id}"
    # 93 U are unusual in a hemifacial spasm: the checks ask why.
    reasons = dict.fromkeys(reason_names(desk.post(*filled, more=more)), "the whole scheme at once")
    signed = desk.post(*filled, more=more, **reasons)
    assert signed.status_code == 302
    assert InjectionSession.objects.get().current_version.total_units == 93


def test_a_template_of_the_other_side_is_mirrored_and_the_page_says_so(client):
    desk = RecordPage(client, side="LEFT")
    template = template_at(desk)
    response = desk.get(f"&template={template.public_id}")
    assert rows(response, 2) == [["ZYG_MAJ", "LEFT", "2.5"], ["PROC", "MIDLINE", "5"]]
    assert "mirrored to the patient’s left" in text(response)


def test_what_the_condition_does_not_take_is_named_and_left_out(desk):
    template = template_at(desk, side="BOTH", points=(*POINTS, ("ZYG_MAJ", "LEFT", "1.25")))
    response = desk.get(f"&template={template.public_id}")
    assert rows(response) == [["ZYG_MAJ", "RIGHT", "2.5"], ["PROC", "MIDLINE", "5"], ["", "", ""]]
    assert "Left out, because this condition does not take them: Zygomaticus major left 1.25 U." in text(response)


MASSETER = ("Masseter", "FACE_RIGHT", "45.5", "RIGHT", "10")


def free_row(response, number):
    names = ("site", "side", "units", "name", "view", "x", "y")
    form = response.context["points"].forms[number]
    return [form[name].value() for name in names]


def test_free_points_of_a_template_are_filled_in_and_signed_where_they_lay(desk):
    free_site()
    template = template_at(desk, free_points=[MASSETER])
    response = desk.get(f"&template={template.public_id}")
    typed = ["FREE", "RIGHT", "10", "Masseter", "FACE_RIGHT", "45.5", "50"]
    assert free_row(response, 2) == typed
    assert [map_.view for map_ in response.context["maps"]] == ["FACE_FRONT", "FACE_RIGHT"]
    sent = dict(zip(("site", "side", "units", "name", "view", "x", "y"), typed, strict=True))
    rows_sent = {f"points-2-{name}": value for name, value in sent.items()}
    assert desk.post(*POINTS, more=f"&template={template.public_id}", **rows_sent).status_code == 302
    point = InjectionSession.objects.get().current_version.injections.get(site__code="FREE")
    assert (point.name, point.view, point.x, point.side) == ("Masseter", "FACE_RIGHT", Decimal("45.5"), "RIGHT")


def test_free_points_are_mirrored_with_the_rest(client):
    desk = RecordPage(client, side="LEFT")
    free_site()
    template = template_at(desk, free_points=[MASSETER])
    response = desk.get(f"&template={template.public_id}")
    assert free_row(response, 2) == ["FREE", "LEFT", "10", "Masseter", "FACE_LEFT", "54.5", "50"]


def test_a_free_point_whose_place_was_not_kept_is_named_and_left_out(desk):
    free_site()
    template = template_at(desk, free_points=[("Old scar", "", "40", "RIGHT", "3")])
    response = desk.get(f"&template={template.public_id}")
    assert rows(response)[2] == ["", "", ""]
    assert "Left out, because their place on the picture was not kept: Old scar right 3 U." in text(response)


def test_a_free_point_is_left_out_where_the_catalogue_offers_none(desk):
    template = template_at(desk, free_points=[MASSETER])
    Site.objects.filter(code="FREE").update(is_selectable=False)
    response = desk.get(f"&template={template.public_id}")
    assert "Left out, because this condition does not take them: Masseter right 10 U." in text(response)


def test_as_many_points_as_the_table_holds_are_filled_in(desk):
    template = template_at(desk, points=[(f"MIG{number:02}", "RIGHT", "3") for number in range(MOST_ROWS)])
    assert len(filled_rows(desk.get(f"&template={template.public_id}"))) == MOST_ROWS


def test_a_template_with_more_points_than_the_table_holds_is_shown_and_none_is_filled_in(desk):
    template = template_at(desk, points=[(f"MIG{number:02}", "RIGHT", "3") for number in range(MOST_ROWS + 1)])
    response = desk.get(f"&template={template.public_id}")
    assert filled_rows(response) == []
    assert "has 61 points for this condition, and the table takes at most 60. None was filled in" in text(response)
    assert "Muscle MIG60 right 3 U" in text(response)


def test_a_treatment_with_more_points_than_the_table_holds_is_not_repeated_in_part(desk):
    points = [(f"MIG{number:02}", "RIGHT", "1") for number in range(MOST_ROWS + 1)]
    session = InjectionSessionFactory(condition=desk.condition, points=points, product=desk.vial.lot.product)
    response = desk.get(f"&repeat={session.public_id}")
    assert filled_rows(response) == []
    assert "That treatment has 61 points, more than this table holds. None was filled in" in text(response)


@pytest.mark.parametrize("whose", ["a colleague's", "another clinic's", "another indication's", "retired", "nobody's", "no id"])
def test_a_template_that_is_not_for_this_does_not_exist(desk, whose):
    wanted = {
        "a colleague's": lambda: template_at(desk, practitioner=PractitionerFactory(clinics=[desk.clinic])).public_id,
        "another clinic's": lambda: ProtocolTemplateFactory().public_id,
        "another indication's": lambda: template_at(desk, indication=IndicationFactory(code="B", name="Other")).public_id,
        "retired": lambda: template_at(desk, retired_at=NOW).public_id,
        "nobody's": uuid.uuid4,
        "no id": lambda: "%00%27",
    }[whose]()
    assert desk.get(f"&template={wanted}").status_code == 404


def test_page_takes_the_same_number_of_queries_for_few_and_many_templates_and_points(desk, count_queries):
    template = template_at(desk, points=POINTS[:1])
    desk.get(f"&template={template.public_id}")
    few = count_queries(lambda: desk.get(f"&template={template.public_id}"))
    for number in range(5):
        template_at(desk, name=f"More {number}")
    many = template_at(desk, name="Many", points=POINTS * 15)
    assert count_queries(lambda: desk.get(f"&template={many.public_id}")) == few


# -- keeping ------------------------------------------------------------------------------------------------------------


def address(name, thing):
    return reverse(f"staff:template-{name}", args=[thing.public_id])


def test_points_are_kept_from_the_treatment_s_page_for_oneself(desk):
    session = InjectionSessionFactory(condition=desk.condition, points=POINTS)
    page = desk.client.get(reverse("staff:treatment-show", args=[session.public_id]))
    assert address("keep", session) in page.content.decode()
    response = desk.client.post(address("keep", session), {"name": "Round the eye", "owner": "own"}, follow=True)
    assert "Kept as the template “Round the eye”." in text(response)
    template = ProtocolTemplate.objects.get()
    assert (template.practitioner, template.points.count()) == (desk.practitioner, 2)


def test_free_points_are_kept_and_shown_on_the_template_s_page(desk):
    session = InjectionSessionFactory(condition=desk.condition, points=POINTS, free_points=[MASSETER])
    assert "Masseter free point right 10 U" in text(desk.client.get(address("keep", session)))
    desk.client.post(address("keep", session), {"name": "With the masseter", "owner": "clinic"})
    page = desk.client.get(address("rename", ProtocolTemplate.objects.get()))
    assert "Masseter free point right 10 U" in text(page)
    assert "<li>Masseter, right; 10 U</li>" in page.content.decode()


def test_a_name_that_is_taken_is_told_beside_the_field_and_the_form_is_kept(desk):
    template_at(desk)
    session = InjectionSessionFactory(condition=desk.condition)
    response = desk.client.post(address("keep", session), {"name": "round the eye", "owner": "clinic"})
    assert response.status_code == 422
    assert "There is a template of this name already." in text(response)
    assert value_of(response, "name") == "round the eye"
    assert ProtocolTemplate.objects.count() == 1


def test_who_does_not_treat_here_keeps_for_the_clinic_alone(client):
    desk = RecordPage(client, role=Role.ADMIN)
    session = InjectionSessionFactory(condition=desk.condition)
    client.force_login(member(Role.ADMIN, clinic=desk.clinic))
    page = client.get(address("keep", session)).content.decode()
    assert re.findall(r'name="owner"[^>]* value="(\w+)"', page) == ["clinic"]
    assert client.post(address("keep", session), {"name": "Mine", "owner": "own"}).status_code == 422


def test_a_template_is_renamed_and_taken_out_of_use(desk):
    template = template_at(desk)
    response = desk.client.post(address("rename", template), {"name": "Eye"}, follow=True)
    assert "The template is called “Eye”." in text(response)
    response = desk.client.post(address("retire", template), follow=True)
    assert "The template “Eye” is offered no more." in text(response)
    assert "No templates at" in text(desk.client.get(reverse("staff:template-list")))
    assert "This template has been retired." in text(desk.client.post(address("retire", template), follow=True))


@pytest.mark.parametrize("act", ["rename", "retire"])
def test_a_colleague_s_template_is_out_of_reach(desk, act):
    template = template_at(desk, practitioner=PractitionerFactory(clinics=[desk.clinic]))
    assert desk.client.post(address(act, template), {"name": "Taken"}).status_code == 404
    template.refresh_from_db()
    assert (template.name, template.retired_at) == ("Round the eye", None)


def test_list_takes_the_same_number_of_queries_for_few_and_many(desk, count_queries):
    template_at(desk)
    page = reverse("staff:template-list")
    desk.client.get(page)
    few = count_queries(lambda: desk.client.get(page))
    for number in range(6):
        template_at(desk, name=f"More {number}")
    assert count_queries(lambda: desk.client.get(page)) == few
