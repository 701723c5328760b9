"""The stock: what is there, what came in, what is made up."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from clinic.practice.models import Role
from clinic.toxins.models import Lot, Vial
from tests.factories import (
    NOW,
    TODAY,
    ClinicFactory,
    LotFactory,
    MembershipFactory,
    PresentationFactory,
    ProductFactory,
    VialFactory,
    member,
)
from tests.staff.recording import error_at, text, value_of

pytestmark = pytest.mark.django_db

LIST, RECEIVE = reverse("staff:vial-list"), reverse("staff:vial-receive")


@pytest.fixture(autouse=True)
def clock(time_machine):
    """Every test happens on Monday 23 November 2026, 10:00 in Paris."""
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def clinic(db):
    return ClinicFactory()


@pytest.fixture
def keeper(client, clinic):
    """A browser in which a clinician is signed in."""
    client.force_login(member(Role.CLINICIAN, clinic=clinic))
    return client


def make_up(vial):
    return reverse("staff:vial-reconstitute", args=[vial.public_id])


def lines(response):
    """The rows of the list of vials, which is the last table of the page."""
    table = response.content.decode().rpartition("<table")[2]
    return [text_of(row) for row in re.findall(r"(?s)<tr>.*?</tr>", table)[1:]]


def text_of(html):
    return re.sub(r"\s+", " ", re.sub(r"(?s)<svg.*?</svg>|<[^>]+>", " ", html)).strip()


# -- the list -----------------------------------------------------------------------------------------------------------


def test_list_tells_lot_expiry_state_and_what_is_left_by_expiry(keeper, clinic):
    VialFactory(clinic=clinic, lot__number="LATER", units_given=Decimal("18.75"), state="OPEN",
                reconstituted_at=NOW - timedelta(hours=1), diluent_ml=Decimal(4))  # fmt: skip
    VialFactory(clinic=clinic, lot__number="SOONER", lot__expires_on=TODAY + timedelta(days=10))
    first, second = lines(keeper.get(LIST))
    for said in ("Botox 100 U", "SOONER", "3 Dec 2026", "in 10 days", "unopened", "100 of 100 U", "not yet", "Make up"):
        assert said in first
    for said in ("LATER", "open", "81.25 of 100 U", "2.5 U per 0.1 mL (4 mL)", "use by 24 Nov 09:00", "23 h 0 min left"):
        assert said in second
    assert "Make up" not in second


@pytest.mark.parametrize(
    ("vial", "says"),
    [
        ({"lot__expires_on": TODAY - timedelta(days=1)}, "expired"),
        ({"lot__expires_on": TODAY}, "last day"),
        ({"lot__state": "QUARANTINED"}, "quarantined"),
        ({"lot__state": "RECALLED"}, "recalled"),
    ],
)
def test_what_may_not_be_used_says_so(keeper, clinic, vial, says):
    VialFactory(clinic=clinic, **vial)
    (line,) = lines(keeper.get(LIST))
    assert says in line
    assert ("Make up" in line) == (says == "last day")
    assert "Discard" in line


def test_vial_past_its_hours_is_marked(keeper, clinic):
    VialFactory(clinic=clinic, state="OPEN", reconstituted_at=NOW - timedelta(hours=25), diluent_ml=Decimal(4))
    page = keeper.get(LIST).content.decode()
    assert re.search(r'text-danger">use by 23 Nov 09:00', page)


def test_used_up_vials_stand_on_a_page_of_their_own(keeper, clinic):
    VialFactory(clinic=clinic, lot__number="GONE", state="CLOSED", units_given=Decimal(60), units_wasted=Decimal(40))
    VialFactory(clinic=clinic, lot__number="HERE")
    assert [("GONE" in line, "HERE" in line) for line in lines(keeper.get(LIST))] == [(False, True)]
    (line,) = lines(keeper.get(LIST + "?show=past"))
    assert "GONE" in line
    assert "40 U discarded" in line


def test_list_can_be_narrowed_to_a_product(keeper, clinic):
    VialFactory(clinic=clinic)
    VialFactory(clinic=clinic, lot=LotFactory(product=ProductFactory(code="INCO", brand_name="Xeomin"), number="X1"))
    (line,) = lines(keeper.get(LIST + "?product=INCO"))
    assert "Xeomin 100 U" in line


@pytest.mark.parametrize("query", ["?product=%00", "?product=NONSENSE", "?show=x", "?after=nonsense", "?before=%27"])
def test_damaged_addresses_show_the_list(keeper, clinic, query):
    VialFactory(clinic=clinic)
    response = keeper.get(LIST + query)
    assert response.status_code == 200
    assert len(lines(response)) == 1


def test_empty_stock_says_what_to_do(keeper):
    assert "No vials here." in text(keeper.get(LIST))


def test_long_lists_are_paged_and_take_the_same_number_of_queries(
    keeper, clinic, django_assert_num_queries, django_assert_max_num_queries
):
    VialFactory(clinic=clinic)
    keeper.get(LIST)
    with django_assert_max_num_queries(14) as few:
        keeper.get(LIST)
    for _number in range(54):
        VialFactory(clinic=clinic)
    with django_assert_num_queries(len(few)):
        first = keeper.get(LIST)
    after = re.search(r'href="(\?[^"]*after=[^"]+)"', first.content.decode())[1].replace("&amp;", "&")
    assert (len(lines(first)), len(lines(keeper.get(LIST + after)))) == (50, 5)


def test_vials_of_other_clinics_are_not_there(keeper):
    foreign = VialFactory(lot__number="SECRET")
    assert "SECRET" not in keeper.get(LIST).content.decode()
    for response in (keeper.get(make_up(foreign)), keeper.post(make_up(foreign), {"diluent_ml": "2", "at": "2026-11-23T09:00"})):
        assert response.status_code == 404
    foreign.refresh_from_db()
    assert foreign.reconstituted_at is None


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.REVIEWER])
def test_only_those_who_keep_the_stock_see_it(client, clinic, role):
    client.force_login(member(role, clinic=clinic))
    vial = VialFactory(clinic=clinic)
    assert {client.get(url).status_code for url in (LIST, RECEIVE, make_up(vial))} == {403}


def test_navigation_leads_to_the_stock_for_those_who_keep_it(client, clinic):
    client.force_login(member(Role.CLINICIAN, clinic=clinic))
    assert f'href="{LIST}"' in client.get(reverse("staff:follow-up-list")).content.decode()
    client.force_login(member(Role.FRONT_DESK, clinic=clinic))
    assert f'href="{LIST}"' not in client.get(reverse("staff:follow-up-list")).content.decode()


# -- receiving ----------------------------------------------------------------------------------------------------------


def delivery(**changes):
    return {
        "presentation": "ONABOT-100",
        "lot_number": "c 7719",
        "expires_on": "2028-01-31",
        "count": "3",
        "received_on": "2026-11-23",
    } | changes


@pytest.fixture
def botox(db):
    return PresentationFactory()


def test_delivery_goes_into_the_stock(keeper, clinic, botox):
    response = keeper.post(RECEIVE, delivery())
    assert response.status_code == 302
    assert "3 vials of lot c 7719 received." in text(keeper.get(response.headers["Location"]))
    assert [(vial.clinic, vial.lot.expires_on, vial.labelled_units, vial.state) for vial in Vial.objects.all()] == [
        (clinic, date(2028, 1, 31), Decimal(100), "UNOPENED")
    ] * 3


def test_form_starts_with_today_and_one_vial(keeper, botox):
    response = keeper.get(RECEIVE)
    assert (value_of(response, "received_on"), value_of(response, "count")) == ("2026-11-23", "1")
    assert "Botox 100 U" in text(response)
    assert 'name="clinic"' not in response.content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("presentation", ""),
        ("presentation", "ONABOT-50"),
        ("presentation", "a\0b"),
        ("lot_number", ""),
        ("lot_number", "   "),
        ("lot_number", "---"),
        ("lot_number", "x" * 41),
        ("lot_number", "a\0b"),
        ("expires_on", ""),
        ("expires_on", "2026-11-22"),
        ("expires_on", "2026-02-30"),
        ("expires_on", "soon"),
        ("count", "0"),
        ("count", "-1"),
        ("count", "201"),
        ("count", "1" + "0" * 30),
        ("count", "two"),
        ("received_on", "2026-11-24"),
        ("received_on", ""),
    ],
)
def test_impossible_deliveries_are_refused_beside_the_field(keeper, botox, field, value):
    response = keeper.post(RECEIVE, delivery(**{field: value}))
    assert response.status_code == 422
    assert error_at(response, field)
    assert not Vial.objects.exists()
    assert not Lot.objects.exists()


def test_known_lot_with_another_expiry_is_refused(keeper, botox):
    LotFactory(number="C7719", expires_on=date(2027, 6, 30))
    response = keeper.post(RECEIVE, delivery())
    assert "already known with the expiry" in error_at(response, "expires_on")
    assert value_of(response, "lot_number") == "c 7719"


def test_with_several_clinics_one_is_chosen_among_those_where_the_stock_is_kept(client, clinic, botox):
    user = member(Role.CLINICIAN, clinic=clinic)
    second = MembershipFactory(user=user, role=Role.CLINICIAN).clinic
    third = MembershipFactory(user=user, role=Role.FRONT_DESK).clinic
    client.force_login(user)
    assert error_at(client.post(RECEIVE, delivery()), "clinic") == "Choose the clinic."
    assert error_at(client.post(RECEIVE, delivery(clinic=str(third.public_id))), "clinic") == "Choose the clinic."
    assert client.post(RECEIVE, delivery(clinic=str(second.public_id))).status_code == 302
    assert set(Vial.objects.values_list("clinic", flat=True)) == {second.pk}


# -- making up ----------------------------------------------------------------------------------------------------------


def test_made_up_vial_has_its_concentration_and_its_clock(keeper, clinic):
    vial = VialFactory(clinic=clinic)
    response = keeper.post(make_up(vial), {"diluent_ml": "2,5", "at": "2026-11-23T09:30"})
    assert response.status_code == 302
    assert "Made up: 4 U per 0.1 mL, use by 24 Nov 2026, 09:30." in text(keeper.get(response.headers["Location"]))
    vial.refresh_from_db()
    assert (vial.diluent_ml, vial.reconstituted_at, vial.state) == (Decimal("2.50"), NOW - timedelta(minutes=30), "OPEN")


def test_making_up_starts_with_the_time_of_the_clinic_and_shows_common_concentrations(keeper, clinic):
    response = keeper.get(make_up(VialFactory(clinic=clinic)))
    assert value_of(response, "at") == "2026-11-23T10:00"
    assert "within 24 hours" in text(response)
    assert "4 2.5" in text(response)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("diluent_ml", ""),
        ("diluent_ml", "0"),
        ("diluent_ml", "-1"),
        ("diluent_ml", "0.001"),
        ("diluent_ml", "NaN"),
        ("diluent_ml", "1" + "0" * 30),
        ("diluent_ml", "21"),
        ("at", ""),
        ("at", "2026-11-23T10:01"),
        ("at", "9999-12-31T23:59"),
        ("at", "now"),
    ],
)
def test_impossible_making_up_is_refused_beside_the_field(keeper, clinic, field, value):
    vial = VialFactory(clinic=clinic)
    response = keeper.post(make_up(vial), {"diluent_ml": "2", "at": "2026-11-23T09:30"} | {field: value})
    assert response.status_code == 422
    assert error_at(response, field)
    vial.refresh_from_db()
    assert (vial.state, vial.reconstituted_at) == ("UNOPENED", None)


def test_vial_is_made_up_once(keeper, clinic):
    vial = VialFactory(clinic=clinic, state="OPEN", reconstituted_at=NOW - timedelta(hours=2), diluent_ml=Decimal(4))
    response = keeper.post(make_up(vial), {"diluent_ml": "2", "at": "2026-11-23T09:30"})
    assert response.status_code == 422
    assert "already been opened" in text(response)
