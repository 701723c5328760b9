"""What a sent file is by its content, and a picture made safe to keep. Pure. (PDF: `pdf_content`.)

Neither the name of a file nor what the sender calls it counts. A picture is decoded and written anew from its pixels alone: no
place, time, device, embedded thumbnail, comment, colour profile or second file hidden behind the first outlives that.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO

from PIL import Image, ImageOps

JPEG, PNG, WEBP, PDF = "image/jpeg", "image/png", "image/webp", "application/pdf"

#: Pixels that are decoded at most: a telephone's 50 million in a JPEG, which can be read at half its size; others unfold whole.
MOST_PIXELS = {JPEG: 52_000_000, PNG: 30_000_000, WEBP: 30_000_000}
#: Pixels of a side: below nothing can be seen, above it is no photograph.
SHORTEST_SIDE, LONGEST_SIDE = 16, 20_000
#: Pixels of the longest side as it is kept, and in a list.
KEPT_SIDE, THUMBNAIL_SIDE = 2_400, 320
_FORMATS = {JPEG: "JPEG", PNG: "PNG", WEBP: "WEBP"}
_MODES = {"1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr"}
#: What Pillow's decoders raise over bytes that are no whole picture.
_BROKEN = (OSError, SyntaxError, ValueError, KeyError, IndexError, TypeError, OverflowError, EOFError, struct.error, zlib.error)


class Fault(StrEnum):
    """Why a file is not taken."""

    EMPTY = "EMPTY"
    UNKNOWN = "UNKNOWN"
    BROKEN = "BROKEN"
    ANIMATED = "ANIMATED"
    TOO_MANY_PIXELS = "TOO_MANY_PIXELS"
    STRANGE_SHAPE = "STRANGE_SHAPE"
    LOCKED = "LOCKED"


class Unfit(Exception):
    """This content is not kept. Says why, never what was in it."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


@dataclass(frozen=True)
class Picture:
    """A picture as it is kept: a JPEG without anything but its pixels, upright, and a small one of it. Sides in pixels."""

    data: bytes
    thumbnail: bytes
    width: int
    height: int


def type_of(data: bytes) -> str:
    """The type of `data` by how it begins. Raises Unfit for nothing at all and for any type that is not kept."""
    if not data:
        raise Unfit(Fault.EMPTY)
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP
    if data.startswith(b"%PDF-"):
        return PDF
    raise Unfit(Fault.UNKNOWN)


def cleaned(data: bytes) -> Picture:
    """The picture in `data`, turned upright, at most 2,400 pixels a side, as a JPEG of nothing but its pixels.

    What is transparent becomes white. Raises Unfit for what is no whole still picture of a usual size; nothing larger than
    MOST_PIXELS says is ever decoded.
    """
    kind = type_of(data)
    if kind not in _FORMATS:
        raise Unfit(Fault.UNKNOWN)
    try:
        with Image.open(BytesIO(data), formats=[_FORMATS[kind]]) as sent:
            _require_usual_shape(sent, MOST_PIXELS[kind])
            # Telephones put a second, smaller picture behind the first of a JPEG; that is no animation.
            if kind != JPEG and getattr(sent, "is_animated", False):
                raise Unfit(Fault.ANIMATED)
            if sent.mode not in _MODES:
                raise Unfit(Fault.STRANGE_SHAPE)
            # A large JPEG is decoded at half or a quarter of its size straight away.
            sent.draft("RGB", (KEPT_SIDE, KEPT_SIDE))
            ImageOps.exif_transpose(sent, in_place=True)
            kept = _bare(sent)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise Unfit(Fault.TOO_MANY_PIXELS) from bomb
    except _BROKEN as broken:
        raise Unfit(Fault.BROKEN) from broken
    small = kept.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    return Picture(data=_jpeg(kept, 88), thumbnail=_jpeg(small, 80), width=kept.width, height=kept.height)


def _require_usual_shape(picture: Image.Image, most: int) -> None:
    short, long = sorted(picture.size)
    if short < SHORTEST_SIDE or long > LONGEST_SIDE:
        raise Unfit(Fault.STRANGE_SHAPE)
    if short * long > most:
        raise Unfit(Fault.TOO_MANY_PIXELS)


def _bare(picture: Image.Image) -> Image.Image:
    """A new picture of the kept size with the pixels of `picture` on white, and nothing else that came with it."""
    seen = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    seen.thumbnail((KEPT_SIDE, KEPT_SIDE), Image.Resampling.LANCZOS)
    fresh = Image.new("RGB", seen.size, "white")
    fresh.paste(seen, mask=seen.getchannel("A") if seen.mode == "RGBA" else None)
    return fresh


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    written = BytesIO()
    picture.save(written, format="JPEG", quality=quality, optimize=True, progressive=True)
    return written.getvalue()
