"""Stops a clinic's letters when many more are ready at once than it has ever sent: a mistake must not reach everybody.

When a person has looked at a pile, what was looked at goes; what is born later is counted anew. What trickles out a few at a time
is no pile: the caps and the 72 hours of the policy are there for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from django.db import models, transaction
from django.db.models import Count, Q
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from clinic import audit
from clinic.practice.models import Clinic
from clinic.reminders.models import Message
from clinic.reminders.states import State

#: So many may be ready at once at any clinic.
ALWAYS_ALLOWED = 50
#: And so many times the clinic's largest day,
TIMES_THE_LARGEST_DAY = 3
#: of so many whole days before today.
DAYS = 90


class LetterPile(models.Model):
    """Letters of one clinic that were stopped because there were too many, until somebody has looked at them."""

    clinic = models.ForeignKey("clinic.Clinic", on_delete=models.PROTECT, related_name="letter_piles")
    found_at = models.DateTimeField()
    ready = models.PositiveIntegerField(help_text=lazy("how many were ready at once"))
    allowed = models.PositiveIntegerField(help_text=lazy("how many might have been"))
    looked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic"], condition=Q(looked_at__isnull=True), name="letter_pile_one_waits_per_clinic"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ready} letters, at most {self.allowed}"


def too_many(*, taken: Sequence[int], limits: dict[int, int], now: datetime) -> dict[int, int]:
    """Return, by clinic, how many letters are ready, those just taken included, where they are more than may be.

    What a person has looked at is not counted. `limits` keeps what was found out for the same run.
    """
    ready = Message.objects.filter(Q(state=State.READY, ready_at__lte=now) | Q(pk__in=taken), looked_at__isnull=True)
    counted = ready.filter(clinic__letters_paused_at__isnull=True).order_by().values("clinic_id").annotate(number=Count("pk"))
    many = {row["clinic_id"]: row["number"] for row in counted.filter(number__gt=ALWAYS_ALLOWED)}
    for clinic in Clinic.objects.filter(pk__in=many.keys() - limits.keys()):
        limits[clinic.pk] = allowed(clinic, now)
    return {pk: number for pk, number in many.items() if number > limits[pk]}


def allowed(clinic: Clinic, now: datetime) -> int:
    """Return how many letters may be ready at this clinic at once."""
    today = now.astimezone(clinic.zone).date()
    begin, end = (datetime.combine(day, time.min, tzinfo=clinic.zone) for day in (today - timedelta(days=DAYS), today))
    sent = Message.objects.filter(clinic=clinic, changed_at__gte=begin, sent_at__gte=begin, sent_at__lt=end)
    days = sent.order_by().annotate(day=TruncDate("sent_at", tzinfo=clinic.zone)).values("day").annotate(number=Count("pk"))
    largest = max((row["number"] for row in days), default=0)
    return max(ALWAYS_ALLOWED, TIMES_THE_LARGEST_DAY * largest)


def stop(many: dict[int, int], *, limits: dict[int, int], now: datetime) -> None:
    """Pause the letters of these clinics, with the reason on every page, until a person has looked at the pile."""
    for clinic in Clinic.objects.filter(pk__in=many):
        reason = _("%(ready)d letters are ready at once, and at most %(allowed)d are usual here. Look at them first.") % {
            "ready": many[clinic.pk],
            "allowed": limits[clinic.pk],
        }
        with transaction.atomic():
            going = Clinic.objects.filter(pk=clinic.pk, letters_paused_at__isnull=True)
            if not going.update(letters_paused_at=now, letters_paused_reason=reason):
                continue
            LetterPile.objects.filter(clinic=clinic, looked_at__isnull=True).update(looked_at=now)
            LetterPile.objects.create(clinic=clinic, found_at=now, ready=many[clinic.pk], allowed=limits[clinic.pk])
            audit.record(
                by=audit.Actor.system(),
                action=audit.Action.PAUSED,
                what=clinic,
                clinic_id=clinic.pk,
                fields=["letters_paused_at"],
                count=many[clinic.pk],
                now=now,
            )


def let_go(clinic: Clinic, *, looked_at: datetime, now: datetime) -> int:
    """Take the letters that were ready at `looked_at` as looked at: they are not counted again. Returns how many."""
    LetterPile.objects.filter(clinic=clinic, looked_at__isnull=True).update(looked_at=now)
    seen = Message.objects.filter(clinic=clinic, state=State.READY, created_at__lte=looked_at, looked_at__isnull=True)
    return seen.update(looked_at=now)
