"""The product's addresses and an empty page behind the sign-in."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import include, path


@login_required
def empty(request: HttpRequest) -> HttpResponse:
    """Answer nothing: what remains is session, user and middleware."""
    return HttpResponse(f"<!doctype html><title>empty</title>{request.user.pk}")


urlpatterns = [path("bench-empty/", empty), path("", include("botox_tracker.urls"))]
