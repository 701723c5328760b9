"""Photographs and papers: taken in by their content, kept privately, withdrawn with a reason."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic import audit
from clinic.patients.models import ConsentPurpose, Patient
from clinic.patients.services import Problem, Refused, consents_of, give_consent
from clinic.patients.services.refusals import problems_of
from clinic.treatments import file_content, pdf_content
from clinic.treatments.file_content import Fault, Unfit
from clinic.treatments.models import ContentType, Document, DocumentKind, DocumentWithdrawal, InjectionSession, SessionState

#: Photographs that are taken at a time.
MOST_FILES = 10
#: Characters of a file's name that a refusal repeats.
_NAME_SHOWN = 40

_FAULTS: dict[Fault, Promise] = {
    Fault.EMPTY: gettext_lazy("The file is empty."),
    Fault.UNKNOWN: gettext_lazy("The file is of a type that is not taken, whatever its name says."),
    Fault.BROKEN: gettext_lazy("The file is damaged or incomplete. Send it again."),
    Fault.ANIMATED: gettext_lazy("The picture moves. Only still pictures are taken."),
    Fault.TOO_MANY_PIXELS: gettext_lazy("The picture has too many pixels: at most 52 million in a JPEG, 30 million otherwise."),
    Fault.LOCKED: gettext_lazy("The PDF asks for a password. Save it without one, or print it and attach a picture of it."),
    Fault.STRANGE_SHAPE: gettext_lazy("The picture has an unusual size or kind of colour and is not taken."),
}


class SentFile(Protocol):
    """A file as a door hands it in."""

    @property
    def name(self) -> str | None: ...
    @property
    def size(self) -> int | None: ...
    def read(self) -> bytes: ...


@dataclass(frozen=True)
class _Content:
    sent_type: str
    content_type: str
    data: bytes
    thumbnail: bytes = b""
    width: int | None = None
    height: int | None = None


def attach_photographs(
    *,
    by: audit.Actor,
    patient: Patient,
    files: Sequence[SentFile],
    taken_on: date,
    title: str = "",
    session: InjectionSession | None = None,
    consent_how: str = "",
    now: datetime,
) -> list[Document]:
    """Keep photographs of the patient, all or none; return them in the order they were sent.

    The patient has agreed to photographs, or agrees with this: `consent_how` says how they told, and is recorded with it. Raises
    Refused (field "consent_how") without either.
    Each is kept as a JPEG of its pixels alone, at most 2,400 a side, with a thumbnail. Raises Refused (field "files") for a file
    that is no still JPEG, PNG or WebP picture, is too large, or is on record for this patient already; for a day before birth or
    after today (clinic's zone); for a treatment that is not signed. ValueError when no person acts.
    """
    problems: list[Problem] = []
    if not files:
        problems.append(Problem("files", _("Choose at least one photograph.")))
    if len(files) > MOST_FILES:
        raise Refused.for_field("files", _("At most %(most)d photographs at a time.") % {"most": MOST_FILES})
    contents: list[_Content] = []
    for file in files:
        try:
            contents.append(_photograph(_read(file)))
        except Refused as refused:
            problems += [Problem("files", _said_of(file, problem, len(files))) for problem in refused.problems]
    rows = [
        _row(by=by, patient=patient, session=session, kind=DocumentKind.PHOTOGRAPH, title=title, taken_on=taken_on,
             content=content, now=now)
        for content in contents
    ]  # fmt: skip
    problems += _problems_of(rows[:1] or [_row_without_file(patient, session, title, taken_on)], now)
    if not consent_how and not may_be_photographed(patient=patient):
        problems.append(_no_consent())
    if problems:
        raise Refused(problems)
    with transaction.atomic():
        Patient.objects.select_for_update().get(pk=patient.pk)
        # Asked again under the lock: it may have been withdrawn meanwhile.
        if not may_be_photographed(patient=patient):
            if not consent_how:
                raise Refused([_no_consent()])
            give_consent(by=by, patient=patient, purpose=ConsentPurpose.PHOTOGRAPHS, how=consent_how, now=now)
        return _keep(rows, contents, by=by, field="files", now=now)


def may_be_photographed(*, patient: Patient) -> bool:
    """Whether the patient agrees to photographs now. Those of before stay when they no longer do: they are part of the record."""
    return ConsentPurpose.PHOTOGRAPHS in consents_of([patient.pk])[patient.pk]


def _no_consent() -> Problem:
    return Problem("consent_how", _("No photograph without the patient's consent: say how they agreed."))


def attach_paper(
    *,
    by: audit.Actor,
    patient: Patient,
    kind: str,
    file: SentFile,
    title: str,
    taken_on: date,
    session: InjectionSession | None = None,
    now: datetime,
) -> Document:
    """Keep a signed consent, a letter or another paper: a PDF without what is hidden in it, or a picture of it, cleaned.

    Raises Refused (field "file") for any other content and what `attach_photographs` refuses; for a missing title; for a
    photograph. ValueError when no person acts.
    """
    if kind == DocumentKind.PHOTOGRAPH or kind not in DocumentKind.values:
        raise Refused.for_field("kind", _("Choose what it is."))
    problems: list[Problem] = []
    content = None
    try:
        content = _paper(_read(file))
    except Refused as refused:
        problems += [Problem("file", problem.message) for problem in refused.problems]
    if not title.strip():
        problems.append(Problem("title", _("Say in a few words what it is.")))
    row = _row_without_file(patient, session, title, taken_on)
    if content is not None:
        row = _row(by=by, patient=patient, session=session, kind=kind, title=title, taken_on=taken_on, content=content, now=now)
    problems += _problems_of([row], now)
    if problems or content is None:
        raise Refused(problems)
    return _keep([row], [content], by=by, field="file", now=now)[0]


def withdraw_document(*, by: audit.Actor, document: Document, reason: str, now: datetime) -> DocumentWithdrawal:
    """Say that a document counts for nothing, and why; the file stays. One that is withdrawn already stays as it was.

    Raises Refused without a reason, ValueError when no person acts.
    """
    if by.user is None:
        raise ValueError("A member of staff withdraws a document.")
    with transaction.atomic():
        patient = Patient.objects.select_for_update().get(pk=document.patient_id)
        if done := DocumentWithdrawal.objects.filter(document=document).first():
            return done
        row = DocumentWithdrawal(document=document, reason=" ".join(reason.split()), by=by.user, at=now)
        problems = problems_of(row, fields=["reason"])
        if problems:
            raise Refused(problems)
        row.save()
        _told(by, audit.Action.CHANGED, document, patient, ["withdrawal"], now)
    return row


def documents_storage() -> Storage:
    """Where the files lie: STORAGES["documents"]."""
    return storages["documents"]


def is_stored(document: Document) -> bool:
    """Whether the file of a row is where it should be."""
    return documents_storage().exists(document.stored_as)


def _read(file: SentFile) -> bytes:
    """The bytes of a file, read only if it is not too large."""
    most = settings.DOCUMENT_MEGABYTES
    if (file.size or 0) > most * 1024 * 1024:
        raise Refused.for_field("", _("The file is too large: at most %(most)d MB.") % {"most": most})
    return file.read()


def _said_of(file: SentFile, problem: Problem, of: int) -> str:
    """The sentence; where there are several files, with the name of the one it is about."""
    if of == 1:
        return problem.message
    name = "".join(letter for letter in file.name or "" if letter.isprintable())
    shown = name if len(name) <= _NAME_SHOWN else f"{name[:_NAME_SHOWN]}…"
    return _("“%(name)s”: %(sentence)s") % {"name": shown, "sentence": problem.message}


def _photograph(data: bytes) -> _Content:
    try:
        sent_type = file_content.type_of(data)
        if sent_type == file_content.PDF:
            raise Refused.for_field("", _("This is a PDF, not a photograph. Attach it as a paper."))
        picture = file_content.cleaned(data)
    except Unfit as unfit:
        raise Refused.for_field("", _FAULTS[unfit.fault]) from unfit
    return _Content(sent_type, ContentType.JPEG, picture.data, picture.thumbnail, picture.width, picture.height)


def _paper(data: bytes) -> _Content:
    try:
        sent_type = file_content.type_of(data)
        if sent_type == file_content.PDF:
            return _Content(sent_type, ContentType.PDF, pdf_content.cleaned_pdf(data))
        picture = file_content.cleaned(data)
    except Unfit as unfit:
        raise Refused.for_field("", _FAULTS[unfit.fault]) from unfit
    return _Content(sent_type, ContentType.JPEG, picture.data, width=picture.width, height=picture.height)


def _row_without_file(patient: Patient, session: InjectionSession | None, title: str, taken_on: date) -> Document:
    """As much of a row as can be judged when its file was refused."""
    return Document(patient=patient, session=session, title=title.strip(), taken_on=taken_on)


def _row(
    *,
    by: audit.Actor,
    patient: Patient,
    session: InjectionSession | None,
    kind: str,
    title: str,
    taken_on: date,
    content: _Content,
    now: datetime,
) -> Document:
    if by.user is None:
        raise ValueError("A member of staff attaches a document.")
    if session is not None and session.patient_id != patient.pk:
        raise ValueError("A document belongs to a treatment of its own patient.")
    key = uuid.uuid4().hex
    ending = "pdf" if content.content_type == ContentType.PDF else "jpg"
    return Document(
        patient=patient,
        session=session,
        kind=kind,
        title=title.strip(),
        taken_on=taken_on,
        sent_type=content.sent_type,
        content_type=content.content_type,
        size=len(content.data),
        sha256=hashlib.sha256(content.data).hexdigest(),
        width=content.width,
        height=content.height,
        stored_as=f"{key[:2]}/{key}.{ending}",
        thumbnail_as=f"{key[:2]}/{key}.small.jpg" if content.thumbnail else "",
        uploaded_by=by.user,
        uploaded_at=now,
    )


def _problems_of(rows: Sequence[Document], now: datetime) -> Iterator[Problem]:
    """What is wrong with what was typed; the same for every file that was sent with it."""
    for row in rows:
        yield from problems_of(row, fields=["title"])
        if row.taken_on > now.astimezone(row.patient.clinic.zone).date():
            yield Problem("taken_on", _("This day is still to come."))
        elif row.taken_on < row.patient.born_on:
            yield Problem("taken_on", _("This is before the patient was born."))
        if row.session is not None and row.session.state != SessionState.SIGNED:
            yield Problem("session", _("This treatment is void: attach it to the patient or to another treatment."))


def _keep(
    rows: Sequence[Document], contents: Sequence[_Content], *, by: audit.Actor, field: str, now: datetime
) -> list[Document]:
    """Write the files, then the rows. A failure in between leaves files that no row names: `check_documents` lists them."""
    storage = documents_storage()
    with transaction.atomic():
        patient = Patient.objects.select_for_update().get(pk=rows[0].patient_id)
        known = set(
            Document.objects.filter(patient=patient, withdrawal=None, sha256__in=[row.sha256 for row in rows]).values_list(
                "sha256", flat=True
            )
        )
        if known or len({row.sha256 for row in rows}) < len(rows):
            raise Refused.for_field(field, _("This file is on record for this patient already; nothing was attached again."))
        for row, content in zip(rows, contents, strict=True):
            row.stored_as = storage.save(row.stored_as, ContentFile(content.data))
            if content.thumbnail:
                row.thumbnail_as = storage.save(row.thumbnail_as, ContentFile(content.thumbnail))
            row.save(force_insert=True)
            told = ["kind", "taken_on", *(["title"] if row.title else []), *(["session"] if row.session_id else [])]
            _told(by, audit.Action.CREATED, row, patient, told, now)
    return list(rows)


def _told(by: audit.Actor, action: str, document: Document, patient: Patient, fields: list[str], now: datetime) -> None:
    audit.record(
        by=by,
        action=action,
        what=document,
        patient_public_id=patient.public_id,
        clinic_id=patient.clinic_id,
        fields=fields,
        now=now,
    )
