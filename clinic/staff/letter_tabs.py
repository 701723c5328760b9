"""The tabs over the pages of letters: the four lists, the addresses to which nothing goes, the reports that need a person."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clinic.practice.models import Clinic
from clinic.reminders.delivery_reports import DeliveryReport
from clinic.staff.forms.letters import SHOWN

ADDRESSES = "addresses"
REPORTS = "reports"


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab: where it leads, and how many things wait behind it (None: nobody counts)."""

    word: Promise | str
    url: str
    is_current: bool
    count: int | None = None


def letter_tabs(
    *, current: str, may_decide: bool, counts: Mapping[str, int] | None = None, clinic: str | None = None
) -> list[Tab]:
    """The tabs, with `current` marked; the chosen clinic goes along to the lists, which can be narrowed to one."""
    counts = counts or {}
    tabs = []
    for code, word in SHOWN:
        query = QueryDict(mutable=True)
        query["show"] = code
        if clinic:
            query["clinic"] = clinic
        url = f"{reverse('staff:letter-list')}?{query.urlencode()}"
        tabs.append(Tab(word, url, code == current, counts.get(code)))
    tabs.append(Tab(_("Blocked addresses"), reverse("staff:suppression-list"), current == ADDRESSES))
    if may_decide:
        tabs.append(Tab(_("Reports to read"), reverse("staff:delivery-report-list"), current == REPORTS, counts.get(REPORTS)))
    return tabs


def decides_everywhere(deciding: Collection[Clinic]) -> bool:
    """Whether these clinics, at which a person decides over letters, are all there are."""
    return bool(deciding) and len(deciding) == Clinic.objects.count()


def reports_to_read(deciding: Collection[Clinic], *, everywhere: bool) -> QuerySet[DeliveryReport]:
    """Reports that no program could deal with: about letters of the clinics at which a person decides over letters.

    One that names no letter may be about any patient: it is for who decides at every clinic.
    """
    for_them = Q(message__clinic__in=deciding)
    if everywhere:
        for_them |= Q(message__isnull=True)
    return DeliveryReport.objects.filter(for_them, settled_at__isnull=True).exclude(why="")
