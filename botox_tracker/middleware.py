"""Headers that every answer carries, error pages and static files included; and who is asking."""

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# The address of a patient's page is itself the key to it.
PORTAL_PREFIX = "/p/"


class ProtectiveHeaders:
    """Sets the content security policy, keeps pages out of caches and patients' addresses out of referrers.

    A view that sets one of these headers itself keeps its own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer `request` with the headers added."""
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
        # Static files bring their own; everything else may be about a person.
        response.headers.setdefault("Cache-Control", "no-store")
        if request.path.startswith(PORTAL_PREFIX):
            response.headers["Referrer-Policy"] = "no-referrer"
        return response


class ClientAddress:
    """Puts the asker's own address where the audit log and the counts of failed sign-ins look: REMOTE_ADDR.

    Each of our proxies adds whom it heard from to the end of X-Forwarded-For; what stands before that anybody may have made up.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer `request`, knowing where it comes from."""
        heard = [address.strip() for address in request.headers.get("X-Forwarded-For", "").split(",")]
        proxies = settings.TRUSTED_PROXIES
        if 0 < proxies <= len(heard) and _is_address(heard[-proxies]):
            request.META["REMOTE_ADDR"] = heard[-proxies]
        return self.get_response(request)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
