"""Which two treatments of a patient are compared: what may be chosen, how it is called, what is compared without a choice."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.patients.models import Condition, Patient, Side
from clinic.staff.pictures.body_map import units_text
from clinic.treatments.models import InjectionSession, SessionState
from clinic.treatments.services import current_of

Pair = tuple[InjectionSession, InjectionSession]


def treatments_of(patient: Patient) -> list[InjectionSession]:
    """The patient's treatments that were signed, void ones among them, newest first, with all that a choice says of them."""
    return list(
        InjectionSession.objects.filter(patient=patient)
        .exclude(state=SessionState.DRAFT)
        .select_related("condition__indication", "current_version__product", "current_version__practitioner")
        .order_by("-performed_on", "-pk")
    )


def usual_pair(signed: Sequence[InjectionSession], chosen: InjectionSession | None = None) -> Pair | None:
    """Which two to compare, of treatments that stand newest first; the earlier comes first. None where there are no two.

    The one that was chosen with the one before it for the same condition, or with the one after it if it was the first. Without
    a choice the last two of a condition: of that treated last among those treated twice.
    """
    for newest in signed if chosen is None else [chosen]:
        at = signed.index(newest)
        before = next((one for one in signed[at + 1 :] if one.condition_id == newest.condition_id), None)
        if before is not None:
            return before, newest
    if chosen is None:
        return None
    after = [one for one in signed[: signed.index(chosen)] if one.condition_id == chosen.condition_id]
    return (chosen, after[-1]) if after else None


def in_order(one: InjectionSession, other: InjectionSession) -> Pair:
    """The earlier and the later of two treatments."""
    first, second = sorted((one, other), key=lambda session: (session.performed_on, session.pk))
    return first, second


def condition_words(condition: Condition) -> str:
    """What was treated, with its side. Needs the indication."""
    side = Side(condition.side)
    return str(condition.indication) if side == Side.NONE else f"{condition.indication}, {side.label}"


def choice_words(session: InjectionSession) -> str:
    """A treatment in one line, to be chosen."""
    version = current_of(session)
    words = [
        date_format(version.performed_on, "j M Y"),
        _("%(units)s U %(product)s") % {"units": units_text(version.total_units), "product": version.product},
        condition_words(session.condition),
    ]
    return " · ".join([*words, _("amended")] if version.number > 1 else words)
