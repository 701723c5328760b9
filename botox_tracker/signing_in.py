"""How accounts come to be: staff are added by an administrator, nobody signs up."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.views.generic import RedirectView


class ClosedAccounts(DefaultAccountAdapter):
    """Sign-in for those who have an account; no way to open one."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Answer no, always."""
        return False


class UpkeepSignIn(RedirectView):
    """Where Django's admin sends whom it does not let in: to the one way in, or, if they are in already, nowhere."""

    pattern_name = "account_login"
    query_string = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Refuse whoever is signed in but may not: the sign-in page would send them straight back here."""
        if request.user.is_authenticated:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)
