"""The part "Photographs and documents" of a page: what a reader may see of it, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

from clinic.patients.models import Patient
from clinic.practice.roles import Permission
from clinic.prepared import PreparedObjects
from clinic.treatments.models import Document, InjectionSession
from clinic.treatments.models.documents import DocumentQuerySet
from clinic.treatments.services import is_stored

#: Documents that a patient's page shows; the rest is a page of its own.
SHOWN = 12


@dataclass(frozen=True)
class DocumentLine:
    """One document as a list shows it."""

    document: Document
    is_missing: bool
    may_withdraw: bool


@dataclass(frozen=True)
class DocumentPart:
    """What a page shows of the documents of a patient, or of one treatment (`session`)."""

    patient: Patient
    session: InjectionSession | None
    rights: frozenset[Permission]
    photographs: Sequence[DocumentLine] = field(default_factory=list)
    papers: Sequence[DocumentLine] = field(default_factory=list)
    has_more: bool = False

    @property
    def sees_photographs(self) -> bool:
        return Permission.VIEW_PHOTOGRAPHS in self.rights

    @property
    def may_add_photographs(self) -> bool:
        return Permission.RECORD_TREATMENTS in self.rights

    @property
    def may_add_papers(self) -> bool:
        return Permission.EDIT_PATIENTS in self.rights

    @property
    def is_about_a_signed_treatment(self) -> bool:
        return self.session is None or self.session.state == "SIGNED"


def seen_with(rights: Iterable[Permission], documents: DocumentQuerySet) -> DocumentQuerySet:
    """Those of `documents` that somebody with these rights may see, newest first."""
    found = documents if Permission.VIEW_PHOTOGRAPHS in rights else documents.without_photographs()
    return found.newest_first()


def part_of(
    patient: Patient,
    rights: frozenset[Permission],
    *,
    session: InjectionSession | None = None,
    skip: int = 0,
    rows: int = SHOWN,
) -> DocumentPart:
    """The documents of the patient, or of one treatment of theirs, as a reader with `rights` sees them. One query."""
    if (session, skip, rows) == (None, 0, SHOWN):
        found = _newest_query(Permission.VIEW_PHOTOGRAPHS in rights).all({"patient": patient.pk})
    else:
        about = Document.objects.filter(patient=patient) if session is None else Document.objects.filter(session=session)
        found = list(seen_with(rights, about)[skip : skip + rows + 1])
    lines = [_line(one, rights) for one in found[:rows]]
    return DocumentPart(
        patient=patient,
        session=session,
        rights=rights,
        photographs=[line for line in lines if line.document.is_photograph],
        papers=[line for line in lines if not line.document.is_photograph],
        has_more=len(found) > rows,
    )


@cache
def _newest_query(sees_photographs: bool) -> PreparedObjects[Document]:
    """The newest documents of a patient, one more than their page shows."""
    rights = [Permission.VIEW_PHOTOGRAPHS] if sees_photographs else []
    return PreparedObjects(seen_with(rights, Document.objects.filter(patient=-1))[: SHOWN + 1], {"patient": -1})


def _line(document: Document, rights: frozenset[Permission]) -> DocumentLine:
    needed = Permission.RECORD_TREATMENTS if document.is_photograph else Permission.EDIT_PATIENTS
    return DocumentLine(
        document=document,
        is_missing=not is_stored(document),
        may_withdraw=needed in rights and not document.is_withdrawn,
    )
