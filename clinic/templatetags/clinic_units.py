"""Units and other decimals in templates, without needless zeros."""

from __future__ import annotations

from decimal import Decimal

from django import template

from clinic.staff.pictures.body_map import units_text

register = template.Library()


@register.filter
def units(value: Decimal | int | None) -> str:
    """2.50 as 2.5, 100.00 as 100; a dash for none."""
    return "–" if value is None else units_text(Decimal(value))
