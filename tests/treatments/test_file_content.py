"""What a file is by its content, and what of a picture is kept."""

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from clinic.treatments import file_content
from clinic.treatments.file_content import KEPT_SIDE, THUMBNAIL_SIDE, Fault, Unfit, cleaned, type_of
from tests.factories import PDF, picture

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


def opened(data):
    return Image.open(BytesIO(data))


def fault_of(data):
    with pytest.raises(Unfit) as refused:
        cleaned(data)
    return refused.value.fault


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_that_claims(width, height):
    """A few bytes that would unfold into a picture of that size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def exif(**tags):
    data = Image.Exif()
    data[0x0112] = tags.get("orientation", 1)
    data[0x010F] = "A telephone's maker"
    data[0x0132] = "2026:11:03 10:15:00"
    gps = data.get_ifd(0x8825)
    gps[1], gps[2] = "N", (56.0, 9.0, 25.0)
    return data


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (picture("JPEG"), "image/jpeg"),
        (picture("PNG"), "image/png"),
        (picture("WEBP"), "image/webp"),
        (PDF, "application/pdf"),
    ],
)
def test_type_is_told_by_content(data, found):
    assert type_of(data) == found


@pytest.mark.parametrize(
    "data",
    [
        b"a text",
        SVG,
        picture("GIF"),
        picture("BMP"),
        picture("TIFF"),
        b"PK\x03\x04",
        b"\0" * 100,
        b"RIFF\0\0\0\0WAVE",
        b" %PDF-1.7",
    ],
)
def test_any_other_content_is_refused(data):
    with pytest.raises(Unfit) as refused:
        type_of(data)
    assert refused.value.fault == Fault.UNKNOWN
    assert fault_of(data) == Fault.UNKNOWN


def test_nothing_at_all_is_refused():
    assert fault_of(b"") == Fault.EMPTY


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_kept_as_a_jpeg_with_a_small_one(kind):
    kept = cleaned(picture(kind, size=(800, 600)))
    assert (kept.width, kept.height) == (800, 600)
    with opened(kept.data) as whole, opened(kept.thumbnail) as small:
        assert (whole.format, whole.size, small.format, small.size) == ("JPEG", (800, 600), "JPEG", (THUMBNAIL_SIDE, 240))


@pytest.mark.parametrize(
    ("size", "kept_size"), [((5000, 2500), (2400, 1200)), ((1000, 4800), (500, 2400)), ((2400, 2400), (2400, 2400))]
)
def test_the_longest_side_is_at_most_2400_pixels(size, kept_size):
    kept = cleaned(picture(size=size))
    assert (kept.width, kept.height) == kept_size
    assert max(kept.width, kept.height) <= KEPT_SIDE


def test_nothing_but_the_pixels_is_kept():
    sent = picture(exif=exif(), comment=b"Zzyzx was here", icc_profile=b"\0" * 200, dpi=(300, 300))
    assert b"telephone" in sent
    for data in (cleaned(sent).data, cleaned(sent).thumbnail):
        with opened(data) as kept:
            assert not kept.getexif()
            assert set(kept.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression"}
        assert b"Zzyzx" not in data
        assert b"telephone" not in data


def test_texts_in_a_png_are_not_kept():
    info = __import__("PIL.PngImagePlugin", fromlist=["PngInfo"]).PngInfo()
    info.add_text("Author", "Zzyzx")
    assert b"Zzyzx" not in cleaned(picture("PNG", pnginfo=info)).data


def test_a_second_file_behind_the_first_is_not_kept():
    polyglot = picture() + b"PK\x03\x04<script>alert(1)</script>" + PDF
    assert b"script" not in cleaned(polyglot).data
    assert b"%PDF" not in cleaned(polyglot).data


def test_a_picture_is_turned_as_its_telephone_meant_it():
    half = Image.new("RGB", (200, 100), "white")
    half.paste("black", (0, 0, 100, 100))
    written = BytesIO()
    half.save(written, format="JPEG", exif=exif(orientation=6))  # to be turned by a quarter, clockwise
    kept = cleaned(written.getvalue())
    assert (kept.width, kept.height) == (100, 200)
    with opened(kept.data) as upright:
        assert upright.getpixel((50, 20))[0] < 50
        assert upright.getpixel((50, 180))[0] > 200


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_usual_kind_of_colour_is_taken(mode):
    written = BytesIO()
    Image.new(mode, (64, 64)).save(written, format="PNG")
    with opened(cleaned(written.getvalue()).data) as kept:
        assert kept.mode == "RGB"


def test_what_is_transparent_becomes_white():
    with opened(cleaned(picture("PNG", mode="RGBA", colour=(0, 0, 0, 0))).data) as kept:
        assert kept.getpixel((5, 5)) == (255, 255, 255)


def test_four_colours_of_print_are_taken():
    assert cleaned(picture("JPEG", mode="CMYK", colour=(0, 50, 50, 0))).width == 640


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_a_picture_that_was_cut_off_is_refused(kind, share):
    whole = Image.effect_noise((300, 300), 60).convert("RGB")
    written = BytesIO()
    whole.save(written, format=kind)
    data = written.getvalue()
    assert fault_of(data[: max(16, int(len(data) * share))]) == Fault.BROKEN


@pytest.mark.parametrize("head", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\xff\xff\xff\xffWEBP"])
def test_what_only_begins_like_a_picture_is_refused(head):
    assert fault_of(head) == Fault.BROKEN
    assert fault_of(head + bytes(range(256)) * 40) == Fault.BROKEN


@pytest.mark.parametrize(
    ("size", "fault"),
    [
        ((1, 19_000), Fault.STRANGE_SHAPE),
        ((100_000, 1), Fault.STRANGE_SHAPE),
        ((100_000, 100), Fault.STRANGE_SHAPE),
        ((6_000, 6_000), Fault.TOO_MANY_PIXELS),
        ((20_000, 20_000), Fault.TOO_MANY_PIXELS),
        ((15, 15), Fault.STRANGE_SHAPE),
    ],
)
def test_a_picture_of_no_usual_size_is_refused_before_it_unfolds(size, fault, monkeypatch):
    monkeypatch.setattr(file_content, "_bare", lambda picture: pytest.fail("decoded"))
    assert fault_of(png_that_claims(*size)) == fault


def test_a_picture_that_moves_is_refused():
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue", "green")]
    for kind in ("WEBP", "PNG"):
        written = BytesIO()
        frames[0].save(written, format=kind, save_all=True, append_images=frames[1:])
        assert fault_of(written.getvalue()) == Fault.ANIMATED


def test_a_telephones_second_picture_behind_the_first_is_left_out():
    frames = [Image.new("RGB", (640, 480), colour) for colour in ("red", "blue")]
    written = BytesIO()
    frames[0].save(written, format="MPO", save_all=True, append_images=frames[1:])
    with opened(cleaned(written.getvalue()).data) as kept:
        assert kept.format == "JPEG"
        assert kept.getpixel((5, 5))[0] > 200


def test_a_pdf_is_no_picture_and_is_taken_whole_only():
    assert fault_of(PDF) == Fault.UNKNOWN


def test_a_refusal_says_nothing_of_the_content():
    with pytest.raises(Unfit) as refused:
        cleaned(b"Zzyzx, born 3 March 1959")
    assert str(refused.value) == "UNKNOWN"
