"""What is left of a PDF when it is kept: its pages, and nothing hidden beside them."""

import contextlib
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

from clinic.treatments.file_content import Fault, Unfit
from clinic.treatments.pdf_content import cleaned_pdf
from tests.factories import PDF, pdf

SECRET = "Zzyzx"


def words(page_text):
    """A writer with one page that says something."""
    writer = PdfWriter()
    page = writer.add_blank_page(width=595, height=842)
    content = DecodedStreamObject()
    content.set_data(b"BT /F1 12 Tf 72 720 Td (" + page_text.encode() + b") Tj ET")
    page[NameObject("/Contents")] = writer._add_object(content)
    font = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
    fonts = dictionary(**{"/F1": dictionary(**{name: NameObject(value) for name, value in font.items()})})
    page[NameObject("/Resources")] = dictionary(**{"/Font": fonts})
    return writer


def dictionary(**entries):
    return DictionaryObject({NameObject(name): value for name, value in entries.items()})


def stream(text):
    made = DecodedStreamObject()
    made.set_data(text.encode())
    return made


def bytes_of(writer):
    written = BytesIO()
    writer.write(written)
    return written.getvalue()


def everything_in(data):
    """All that any object of the PDF holds, streams unpacked."""
    reader, told = PdfReader(BytesIO(data)), [repr(PdfReader(BytesIO(data)).trailer), data.decode("latin-1")]
    for number in range(1, 60):
        one = reader.get_object(number)
        told.append(repr(one))
        if hasattr(one, "get_data"):
            told.append(one.get_data().decode("latin-1"))
    return "\n".join(told)


def describe(writer):
    writer.add_metadata({"/Author": SECRET, "/Producer": SECRET})


def describe_in_xmp(writer):
    writer.root_object[NameObject("/Metadata")] = writer._add_object(stream(SECRET))


def describe_a_page(writer):
    writer.pages[0][NameObject("/Metadata")] = writer._add_object(stream(SECRET))
    writer.pages[0][NameObject("/PieceInfo")] = dictionary(**{"/Program": TextStringObject(SECRET)})


def attach(writer):
    writer.add_attachment("notes.txt", SECRET.encode())


def pin_a_file(writer):
    file = dictionary(**{"/F": TextStringObject(SECRET), "/EF": dictionary(**{"/F": writer._add_object(stream(SECRET))})})
    mark = dictionary(
        **{"/Type": NameObject("/Annot"), "/Subtype": NameObject("/FileAttachment"), "/FS": writer._add_object(file)}
    )
    writer.pages[0][NameObject("/Annots")] = ArrayObject([writer._add_object(mark)])


def run_on_opening(writer):
    action = dictionary(**{"/S": NameObject("/JavaScript"), "/JS": TextStringObject(SECRET)})
    tree = dictionary(**{"/Names": ArrayObject([TextStringObject("first"), writer._add_object(action)])})
    writer.root_object[NameObject("/OpenAction")] = writer._add_object(action)
    writer.root_object[NameObject("/Names")] = dictionary(**{"/JavaScript": writer._add_object(tree)})


def run_on_a_click(writer):
    action = dictionary(**{"/S": NameObject("/JavaScript"), "/JS": writer._add_object(stream(SECRET))})
    launch = dictionary(**{"/S": NameObject("/Launch"), "/F": TextStringObject(SECRET), "/Next": action})
    box = ArrayObject([NumberObject(n) for n in (0, 0, 9, 9)])
    mark = {"/Type": NameObject("/Annot"), "/Subtype": NameObject("/Link"), "/Rect": box, "/A": writer._add_object(launch)}
    writer.pages[0][NameObject("/Annots")] = ArrayObject([writer._add_object(dictionary(**mark))])


def leave_lying_about(writer):
    writer._add_object(stream(SECRET))


HIDING = [describe, describe_in_xmp, describe_a_page, attach, pin_a_file, run_on_opening, run_on_a_click, leave_lying_about]


@pytest.mark.parametrize("hide", HIDING)
def test_what_is_hidden_goes_and_the_page_stays(hide):
    writer = words("I agree")
    hide(writer)
    sent = bytes_of(writer)
    assert SECRET in everything_in(sent)

    kept = cleaned_pdf(sent)
    assert SECRET not in everything_in(kept)
    (page,) = PdfReader(BytesIO(kept)).pages
    assert page.extract_text().strip() == "I agree"
    assert PdfReader(BytesIO(kept)).metadata is None
    assert cleaned_pdf(sent) == kept


def test_links_to_an_address_stay():
    writer = words("Read more")
    writer.add_uri(0, "https://clinic.example/", (0, 0, 9, 9))
    assert "https://clinic.example/" in everything_in(cleaned_pdf(bytes_of(writer)))


def test_earlier_state_of_a_changed_pdf_goes():
    sent = bytes_of(words(SECRET))
    changed = PdfWriter(BytesIO(sent), incremental=True)
    page = changed.pages[0]
    page[NameObject("/Contents")] = changed._add_object(stream("BT /F1 12 Tf 72 720 Td (I agree) Tj ET"))
    kept = cleaned_pdf(bytes_of(changed))
    assert SECRET not in everything_in(kept)
    assert PdfReader(BytesIO(kept)).pages[0].extract_text().strip() == "I agree"


def test_digitally_signed_pdf_stays_byte_for_byte():
    writer = words("I agree")
    signature = dictionary(**{"/Type": NameObject("/Sig"), "/Contents": TextStringObject("signature")})
    field = {"/FT": NameObject("/Sig"), "/T": TextStringObject("patient"), "/V": writer._add_object(signature)}
    form = dictionary(**{"/Fields": ArrayObject([writer._add_object(dictionary(**field))])})
    writer.root_object[NameObject("/AcroForm")] = form
    describe(writer)
    sent = bytes_of(writer)
    assert cleaned_pdf(sent) == sent


def fault_of(data):
    with pytest.raises(Unfit) as unfit:
        cleaned_pdf(data)
    return unfit.value.fault


def test_locked_pdf_is_refused():
    writer = words("I agree")
    writer.encrypt("a password", algorithm="RC4-128")
    assert fault_of(bytes_of(writer)) == Fault.LOCKED


@pytest.mark.parametrize(
    "data",
    [
        PDF[:-10],
        b"%PDF-1.7\n%%EOF\n",
        b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n",
        b"%PDF-1.7\n1 0 obj" + b"[" * 100_000 + b"\n%%EOF\n",
        pdf().replace(b"/Pages", b"/Piges"),
    ],
    ids=["cut off", "nothing", "no pages", "deep", "no tree"],
)
def test_damaged_pdf_is_refused(data):
    assert fault_of(data) == Fault.BROKEN


@settings(max_examples=40)
@given(st.data())
def test_no_damage_makes_a_fault_of_ours(data):
    sent = bytearray(bytes_of(words("I agree")))
    for _change in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(5, len(sent) - 8))
        sent[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Unfit):
        assert cleaned_pdf(bytes(sent)).startswith(b"%PDF-")
