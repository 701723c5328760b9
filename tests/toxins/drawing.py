"""Draws from one vial as signing does: locked first, as it stands then."""

from django.db import transaction

from clinic.toxins.services import Taken, draw_locked
from clinic.toxins.services.stock import locked


@transaction.atomic
def draw(*, by, vial, given, wasted, waste_reason, on, now):
    draw_locked(by=by, taken=[(locked(vial), Taken(given, wasted, waste_reason))], on=on, now=now)
