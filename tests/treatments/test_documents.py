"""Photographs and papers: what is taken in, how it is kept, that it stays."""

import hashlib
import os
import stat
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from botox_tracker.private_files import PrivateFiles
from clinic.audit import Actor, AuditEvent
from clinic.patients.services import Refused, withdraw_consent
from clinic.practice.models import Role
from clinic.treatments.models import Document, DocumentWithdrawal
from clinic.treatments.services import (
    attach_paper,
    attach_photographs,
    check_files,
    documents_storage,
    is_stored,
    withdraw_document,
)
from tests.factories import (
    NOW,
    PDF,
    TODAY,
    DocumentFactory,
    InjectionSessionFactory,
    PatientFactory,
    PhotographFactory,
    SessionVoidFactory,
    member,
    pdf,
    picture,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(settings, tmp_path):
    """A private folder of this test's own, as an installation has it."""
    settings.DOCUMENTS_ROOT = tmp_path / "documents"
    settings.STORAGES = settings.STORAGES | {"documents": {"BACKEND": "botox_tracker.private_files.PrivateFiles"}}
    return settings.DOCUMENTS_ROOT


@pytest.fixture
def patient():
    return PatientFactory(consents=["PHOTOGRAPHS"])


@pytest.fixture
def doctor(patient):
    return Actor.of_user(member(Role.CLINICIAN, clinic=patient.clinic))


def sent(content=None, name="IMG_0001.jpg"):
    return SimpleUploadedFile(name, picture() if content is None else content)


def photographs(patient, doctor, *files, **changes):
    given = {"taken_on": TODAY, "title": "at rest", "now": NOW} | changes
    return attach_photographs(by=doctor, patient=patient, files=files or [sent()], **given)


def paper(patient, doctor, file=None, **changes):
    given = {"kind": "SIGNED_CONSENT", "title": "consent", "taken_on": TODAY, "now": NOW} | changes
    return attach_paper(by=doctor, patient=patient, file=file or sent(PDF, "consent.pdf"), **given)


def refusal(act):
    with pytest.raises(Refused) as refused:
        act()
    assert not Document.objects.exists()
    return {problem.field: problem.message for problem in refused.value.problems}


def test_a_photograph_is_kept_with_what_is_known_of_it(patient, doctor):
    session = InjectionSessionFactory(patient=patient)
    (kept,) = photographs(patient, doctor, sent(picture("PNG", size=(4800, 2400))), session=session)
    kept = Document.objects.get(pk=kept.pk)
    data = documents_storage().open(kept.stored_as).read()
    assert (kept.patient, kept.session, kept.kind, kept.sent_type, kept.content_type) == (
        patient, session, "PHOTOGRAPH", "image/png", "image/jpeg",
    )  # fmt: skip
    assert (kept.width, kept.height, kept.size, kept.sha256) == (2400, 1200, len(data), hashlib.sha256(data).hexdigest())
    assert (kept.uploaded_by, kept.uploaded_at) == (doctor.user, NOW)
    assert documents_storage().exists(kept.thumbnail_as)


def test_a_pdf_is_kept_without_what_is_hidden_in_it(patient, doctor):
    kept = paper(patient, doctor, sent(pdf(Author="Zzyzx"), "consent.pdf"))
    assert documents_storage().open(kept.stored_as).read() == PDF
    assert (kept.content_type, kept.width, kept.thumbnail_as) == ("application/pdf", None, "")


def test_a_picture_of_a_paper_is_cleaned_like_a_photograph(patient, doctor):
    kept = paper(patient, doctor, sent(picture(comment=b"Zzyzx")))
    assert (kept.content_type, kept.is_photograph) == ("image/jpeg", False)
    assert b"Zzyzx" not in documents_storage().open(kept.stored_as).read()


def test_the_folder_is_private_and_its_names_tell_nothing(folder, patient, doctor):
    old = os.umask(0o022)
    try:
        (kept,) = photographs(patient, doctor, sent(name="../../Ines Duarte.jpg"))
    finally:
        os.umask(old)
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {str(path.relative_to(folder)) for path in files} == {kept.stored_as, kept.thumbnail_as}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in [folder, *(path for path in folder.rglob("*") if path.is_dir())]} == {
        0o700
    }
    for name in (kept.stored_as, kept.thumbnail_as):
        assert "Duarte" not in name
        assert str(patient.public_id) not in name
        with pytest.raises(ValueError, match="no address"):
            documents_storage().url(name)
    assert isinstance(documents_storage(), PrivateFiles)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"a text", "type that is not taken"),
        (b"<svg onload='alert(1)'/>", "type that is not taken"),
        (picture("GIF"), "type that is not taken"),
        (PDF, "PDF, not a photograph"),
        (picture()[:400], "damaged"),
        (picture("PNG", size=(16, 15)), "unusual size"),
    ],
)
def test_what_is_no_photograph_is_refused(patient, doctor, content, says):
    assert says in refusal(lambda: photographs(patient, doctor, sent(content)))["files"]


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "empty"), (b"<html>", "type that is not taken"), (PDF[:-10], "damaged"), (b"MZ" + PDF, "type that is not taken")],
)
def test_what_is_no_paper_is_refused(patient, doctor, content, says):
    assert says in refusal(lambda: paper(patient, doctor, sent(content, "consent.pdf")))["file"]


def test_a_file_past_the_limit_is_refused_without_being_read(patient, doctor, settings):
    settings.DOCUMENT_MEGABYTES = 1
    large = sent(b"\xff\xd8\xff" + b"\0" * 1024 * 1024)
    assert refusal(lambda: photographs(patient, doctor, large))["files"] == "The file is too large: at most 1 MB."
    assert large.tell() == 0


def test_without_consent_no_photograph_is_kept(doctor, patient):
    withdraw_consent(by=doctor, patient=patient, purpose="PHOTOGRAPHS", how="by phone", now=NOW)
    assert refusal(lambda: photographs(patient, doctor)) == {
        "consent_how": "No photograph without the patient's consent: say how they agreed."
    }


def test_consent_that_is_given_with_the_photograph_is_recorded_once(doctor):
    patient = PatientFactory(consents=())
    photographs(patient, doctor, consent_how="on paper")
    photographs(patient, doctor, sent(picture(colour="#123456")), consent_how="by phone")
    (consent,) = patient.consents.all()
    assert (consent.purpose, consent.is_given, consent.how, consent.by_user) == ("PHOTOGRAPHS", True, "on paper", doctor.user)


def test_consent_withdrawn_while_the_file_was_being_sent_counts(doctor, patient, monkeypatch):
    answers = iter([True, False])
    monkeypatch.setattr("clinic.treatments.services.documents.may_be_photographed", lambda **_asked: next(answers))
    assert list(refusal(lambda: photographs(patient, doctor))) == ["consent_how"]


def test_what_is_refused_gives_no_consent_either(doctor):
    patient = PatientFactory(consents=())
    refusal(lambda: photographs(patient, doctor, sent(b"a text"), consent_how="on paper"))
    assert not patient.consents.exists()


def test_several_photographs_are_kept_all_or_none(patient, doctor):
    said = refusal(lambda: photographs(patient, doctor, sent(), sent(b"a text", "notes.txt"), sent(b"", "x" * 300 + ".jpg")))
    assert "x" * 40 + "…" in said["files"]
    kept = photographs(patient, doctor, sent(picture(colour="red")), sent(picture(colour="blue")))
    assert Document.objects.count() == len(kept) == 2


def test_there_is_an_end_to_how_many_at_a_time(patient, doctor):
    many = [sent(picture(colour=(number, 0, 0))) for number in range(11)]
    assert "At most 10" in refusal(lambda: photographs(patient, doctor, *many))["files"]


def test_the_same_file_is_not_attached_twice_to_a_patient(patient, doctor):
    (kept,) = photographs(patient, doctor)
    with pytest.raises(Refused, match="files"):
        photographs(patient, doctor)
    assert Document.objects.count() == 1
    withdraw_document(by=doctor, document=kept, reason="wrong day", now=NOW)
    photographs(patient, doctor)
    photographs(PatientFactory(clinic=patient.clinic, consents=["PHOTOGRAPHS"]), doctor)
    assert Document.objects.count() == 3


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"taken_on": TODAY + timedelta(days=1)}, "taken_on"),
        ({"taken_on": TODAY.replace(year=1900)}, "taken_on"),
        ({"title": "x" * 121}, "title"),
        ({"title": "a\0b"}, "title"),
    ],
)
def test_what_was_typed_is_refused_beside_its_field_even_with_an_unfit_file(patient, doctor, changes, field):
    assert field in refusal(lambda: photographs(patient, doctor, **changes))
    assert {field, "file"} <= set(refusal(lambda: paper(patient, doctor, sent(b"?"), **changes)))


def test_a_paper_needs_a_title_and_a_kind(patient, doctor):
    assert "title" in refusal(lambda: paper(patient, doctor, title=" "))
    assert "kind" in refusal(lambda: paper(patient, doctor, kind="PHOTOGRAPH"))


def test_nothing_is_attached_to_a_void_treatment_or_to_another_patients(patient, doctor):
    void = SessionVoidFactory(session=InjectionSessionFactory(patient=patient)).session
    assert "session" in refusal(lambda: photographs(patient, doctor, session=void))
    with pytest.raises(ValueError, match="own patient"):
        photographs(patient, doctor, session=InjectionSessionFactory())


def test_only_a_person_attaches_and_withdraws(patient):
    with pytest.raises(ValueError, match="member of staff"):
        photographs(patient, Actor.system())
    with pytest.raises(ValueError, match="member of staff"):
        withdraw_document(by=Actor.system(), document=DocumentFactory(), reason="x", now=NOW)


def test_attaching_and_withdrawing_leave_rows_in_the_audit_log_without_values(patient, doctor):
    (kept,) = photographs(patient, doctor, title="Zzyzx")
    withdraw_document(by=doctor, document=kept, reason="Zzyzx too", now=NOW)
    rows = AuditEvent.objects.filter(what="Document", what_id=kept.public_id).order_by("pk")
    assert [(row.action, row.fields, row.patient_id_public) for row in rows] == [
        ("CREATED", ["kind", "taken_on", "title"], patient.public_id),
        ("CHANGED", ["withdrawal"], patient.public_id),
    ]


def test_a_document_is_withdrawn_once_with_a_reason_and_its_file_stays(patient, doctor):
    kept = paper(patient, doctor)
    with pytest.raises(Refused, match="reason"):
        withdraw_document(by=doctor, document=kept, reason="  ", now=NOW)
    withdraw_document(by=doctor, document=kept, reason="of another  patient", now=NOW)
    withdraw_document(by=doctor, document=kept, reason="again", now=NOW)
    assert DocumentWithdrawal.objects.get().reason == "of another patient"
    assert Document.objects.get().is_withdrawn
    assert is_stored(kept)


def test_no_row_is_without_its_file_and_a_file_without_a_row_is_listed(folder, patient, doctor, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(Document, "save", lambda self, **options: (_ for _ in ()).throw(IntegrityError("broken off")))
        with pytest.raises(IntegrityError), transaction.atomic():
            photographs(patient, doctor)
    assert not Document.objects.exists()
    assert check_files(now=NOW - timedelta(days=3650)).strays == []
    report = check_files(now=NOW + timedelta(days=3650))
    assert report.is_whole
    assert len(report.strays) == 2


def test_the_check_finds_what_is_missing_and_what_is_not_as_it_was(folder, capsys):
    whole, gone, changed = DocumentFactory(), PhotographFactory(), DocumentFactory()
    call_command("check_documents")
    assert "3 documents are there" in capsys.readouterr().out
    documents_storage().delete(gone.stored_as)
    documents_storage().delete(gone.thumbnail_as)
    (folder / changed.stored_as).write_bytes(PDF + b"x")
    documents_storage().save("te/stray.jpg", ContentFile(b"x"))
    os.utime(folder / "te/stray.jpg", (0, 0))
    with pytest.raises(CommandError, match="1 missing and 1 changed of 3"):
        call_command("check_documents")
    said = capsys.readouterr().out
    assert f"missing: document {gone.public_id}" in said
    assert f"without its small picture: document {gone.public_id}" in said
    assert f"not as it was kept: document {changed.public_id}" in said
    assert "te/stray.jpg" in said
    assert str(whole.public_id) not in said


@pytest.mark.parametrize(
    ("factory", "changes", "constraint"),
    [
        (DocumentFactory, {"title": ""}, "document_paper_has_a_title"),
        (DocumentFactory, {"size": 0}, "document_is_not_empty"),
        (DocumentFactory, {"content_type": "image/jpeg"}, "document_picture_has_sides_and_paper_none"),
        (DocumentFactory, {"content_type": "image/png", "width": 5, "height": 5}, "document_picture_has_sides_and_paper_none"),
        (DocumentFactory, {"kind": "PHOTOGRAPH"}, "document_photograph_is_a_picture"),
        (PhotographFactory, {"thumbnail_as": ""}, "document_photograph_is_a_picture"),
    ],
)
def test_the_database_refuses_an_impossible_row(factory, changes, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        factory(**changes)
