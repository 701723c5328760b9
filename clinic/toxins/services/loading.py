"""Bringing rows from catalogue files into the database without undoing what a clinic changed there."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from django.db.models import ManyToManyField

from clinic.toxins.models import FromCatalogue

Row = Mapping[str, Any]


@dataclass
class Loaded:
    """What became of one kind of rows. `kept` names the rows that were left alone because a clinic had changed them."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    kept: list[str] = field(default_factory=list)


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a catalogue file; numbers with a point are exact decimals."""
    return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


def cite(keys: Sequence[str], sources: Mapping[str, str]) -> str:
    """A readable citation of these sources. KeyError for one that sources.toml does not know."""
    return "; ".join(sources[key] for key in keys)


def load_rows(
    model: type[FromCatalogue],
    rows: Iterable[Row],
    *,
    key: Sequence[str],
    links: Mapping[str, Callable[[Row], Sequence[Any]]] | None = None,
    settled: Callable[[Any], bool] = lambda _row: False,
    newer: Collection[str] = (),
) -> Loaded:
    """Create what is missing, update what nobody touched, leave alone the rest.

    A row is found by its `key` fields; one that is left out is empty. It counts as touched when its values no longer match the
    fingerprint that the last load left in it, or when `settled` says so.
    `links` gives, by name, the objects of many-to-many fields. `newer` are columns that an older catalogue did not know: a row
    that matches its fingerprint without them was not touched either.
    """
    links = links or {}
    loaded = Loaded()
    related = [name for name in key if model._meta.get_field(name).is_relation]
    rows_present = model._default_manager.select_related(*related).prefetch_related(*links)
    present = {tuple(_plain(getattr(row, name)) for name in key): row for row in rows_present}
    unchecked = [*links, *(field.name for field in model._meta.fields if field.is_relation)]
    missing: list[tuple[FromCatalogue, dict[str, list[Any]]]] = []
    for values in rows:
        wanted_links = {name: list(choose(values)) for name, choose in links.items()}
        mark = _fingerprint({**values, **wanted_links})
        row = present.get(tuple(_plain(values.get(name)) for name in key))
        if row is None:
            row = model(**values, catalogue_mark=mark)
            row.clean_fields(exclude=unchecked)
            missing.append((row, wanted_links))
        elif row.catalogue_mark == mark:
            loaded.unchanged += 1
        elif settled(row) or row.catalogue_mark not in _marks(_current(row, values, wanted_links), newer):
            loaded.kept.append(str(getattr(row, "code", row)))
        else:
            loaded.updated += 1
            for name, value in values.items():
                setattr(row, name, value)
            row.catalogue_mark = mark
            row.clean_fields(exclude=unchecked)
            row.save()
            _link(row, wanted_links)
    model._default_manager.bulk_create([row for row, _links in missing])
    for name in links:
        _link_new(model, name, [(row, wanted[name]) for row, wanted in missing])
    loaded.created = len(missing)
    return loaded


def _link_new(model: type[FromCatalogue], name: str, rows: Sequence[tuple[FromCatalogue, Sequence[Any]]]) -> None:
    """Link rows that have no links yet, all in one statement."""
    relation = cast("ManyToManyField[Any, Any]", model._meta.get_field(name))
    through = relation.remote_field.through
    if through is None:
        raise ValueError(f"{name} of {model.__name__} has no table of its own.")
    ours, theirs = relation.m2m_field_name(), relation.m2m_reverse_field_name()
    through._default_manager.bulk_create([through(**{ours: row, theirs: one}) for row, chosen in rows for one in chosen])


def _link(row: FromCatalogue, links: Mapping[str, Sequence[Any]]) -> None:
    for name, objects in links.items():
        getattr(row, name).set(objects)


def _current(row: FromCatalogue, values: Row, links: Mapping[str, Any]) -> dict[str, Any]:
    current: dict[str, Any] = {name: getattr(row, name) for name in values}
    return {**current, **{name: list(getattr(row, name).all()) for name in links}}


def _marks(current: Row, newer: Collection[str]) -> tuple[str, str]:
    """The fingerprints that the row may have been left with: by this catalogue's columns, or by an older one's."""
    return _fingerprint(current), _fingerprint({name: value for name, value in current.items() if name not in newer})


def _fingerprint(values: Row) -> str:
    plain = {name: _plain(value) for name, value in values.items()}
    return hashlib.sha256(json.dumps(plain, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """A value as it reads in every database: 5 and 5.00 are one number, a related row is its code."""
    if isinstance(value, list | tuple):
        return sorted(_plain(part) for part in value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | Decimal):
        return format(Decimal(value).normalize(), "f")
    if isinstance(value, date):
        return value.isoformat()
    return str(getattr(value, "code", value))
