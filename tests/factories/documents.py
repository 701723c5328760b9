"""Photographs and papers, with files that are there."""

import hashlib
import uuid
from io import BytesIO

import factory
from django.core.files.base import ContentFile
from PIL import Image
from pypdf import PdfWriter

from clinic.treatments.file_content import cleaned
from clinic.treatments.models import Document, DocumentWithdrawal
from clinic.treatments.pdf_content import cleaned_pdf
from clinic.treatments.services import documents_storage
from tests.factories.base import NOW, TODAY, Factory
from tests.factories.patients import PatientFactory
from tests.factories.practice import UserFactory


def picture(kind="JPEG", size=(640, 480), colour="#7a5", **options):
    """The bytes of a picture."""
    written = BytesIO()
    Image.new(options.pop("mode", "RGB"), size, colour).save(written, format=kind, **options)
    return written.getvalue()


def pdf(width=595, **hidden):
    """The bytes of a PDF of one empty page, `width` points across; `hidden` describes it in its Info dictionary."""
    writer, written = PdfWriter(), BytesIO()
    writer.add_blank_page(width=width, height=842)
    writer.add_metadata({f"/{name}": text for name, text in hidden.items()})
    writer.write(written)
    return written.getvalue()


#: A PDF in which nothing is hidden: it is kept byte for byte.
PDF = cleaned_pdf(pdf())


def _kept(data, ending):
    return documents_storage().save(f"te/{uuid.uuid4().hex}.{ending}", ContentFile(data))


class DocumentFactory(Factory):
    """A signed consent as a PDF, of the session's patient if a session is given."""

    class Meta:
        model = Document
        exclude = ("content",)

    content = PDF
    session = None
    patient = factory.LazyAttribute(lambda one: one.session.patient if one.session else PatientFactory())
    kind = "SIGNED_CONSENT"
    title = "Consent to treatment, version 3"
    taken_on = TODAY
    sent_type = "application/pdf"
    content_type = "application/pdf"
    size = factory.LazyAttribute(lambda one: len(one.content))
    sha256 = factory.LazyAttribute(lambda one: hashlib.sha256(one.content).hexdigest())
    stored_as = factory.LazyAttribute(lambda one: _kept(one.content, "pdf"))
    uploaded_by = factory.SubFactory(UserFactory)
    uploaded_at = NOW


class PhotographFactory(DocumentFactory):
    """A photograph with its thumbnail."""

    content = factory.LazyFunction(lambda: cleaned(picture()).data)
    kind = "PHOTOGRAPH"
    title = "At rest"
    sent_type = "image/png"
    content_type = "image/jpeg"
    width, height = 640, 480
    stored_as = factory.LazyAttribute(lambda one: _kept(one.content, "jpg"))
    thumbnail_as = factory.LazyAttribute(lambda one: _kept(cleaned(one.content).thumbnail, "small.jpg"))


class DocumentWithdrawalFactory(Factory):
    class Meta:
        model = DocumentWithdrawal

    document = factory.SubFactory(DocumentFactory)
    reason = "of another patient"
    by = factory.SubFactory(UserFactory)
    at = NOW
