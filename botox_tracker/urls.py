"""Which door answers which address."""

from allauth.account import views as account
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from botox_tracker.signing_in import UpkeepSignIn

handler500 = "botox_tracker.errors.page_failed"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("clinic.staff.urls")),
    # No word about health in an address that a patient receives.
    path("p/", include("clinic.portal.urls")),
    path("api/", include("clinic.api.urls")),
    path("account/login/", account.login, name="account_login"),
    path("account/logout/", account.logout, name="account_logout"),
    path("account/signup/", account.signup, name="account_signup"),
    path("account/inactive/", account.account_inactive, name="account_inactive"),
    path("account/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("account/password/change/", account.password_change, name="account_change_password"),
    path("account/password/reset/", account.password_reset, name="account_reset_password"),
    path("account/password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^account/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "account/password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    # One way in, with one count of failed tries.
    path("admin/login/", UpkeepSignIn.as_view()),
    path("admin/", admin.site.urls),
]
