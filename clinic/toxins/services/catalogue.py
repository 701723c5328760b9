"""The catalogue: indications, products, label rules and points, from the files beside this room."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction

from clinic.toxins.models import Indication, LabelRule, Presentation, Product, Site, SiteDose
from clinic.toxins.services.loading import Loaded, Row, cite, load_rows, read_toml

FILES = Path(__file__).resolve().parent.parent / "catalogue"


@dataclass
class CatalogueReport:
    """What a load did, by kind of row."""

    loaded: dict[str, Loaded] = field(default_factory=dict)

    @property
    def changed(self) -> int:
        """How many rows were written."""
        return sum(kind.created + kind.updated for kind in self.loaded.values())

    def lines(self) -> list[str]:
        """The report in words, a line per kind of row and one per row that was left alone."""
        told = []
        for name, kind in self.loaded.items():
            told.append(f"{name}: {kind.created} new, {kind.updated} updated, {kind.unchanged} as before")
            told.extend(f"{name}: {row} was changed at a clinic and stays as it is" for row in kind.kept)
        return told


@transaction.atomic
def load_catalogue() -> CatalogueReport:
    """Bring the catalogue files into the database; run again, it changes nothing.

    A row that somebody edited, and a label rule that a clinic has verified or written a version of its own of, is never
    overwritten: the report names it. A clinic's own rules and points are not looked at. No row is ever deleted.
    """
    sources = read_sources()
    report = CatalogueReport()
    report.loaded["indications"] = load_rows(Indication, _indications(), key=["code"])
    indications = {indication.code: indication for indication in Indication.objects.all()}
    report.loaded["products"] = load_rows(
        Product, _products(), key=["code"], newer=[f"{name}_from_general_knowledge" for name in _SHORT.values()]
    )
    products = {product.code: product for product in Product.objects.all()}
    report.loaded["presentations"] = _load_presentations(products)
    report.loaded["label rules"] = load_rows(
        LabelRule,
        _label_rules(products, indications, sources),
        key=["code"],
        settled=lambda rule: rule.verifications.exists() or rule.replaced_by.exists(),
        newer=["only_first", "muscle"],
    )
    points = read_toml(FILES / "sites.toml")["site"]
    chosen = {point["code"]: [indications[code] for code in point["indications"]] for point in points}
    report.loaded["sites"] = load_rows(
        Site,
        _sites(points, sources),
        key=["code"],
        links={"indications": lambda row: chosen[row["code"]]},
        newer=["source", "from_general_knowledge"],
    )
    sites = {site.code: site for site in Site.objects.filter(clinic=None)}
    report.loaded["doses"] = load_rows(
        SiteDose, _site_doses(points, sites, indications, sources), key=["site", "family", "indication"]
    )
    return report


def read_sources() -> dict[str, str]:
    """How each source is cited, by its key."""
    return read_toml(FILES / "sources.toml")


def _indications() -> Iterator[Row]:
    for row in read_toml(FILES / "indications.toml")["indication"]:
        yield {"one_sided": False, **row}


#: What of a product may be from general knowledge, as the catalogue file and as the column names it.
_SHORT = {"hours_after_reconstitution": "hours", "storage": "storage"}


def _products() -> Iterator[Row]:
    for row in read_toml(FILES / "products.toml")["product"]:
        unread = row.get("general", ())
        yield {
            **{name: value for name, value in row.items() if name not in ("vial_units", "sources", "general")},
            **{f"{_SHORT[name]}_from_general_knowledge": True for name in unread},
        }


def _load_presentations(products: dict[str, Product]) -> Loaded:
    loaded = Loaded()
    present = {(size.product_id, size.vial_units) for size in Presentation.objects.all()}
    for row in read_toml(FILES / "products.toml")["product"]:
        product = products[row["code"]]
        for units in map(Decimal, row["vial_units"]):
            if (product.pk, units) in present:
                loaded.unchanged += 1
            else:
                Presentation.objects.create(product=product, vial_units=units)
                loaded.created += 1
    return loaded


def _label_rules(products: dict[str, Product], indications: dict[str, Indication], sources: dict[str, str]) -> Iterator[Row]:
    for rule in read_toml(FILES / "label_rules.toml")["rule"]:
        value, unit = rule.get("every", (None, ""))
        for indication in rule["indications"] or [None]:
            for jurisdiction in rule["jurisdictions"]:
                yield {
                    "code": "-".join([rule["product"], indication or "ALL", jurisdiction, rule["code"]]),
                    "product": products[rule["product"]],
                    "indication": indications[indication] if indication else None,
                    "jurisdiction": jurisdiction,
                    "scope": rule["scope"],
                    "units": rule.get("units"),
                    "units_per_kg": rule.get("units_per_kg"),
                    "age_from": rule.get("age_from"),
                    "age_until": rule.get("age_until"),
                    "interval_value": value,
                    "interval_unit": unit,
                    "wording": rule["wording"],
                    "source": cite(rule["sources"], sources),
                    "from_general_knowledge": rule.get("general", False),
                    # Only where said, so that the fingerprints of all other rules stay as they are.
                    **{name: rule[name] for name in ("only_first", "muscle") if name in rule},
                }


def _sites(points: list[dict[str, Any]], sources: dict[str, str]) -> Iterator[Row]:
    drawn = json.loads((FILES / "site_coordinates.json").read_text(encoding="utf-8"), parse_float=Decimal)
    for order, point in enumerate(points, start=1):
        place = drawn.get(point["code"]) or {"view": "FACE_FRONT", "x": point["x"], "y": point["y"]}
        yield {
            "code": point["code"],
            "muscle": point["muscle"],
            "point": point.get("point", ""),
            "laterality": point.get("laterality", "SIDED"),
            "view": place["view"],
            "x": place["x"],
            "y": place["y"],
            "around_eye": point.get("around_eye", False),
            "may_be_contralateral": point.get("contralateral", False),
            "is_avoided": point.get("avoided", False),
            "is_selectable": point.get("selectable", True),
            "risk": point.get("risk", ""),
            "warning": point.get("warning", ""),
            "source": cite(point["sources"], sources),
            "from_general_knowledge": point.get("general", False),
            "order": order,
        }


def _site_doses(
    points: list[dict[str, Any]], sites: dict[str, Site], indications: dict[str, Indication], sources: dict[str, str]
) -> Iterator[Row]:
    for point in points:
        for_any: list[tuple[str, dict[str, Any], dict[str, Indication]]] = [
            (family, dose, {}) for family, dose in point.get("dose", {}).items()
        ]
        for_one = [
            (family, dose, {"indication": indications[code]})
            for code, doses in point.get("dose_for", {}).items()
            for family, dose in doses.items()
        ]
        for family, dose, use in [*for_any, *for_one]:
            start_from, start_until = dose["start"]
            yield {
                "site": sites[point["code"]],
                "family": family,
                # Left out where there is none, so that rows of a catalogue older than this column keep their fingerprint.
                **use,
                "start_from": start_from,
                "start_until": start_until,
                "usual_maximum": dose["usual_maximum"],
                "source": cite(dose.get("sources", point["sources"]), sources),
                "from_general_knowledge": dose.get("general", point.get("general", False)),
            }
