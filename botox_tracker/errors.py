"""What is answered where a page could not be made."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.defaults import server_error

#: When whoever asked may try again: a database that was started anew is there within a minute.
RETRY_SECONDS = 30


def page_failed(request: HttpRequest) -> HttpResponse:
    """Answer 503 where the database is away, full or too slow, else 500. Neither page asks it for anything."""
    if isinstance(sys.exception(), (OperationalError, InterfaceError)):
        return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": str(RETRY_SECONDS)})
    return server_error(request)
