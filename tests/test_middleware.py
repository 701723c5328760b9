"""Headers on every answer, and the way in."""

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import RequestFactory

from botox_tracker.middleware import CONTENT_SECURITY_POLICY, ClientAddress, ProtectiveHeaders
from tests.factories import PASSWORD, UserFactory


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/account/login/", "/nowhere/", "/p/nothing/", "/static/vendor/nothing.css", "/admin/"])
def test_every_answer_carries_the_policy(client, path):
    response = client.get(path)

    assert response.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert "camera=()" in response.headers["Permissions-Policy"]
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.django_db
def test_static_files_may_be_kept(client):
    response = client.get("/static/css/app.css")
    response.close()

    assert response.status_code == 200
    assert "no-store" not in response.headers["Cache-Control"]
    assert response.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY


@pytest.mark.django_db
def test_a_patients_address_is_told_to_nobody(client):
    assert client.get("/p/dGhlIHRva2Vu/").headers["Referrer-Policy"] == "no-referrer"
    assert client.get("/account/login/").headers["Referrer-Policy"] == "same-origin"


def test_a_page_that_sets_its_own_policy_keeps_it():
    own = HttpResponse(headers={"Content-Security-Policy": "sandbox", "Cache-Control": "max-age=60"})

    response = ProtectiveHeaders(lambda request: own)(RequestFactory().get("/"))

    assert response.headers["Content-Security-Policy"] == "sandbox"
    assert response.headers["Cache-Control"] == "max-age=60"


@pytest.mark.parametrize(
    ("proxies", "header", "address"),
    [
        (0, "203.0.113.9", "127.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "made.up, 198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (2, "203.0.113.9", "127.0.0.1"),
        (1, "2001:db8::7", "2001:db8::7"),
        (1, "<script>", "127.0.0.1"),
        (1, "", "127.0.0.1"),
    ],
)
def test_only_our_own_proxies_are_believed_who_is_asking(settings, proxies, header, address):
    settings.TRUSTED_PROXIES = proxies
    seen = []

    ClientAddress(lambda request: seen.append(request.META["REMOTE_ADDR"]))(
        RequestFactory().get("/", headers={"X-Forwarded-For": header})
    )

    assert seen == [address]


@pytest.mark.django_db
def test_staff_sign_in_by_e_mail(client):
    user = UserFactory()

    response = client.post("/account/login/", {"login": user.email, "password": PASSWORD})

    assert response.status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)
    assert client.cookies["session"]["httponly"]
    assert "botox" not in client.cookies.output().lower()


@pytest.mark.django_db
def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client):
    user = UserFactory()

    wrong = client.post("/account/login/", {"login": user.email, "password": "not this one"})
    unknown = client.post("/account/login/", {"login": "nobody@clinic.test", "password": "not this one"})

    assert wrong.status_code == unknown.status_code == 200
    assert wrong.context["form"].errors == unknown.context["form"].errors
    assert "_auth_user_id" not in client.session


@pytest.mark.django_db
def test_guessing_is_slowed_down_but_locks_nobody_out_for_good(client):
    user = UserFactory()
    for _ in range(6):
        client.post("/account/login/", {"login": user.email, "password": "a guess"})

    client.post("/account/login/", {"login": user.email, "password": PASSWORD})
    assert "_auth_user_id" not in client.session

    cache.clear()  # what five minutes do
    client.post("/account/login/", {"login": user.email, "password": PASSWORD})
    assert client.session["_auth_user_id"] == str(user.pk)


@pytest.mark.django_db
def test_someone_who_no_longer_works_here_cannot_sign_in(client):
    user = UserFactory(is_active=False)

    client.post("/account/login/", {"login": user.email, "password": PASSWORD})

    assert "_auth_user_id" not in client.session


@pytest.mark.django_db
def test_nobody_opens_an_account(client):
    from clinic.accounts import User

    response = client.post(
        "/account/signup/", {"email": "new@clinic.test", "password1": "long enough 77", "password2": "long enough 77"}
    )

    assert response.status_code in {200, 403}
    assert not User.objects.filter(email="new@clinic.test").exists()


@pytest.mark.django_db
def test_the_admin_has_no_way_in_of_its_own(client):
    response = client.get("/admin/login/?next=/admin/")

    assert response.status_code == 302
    assert response.headers["Location"] == "/account/login/?next=/admin/"
