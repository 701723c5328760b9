"""The frame around every staff page, and the pages that stand without it."""

import re

import pytest
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import ResolverMatch

from clinic.practice.models import Role
from tests import factories

PULSE = {"level": "amber", "text": "Letters have not run for 20 minutes"}


def frame(user, page="patient-list", context=None, said=()):
    request = RequestFactory().get("/")
    request.user = user
    request.session = SessionStore()
    request.resolver_match = ResolverMatch(lambda: None, (), {}, url_name=page, namespaces=["staff"])
    request._messages = FallbackStorage(request)
    for level, text in said:
        messages.add_message(request, level, text)
    return render_to_string("staff/base.html", context or {}, request)


def entries(html):
    navigation = re.search(r'<nav class="main-nav side-sticky".*?</nav>', html, re.DOTALL).group()
    return re.findall(r"</i>([^<]+)</a>", navigation)


@pytest.mark.django_db
def test_frame_names_the_clinic_and_the_person_with_their_role():
    user = factories.member(role=Role.FRONT_DESK, clinic=factories.ClinicFactory(name="Harbour clinic"), name="Karin Holm")
    html = frame(user)
    assert "Harbour clinic" in html
    assert "Karin Holm<small>front desk</small>" in html


@pytest.mark.django_db
def test_frame_asks_three_questions_of_the_database(django_assert_num_queries):
    """Where the person works, whether anything has changed, and, if it has, how the engine does."""
    user = factories.member(role=Role.CLINICIAN)
    factories.MembershipFactory(user=user)
    with django_assert_num_queries(3):
        html = frame(user)
    assert "and 1 other clinic" in html


@pytest.mark.django_db
def test_navigation_leaves_out_what_the_role_may_not_open():
    reviewer, desk = factories.member(role=Role.REVIEWER), factories.member(role=Role.FRONT_DESK)
    assert "Letters" not in entries(frame(reviewer))
    assert "Side effects" not in entries(frame(desk))


@pytest.mark.django_db
def test_signing_out_takes_a_press_not_a_visit():
    html = frame(factories.member())
    form = re.search(r'<form action="/account/logout/" method="post">.*?</form>', html, re.DOTALL).group()
    assert "csrfmiddlewaretoken" in form
    assert 'href="/account/logout/"' not in html


@pytest.mark.django_db
def test_page_can_be_walked_by_its_landmarks():
    html = frame(factories.member())
    for landmark in (
        '<main id="main"',
        "<header>",
        '<nav class="main-nav side-sticky" aria-label="Main">',
        "<h1>",
        'href="#main"',
    ):
        assert landmark in html
    assert '<html lang="en">' in html


@pytest.mark.django_db
def test_nothing_stands_inline_that_the_content_policy_would_block():
    html = frame(factories.member(), context={"engine_pulse": PULSE})
    assert "style=" not in html
    assert not re.search(r"\son\w+=", html)
    assert all("src=" in script for script in re.findall(r"<script[^>]*>", html))
    assert "//" not in re.sub(r"<!DOCTYPE.*?>", "", html).replace("http://testserver", "")


@pytest.mark.django_db
def test_engine_s_pulse_is_told_in_words_and_shape():
    html = frame(factories.member(), context={"engine_pulse": PULSE})
    assert "Letters have not run for 20 minutes" in html
    assert "pulse-amber" in html


@pytest.mark.django_db
def test_messages_are_announced_with_their_kind():
    html = frame(factories.member(), said=[(messages.ERROR, "That time <was> taken."), (messages.SUCCESS, "Booked.")])
    assert 'role="status"' in html
    assert "That time &lt;was&gt; taken." in html
    assert html.index("alert-danger") < html.index("alert-success")


@pytest.mark.django_db
def test_demonstration_says_that_everybody_is_invented(settings):
    settings.DEMO = True
    assert "everybody and everything here is invented" in frame(factories.member())
    settings.DEMO = False
    assert "invented" not in frame(factories.member())


def test_frame_without_a_sign_in_offers_nothing():
    html = frame(AnonymousUser())
    assert entries(html) == []
    assert "Sign out" not in html


@pytest.mark.parametrize("code", [400, 403, 404, 500])
def test_error_pages_need_nothing_and_name_no_illness(code):
    html = render_to_string(f"{code}.html")
    assert "<h1>" in html
    assert not re.search(r"botox|spasm|toxin|inject", html, re.IGNORECASE)


def test_address_that_leads_nowhere_gets_a_calm_page(client):
    answer = client.get("/no-such-page/")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text


@pytest.mark.django_db
def test_sign_in_page_ties_errors_to_fields(client):
    answer = client.post("/account/login/", {"login": "nobody", "password": ""})
    assert answer.status_code == 200
    assert 'aria-describedby="id_login_error"' in answer.text
    assert 'id="id_login_error"' in answer.text
    assert 'value="nobody"' in answer.text


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    [
        "/account/login/",
        "/account/signup/",
        "/account/inactive/",
        "/account/password/reset/",
        "/account/password/reset/done/",
        "/account/password/reset/key/done/",
        "/account/password/reset/key/1-wrong/",
    ],
)
def test_account_pages_wear_the_product_s_look(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    assert 'class="entrance"' in answer.text
    assert "css/theme.css" in answer.text


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/account/logout/", "/account/password/change/"])
def test_account_pages_of_someone_signed_in_wear_it_too(client, address):
    client.force_login(factories.member())
    answer = client.get(address)
    assert answer.status_code == 200
    assert 'class="entrance"' in answer.text


@pytest.mark.django_db
def test_patient_s_page_is_small_and_neutral():
    clinic = factories.ClinicFactory.build(sender_name="Harbour clinic", phone="020 555 0147")
    html = render_to_string("portal/base.html", {"clinic": clinic})
    assert 'href="tel:0205550147"' in html
    assert clinic.emergency_text in html
    assert "<script" not in html
    assert "bootstrap" not in html
    assert not re.search(r"botox|spasm|toxin|inject|neurolog", html, re.IGNORECASE)
