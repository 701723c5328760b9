"""Headers that every answer carries, error pages and static files included."""

from collections.abc import Callable

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
