"""The shared cache, with Redis and without."""

import socket
import time

import pytest
from django.core.cache import caches

from botox_tracker import cache as cache_module
from botox_tracker import servers
from tests.factories import PASSWORD, UserFactory


@pytest.fixture(autouse=True)
def rested(monkeypatch):
    monkeypatch.setattr(cache_module._REST, "until", 0.0)


BACKEND = "botox_tracker.cache.ShelteredRedisCache"


def use(settings, url: str) -> None:
    settings.CACHES = {"default": {"BACKEND": BACKEND, "LOCATION": url, "OPTIONS": {"socket_connect_timeout": 0.5}}}


def test_counts_are_shared_through_redis(settings, valkey_url):
    use(settings, valkey_url)
    first, second = caches["default"], caches.create_connection("default")

    first.set("tries", 1)
    second.incr("tries")

    assert first.get("tries") == 2
    first.clear()


def test_without_redis_the_process_counts_for_itself(settings, tmp_path):
    use(settings, f"unix://{tmp_path}/nobody.sock")
    cache = caches["default"]

    cache.set("tries", 1)
    cache.incr("tries")

    assert cache.get("tries") == 2
    assert cache.get_many(["tries", "other"]) == {"tries": 2}
    cache.clear()
    assert not cache.has_key("tries")


@pytest.mark.django_db
def test_staff_can_sign_in_while_redis_is_away_and_guessing_is_still_slowed_down(client, settings, tmp_path):
    use(settings, f"unix://{tmp_path}/nobody.sock")
    user, guessed = UserFactory(), UserFactory()

    client.post("/account/login/", {"login": user.email, "password": PASSWORD})
    assert client.session["_auth_user_id"] == str(user.pk)

    client.logout()
    for _ in range(6):
        client.post("/account/login/", {"login": guessed.email, "password": "a guess"})
    client.post("/account/login/", {"login": guessed.email, "password": PASSWORD})
    assert "_auth_user_id" not in client.session


def test_a_redis_that_comes_back_is_used_again(settings):
    with servers.short_folder("vk-") as folder:
        use(settings, f"unix://{folder / 'valkey.sock'}")
        cache = caches["default"]
        cache.set("tries", 7)

        server = servers.leashed(servers.valkey_command(servers.find_valkey(), folder))
        servers.wait_until(lambda: servers.answers(folder / "valkey.sock"), server, folder, "Valkey")
        try:
            assert cache.get("tries") is None
            cache.set("tries", 8)
            assert caches.create_connection("default").get("tries") == 8
        finally:
            servers.stop(server)


def test_a_redis_that_answers_nobody_keeps_nobody_waiting_more_than_once(settings, monkeypatch):
    """Signing in asks a dozen times: half a second each would be minutes for a waiting room."""
    now = [0.0]
    monkeypatch.setattr(cache_module, "steady", lambda: now[0])
    with servers.short_folder("vk-") as folder, socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(folder / "valkey.sock"))
        silent.listen()
        options = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}
        settings.CACHES = {"default": {"BACKEND": BACKEND, "LOCATION": f"unix://{folder / 'valkey.sock'}", "OPTIONS": options}}
        cache, began = caches["default"], time.monotonic()
        for number in range(10):
            cache.set("tries", number)
        caches.create_connection("default").set("tries", 10)
        assert time.monotonic() - began < 1
        assert cache.get("tries") == 10

        now[0] += cache_module.REST_SECONDS + 1
        again = time.monotonic()
        cache.get("tries")
        assert time.monotonic() - again >= 0.5
