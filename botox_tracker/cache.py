"""The shared cache, which holds the counts of failed sign-ins and nothing about a patient."""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import ConnectionError as Unreachable
from redis.exceptions import TimeoutError as TooSlow

log = logging.getLogger(__name__)

#: A Redis that took connections and did not answer is left alone for so long: whoever signs in asks a dozen times.
REST_SECONDS = 10.0
steady = time.monotonic


class _Rest:
    """Until when this process does not ask again; each of its threads has a cache of its own."""

    until = 0.0


_REST = _Rest()


def _sheltered(name: str) -> Callable[..., Any]:
    def ask(self: "ShelteredRedisCache", *args: Any, **kwargs: Any) -> Any:
        if steady() >= _REST.until:
            try:
                return getattr(RedisCache, name)(self, *args, **kwargs)
            except Unreachable:
                log.warning("The shared cache cannot be reached; counting in this process.")
            except TooSlow:
                _REST.until = steady() + REST_SECONDS
                log.warning("The shared cache does not answer; counting in this process for %.0f s.", REST_SECONDS)
        return getattr(self.own, name)(*args, **kwargs)

    return ask


class ShelteredRedisCache(RedisCache):
    """Redis; while it does not answer, this process's own memory.

    People can still sign in without Redis, and guessing is still slowed down, though each process then counts for itself.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self.own = LocMemCache("while-redis-is-away", {name: value for name, value in params.items() if name != "OPTIONS"})

    add = _sheltered("add")
    get = _sheltered("get")
    set = _sheltered("set")
    touch = _sheltered("touch")
    delete = _sheltered("delete")
    get_many = _sheltered("get_many")
    has_key = _sheltered("has_key")
    incr = _sheltered("incr")
    set_many = _sheltered("set_many")
    delete_many = _sheltered("delete_many")
    clear = _sheltered("clear")
