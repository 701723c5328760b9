"""Photographs and papers on the pages: attached, shown to whoever may see them, served privately, withdrawn."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from clinic.audit import AuditEvent
from clinic.practice.models import Role
from clinic.treatments.models import Document
from clinic.treatments.services import documents_storage
from tests.factories import (
    NOW,
    PDF,
    TODAY,
    DocumentFactory,
    DocumentWithdrawalFactory,
    InjectionSessionFactory,
    PatientFactory,
    PhotographFactory,
    picture,
)
from tests.staff.recording import error_at, text, value_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("morning")]


@pytest.fixture
def patient(clinic):
    return PatientFactory(clinic=clinic, consents=["VISIT", "INVITE", "PHOTOGRAPHS"])


@pytest.fixture
def session(patient, clinic):
    return InjectionSessionFactory(patient=patient, clinic=clinic)


@pytest.fixture
def doctor(browse_as):
    return browse_as(Role.CLINICIAN)


def file(content=None, name="IMG_0001.jpg", **options):
    return SimpleUploadedFile(name, picture() if content is None else content, **options)


def at(name, thing):
    return reverse(f"staff:{name}", args=[thing.public_id])


def add(client, patient, *files, **changes):
    data = {"photographs": list(files), "title": "eyes closed", "taken_on": "2026-11-20", "session": ""} | changes
    return client.post(at("photograph-add", patient), data)


def attach(client, patient, content=PDF, **changes):
    data = {
        "file": file(content, "consent.pdf"), "kind": "SIGNED_CONSENT", "title": "consent, version 3", "taken_on": "2026-11-20",
        "session": "",
    }  # fmt: skip
    return client.post(at("document-add", patient), data | changes)


def test_photographs_of_a_treatment_stand_on_its_page_and_on_the_patients(doctor, patient, session):
    form = doctor.get(at("photograph-add", patient) + f"?session={session.public_id}")
    assert f'<option value="{session.public_id}" selected>' in form.content.decode()
    assert value_of(form, "taken_on") == TODAY.isoformat()
    assert 'capture="environment"' in form.content.decode()
    assert 'enctype="multipart/form-data"' in form.content.decode()

    done = add(doctor, patient, file(), file(picture(colour="red")), session=str(session.public_id))

    assert done.headers["Location"] == at("treatment-show", session) + "#documents"
    assert "2 photographs are attached." in text(doctor.get(done.headers["Location"]))
    for page in (at("treatment-show", session), at("patient-show", patient)):
        shown = doctor.get(page).content.decode()
        for one in Document.objects.all():
            assert at("photograph-thumbnail", one) in shown
            assert at("photograph-show", one) in shown
    assert Document.objects.count() == 2


def test_a_picture_taken_with_the_telephones_camera_is_attached(doctor, patient):
    assert add(doctor, patient, camera=file()).status_code == 302
    assert Document.objects.get().title == "eyes closed"


def test_photograph_of_a_patient_without_consent_asks_how_they_agreed(doctor, patient, clinic):
    assert "agreed to be photographed" not in text(doctor.get(at("photograph-add", patient)))
    new = PatientFactory(clinic=clinic, consents=())
    assert "There is no consent to photographs on record" in text(doctor.get(at("photograph-add", new)))
    refused = add(doctor, new, file())
    assert (refused.status_code, Document.objects.count()) == (422, 0)
    assert "say how they agreed" in error_at(refused, "consent_how")
    assert value_of(refused, "title") == "eyes closed"
    assert add(doctor, new, file(), consent_how="on paper").status_code == 302
    page = text(doctor.get(at("patient-show", new) + "?kind=CONSENT"))
    assert "Agreed to: photographs for the record on paper" in page


def test_a_refused_form_comes_back_filled_in(doctor, patient, session):
    refused = add(doctor, patient, file(), file(b"a text", "notes.jpg"), session=str(session.public_id))
    assert refused.status_code == 422
    assert "“notes.jpg”: The file is of a type that is not taken" in error_at(refused, "photographs")
    assert (value_of(refused, "title"), value_of(refused, "taken_on")) == ("eyes closed", "2026-11-20")
    assert f'<option value="{session.public_id}" selected>' in refused.content.decode()
    assert "choose them again" in text(refused)
    assert not Document.objects.exists()


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"", "empty.jpg", "empty"),
        (b"hello", "text.jpg", "type that is not taken"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "face.svg", "type that is not taken"),
        (picture("GIF"), "face.jpg", "type that is not taken"),
        (picture()[:500], "half.jpg", "damaged"),
        (PDF, "consent.pdf", "not a photograph"),
        (picture("PNG", size=(20, 10)), "narrow.png", "unusual size"),
        (b"hello", "../../../etc/passwd", "type that is not taken"),
        (b"hello", "x" * 300 + ".jpg", "type that is not taken"),
        (b"hello", "<svg onload=alert(1)>.jpg", "type that is not taken"),
    ],
)
def test_what_is_no_photograph_is_told_beside_the_field(doctor, patient, content, name, says):
    refused = add(doctor, patient, file(content, name))
    assert refused.status_code == 422
    assert says in error_at(refused, "photographs")
    assert "<svg onload" not in refused.content.decode()
    assert not Document.objects.exists()


def test_too_large_a_file_is_told_beside_the_field(doctor, patient, settings):
    settings.DOCUMENT_MEGABYTES = 1
    refused = add(doctor, patient, file(b"\xff\xd8\xff" + b"\0" * 2**20))
    assert (refused.status_code, "at most 1 MB" in error_at(refused, "photographs")) == (422, True)


def test_a_request_larger_than_any_form_is_refused_before_it_is_read(doctor, patient, settings):
    settings.DOCUMENT_MEGABYTES = 0
    answer = add(doctor, patient, file(b"\xff\xd8\xff" + b"\0" * 2**20))
    assert answer.status_code == 400
    assert not Document.objects.exists()


def test_nothing_chosen_is_told_beside_the_field(doctor, patient):
    refused = add(doctor, patient)
    assert "at least one" in error_at(refused, "photographs")
    assert "Choose the file." in error_at(doctor.post(at("document-add", patient), {}), "file")


def test_another_patients_treatment_is_not_offered_or_taken(doctor, patient, clinic):
    other = InjectionSessionFactory(patient=PatientFactory(clinic=clinic), clinic=clinic)
    assert str(other.public_id) not in doctor.get(at("photograph-add", patient)).content.decode()
    refused = add(doctor, patient, file(), session=str(other.public_id))
    assert (refused.status_code, "this patient's" in error_at(refused, "session")) == (422, True)


def test_attaching_and_withdrawing_stand_in_the_patients_history(browse_as, patient):
    doctor = browse_as(Role.CLINICIAN)
    photograph = PhotographFactory(patient=patient, title="Eyes closed tightly")
    attach(doctor, patient)
    doctor.post(at("photograph-withdraw", photograph), {"reason": "blurred"})
    told = text(doctor.get(at("patient-show", patient) + "?kind=DOCUMENT"))
    for words in (
        "Attached: photograph · Eyes closed tightly", "Withdrawn: photograph · Eyes closed tightly blurred ·",
        "Attached: signed consent · consent, version 3",
    ):  # fmt: skip
        assert words in told
    desk = browse_as(Role.FRONT_DESK)
    told = text(desk.get(at("patient-show", patient) + "?kind=DOCUMENT"))
    assert "Attached: signed consent · consent, version 3" in told
    assert "photograph · " not in told


def test_the_front_desk_attaches_papers_and_sees_no_photographs(desk, patient, session):
    photograph = PhotographFactory(session=session, title="Eyes closed tightly")
    assert attach(desk, patient, session=str(session.public_id)).status_code == 302
    paper = Document.objects.get(kind="SIGNED_CONSENT")
    for page in (at("patient-show", patient), at("treatment-show", session), at("document-list", patient)):
        shown = desk.get(page)
        assert at("document-file", paper) in shown.content.decode()
        assert str(photograph.public_id) not in shown.content.decode()
        assert "Eyes closed" not in text(shown)
        assert "Photographs are shown to clinicians and reviewers." in text(shown)
    for name in ("photograph-show", "photograph-file", "photograph-thumbnail", "photograph-withdraw"):
        assert desk.get(at(name, photograph)).status_code == 403
    assert add(desk, patient, file()).status_code == 403
    # Nor by the address of a paper.
    assert desk.get(at("document-file", photograph)).status_code == 404
    assert desk.get(at("document-withdraw", photograph)).status_code == 404


def test_a_reviewer_looks_and_changes_nothing(browse_as, patient):
    photograph, paper = PhotographFactory(patient=patient), DocumentFactory(patient=patient)
    reviewer = browse_as(Role.REVIEWER)
    shown = reviewer.get(at("patient-show", patient)).content.decode()
    assert at("photograph-thumbnail", photograph) in shown
    assert "Withdraw" not in shown
    assert "Add photographs" not in shown
    assert reviewer.get(at("photograph-file", photograph)).status_code == 200
    for name, one in (("photograph-withdraw", photograph), ("document-withdraw", paper)):
        assert reviewer.post(at(name, one), {"reason": "x"}).status_code == 403


def headers_of(response):
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response.headers["Content-Security-Policy"]
    return response.headers["Content-Type"], response.headers["Content-Disposition"]


def test_a_photograph_is_shown_and_a_pdf_is_handed_over_to_be_saved(doctor, patient):
    photograph, paper = PhotographFactory(patient=patient), DocumentFactory(patient=patient)
    whole, small, pdf = (
        doctor.get(at(name, one))
        for name, one in (("photograph-file", photograph), ("photograph-thumbnail", photograph), ("document-file", paper))
    )
    day = f"{TODAY:%Y-%m-%d}"
    assert headers_of(whole) == headers_of(small) == ("image/jpeg", f'inline; filename="document-{day}.jpg"')
    assert headers_of(pdf) == ("application/pdf", f'attachment; filename="document-{day}.pdf"')
    assert b"".join(pdf.streaming_content) == PDF
    assert b"".join(whole.streaming_content) == documents_storage().open(photograph.stored_as).read()


def test_seeing_a_file_is_a_view_of_the_record_and_a_small_picture_belongs_to_its_page(doctor, patient):
    photograph = PhotographFactory(patient=patient)
    doctor.get(at("photograph-thumbnail", photograph))
    assert not AuditEvent.objects.exists()
    doctor.get(at("photograph-file", photograph))
    row = AuditEvent.objects.get()
    assert (row.action, row.what, row.what_id, row.patient_id_public) == (
        "VIEWED", "Document", photograph.public_id, patient.public_id,
    )  # fmt: skip


def test_a_missing_file_is_said_on_the_page_and_in_the_log(doctor, patient, caplog):
    photograph, paper = PhotographFactory(patient=patient), DocumentFactory(patient=patient)
    for one in (photograph, paper):
        documents_storage().delete(one.stored_as)
    shown = doctor.get(at("patient-show", patient))
    assert "File missing" in text(shown)
    assert "The file is missing." in text(shown)
    assert at("document-file", paper) not in shown.content.decode()
    assert "The file is missing." in text(doctor.get(at("photograph-show", photograph)))
    assert doctor.get(at("document-file", paper)).status_code == 404
    assert f"The file of document {paper.public_id} is missing." in caplog.text


def test_a_withdrawn_document_says_so_and_can_still_be_read(doctor, patient, session):
    photograph, paper = PhotographFactory(session=session), DocumentFactory(session=session)
    for name, one in (("photograph-withdraw", photograph), ("document-withdraw", paper)):
        assert error_at(doctor.post(at(name, one), {"reason": " "}), "reason")
        done = doctor.post(at(name, one), {"reason": "of another patient"})
        assert done.headers["Location"] == at("treatment-show", session) + "#documents"
        assert doctor.get(at(name, one)).status_code == 302
    shown = doctor.get(at("treatment-show", session))
    assert at("photograph-thumbnail", photograph) not in shown.content.decode()
    assert "withdrawn : of another patient" in text(shown)
    assert "Withdrawn : of another patient" in text(doctor.get(at("photograph-show", photograph)))
    assert doctor.get(at("photograph-file", photograph)).status_code == 200
    assert doctor.get(at("document-file", paper)).status_code == 200


def test_a_patient_with_many_documents_has_a_page_of_them_all(doctor, patient):
    for number in range(60):
        DocumentFactory(patient=patient, title=f"paper {number}", taken_on=TODAY - timedelta(days=number))
    shown = text(doctor.get(at("patient-show", patient) + "?kind=TREATMENT"))
    assert "All photographs and papers" in shown
    assert "paper 11" in shown
    assert "paper 12" not in shown
    first, second = (text(doctor.get(at("document-list", patient) + page)) for page in ("", "?page=2"))
    assert "paper 47" in first
    assert "paper 48" not in first
    assert "paper 59" in second


@pytest.mark.parametrize("name", ["patient-show", "document-list"])
def test_as_many_queries_for_many_documents_as_for_one(doctor, clinic, count_queries, name):
    one, many = PatientFactory(clinic=clinic), PatientFactory(clinic=clinic)
    for patient, number in ((one, 1), (many, 10)):
        session = InjectionSessionFactory(patient=patient, clinic=clinic)
        for _ in range(number):
            PhotographFactory(session=session)
            DocumentWithdrawalFactory(document=DocumentFactory(session=session))
    doctor.get(at(name, one))
    queries = count_queries(lambda: doctor.get(at(name, one)))
    assert count_queries(lambda: doctor.get(at(name, many))) == queries


def test_as_many_queries_for_many_photographs_of_a_treatment_as_for_one(doctor, patient, clinic, count_queries):
    one = InjectionSessionFactory(patient=patient, clinic=clinic)
    many = InjectionSessionFactory(condition=one.condition, clinic=clinic)
    for session, number in ((one, 1), (many, 10)):
        for _ in range(number):
            PhotographFactory(session=session)
    queries = count_queries(lambda: doctor.get(at("treatment-show", one)))
    assert count_queries(lambda: doctor.get(at("treatment-show", many))) == queries


def test_what_was_seen_and_attached_stands_in_the_access_log_in_words(browse_as, patient):
    admin = browse_as(Role.ADMIN)
    add(admin, patient, file())
    admin.get(at("photograph-file", Document.objects.get()))
    log = text(admin.get(at("access-log", patient)))
    assert "created a photograph or paper: kind, taken or signed on, title" in log
    assert "viewed a photograph or paper" in log
    assert Document.objects.get().uploaded_at == NOW
