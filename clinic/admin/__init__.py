"""Upkeep of the catalogue, the clinics' settings and the accounts, in Django's admin.

Never a way to a clinical record: no patient, treatment, follow-up, side effect or letter is registered here. Whoever "may use the
upkeep pages" keeps them for every clinic of the installation; every change leaves a row in the audit log, or does not happen.
"""

# Registers what is unregistered below.
import allauth.account.admin  # noqa: F401
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _

from clinic.admin import accounts, catalogue, clinics

__all__ = ["accounts", "catalogue", "clinics"]

admin.site.site_header = _("Catalogue and accounts")
admin.site.site_title = _("Upkeep")
admin.site.index_title = _("What is kept here")
# What somebody may do with patients is said by their role at a clinic, their address by their account, and by nothing else.
admin.site.unregister([Group, EmailAddress])
