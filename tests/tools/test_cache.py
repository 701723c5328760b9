"""The shared cache, with Redis and without."""

import pytest
from django.core.cache import caches

from botox_tracker import servers
from tests.factories import PASSWORD, UserFactory

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
