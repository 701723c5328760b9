"""What the pages of follow-ups have in common: the clinics with the reader's rights, and for whom lines are written."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet
from django.utils.translation import get_language

from clinic.practice.models import Clinic, Membership
from clinic.practice.roles import Permission
from clinic.practice.services import memberships_of
from clinic.staff.follow_up_lines import Reader, Rights
from clinic.staff.names import Names
from clinic.staff.pages import StaffPage
from clinic.treatments.models import FollowUp


class FollowUpDesk(StaffPage):
    """Clinics with the reader's rights, the follow-ups within the page's scope, and the readers of lines."""

    def here(self) -> list[Membership]:
        """What the person is at the clinics where they hold the page's permission."""
        return [one for one in memberships_of(self.user) if one.may(self.permission)]

    def my_clinics(self) -> list[Clinic]:
        """The clinics where they hold the page's permission, by name."""
        return [one.clinic for one in self.here()]

    def today(self) -> date:
        """Today where the first of the person's clinics is; who works in two time zones can choose the day."""
        return self.now.astimezone(self.my_clinics()[0].zone).date()

    def follow_ups(self) -> QuerySet[FollowUp]:
        """Every follow-up within the page's scope."""
        return FollowUp.objects.filter(patient__clinic__in=self.my_clinics())

    def readers(self, as_of: date, *, names: Names) -> dict[int, Reader]:
        """For whom lines are written, by clinic: what the person may do can differ from one to the next."""
        back_to, language = self.request.get_full_path(), get_language()
        readers = {}
        for one in self.here():
            rights = Rights(work=one.may(Permission.WORK_FOLLOW_UPS), book=one.may(Permission.BOOK))
            readers[one.clinic_id] = Reader(as_of, one.clinic.zone, rights, names, back_to, language)
        return readers
