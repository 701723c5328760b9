"""Photographs and papers of the demonstration: drawn, so that nobody is in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time
from io import BytesIO

from django.core.files.base import ContentFile
from PIL import Image, ImageDraw

from clinic.management.seed.practice import Place
from clinic.treatments.models import InjectionSession, SessionState
from clinic.treatments.services import attach_paper, attach_photographs

_PAPER, _SKIN, _LINE, _FINE = "#e9ecef", "#f4ede6", "#5d6a78", "#9aa5b1"
_SIZE = 480, 600
#: Of each clinic: the newest treatments of patients with a spasm on one side.
_TREATMENTS = 2
_POSES = (("at rest", False), ("eyes closed tightly", True))


def attach_some_documents(places: Sequence[Place], now: datetime) -> None:
    """Each clinic has drawings of two treatments instead of photographs, and a signed consent. The same records give the same."""
    for place in places:
        for number, session in enumerate(_newest_of_each_patient(place)):
            at = min(now, datetime.combine(session.performed_on, time(17), tzinfo=place.clinic.zone))
            for pose, is_closed in _POSES:
                attach_photographs(
                    by=place.doctor,
                    patient=session.patient,
                    files=[_file(_face(session.condition.side, is_closed), "PNG")],
                    title=pose,
                    taken_on=session.performed_on,
                    session=session,
                    consent_how="on paper",
                    now=at,
                )
            if number == 0:
                attach_paper(
                    by=place.desk,
                    patient=session.patient,
                    kind="SIGNED_CONSENT",
                    file=_file(_consent(place.clinic.name), "PDF"),
                    title="Consent to treatment (invented)",
                    taken_on=session.performed_on,
                    session=session,
                    now=at,
                )


def _newest_of_each_patient(place: Place) -> list[InjectionSession]:
    """The newest treatments of hemifacial spasm, each of another patient."""
    sessions = InjectionSession.objects.filter(
        clinic=place.clinic,
        state=SessionState.SIGNED,
        condition__indication__code="HFS",
        condition__side__in=["LEFT", "RIGHT"],
    ).select_related("patient__clinic", "condition")
    found: dict[int, InjectionSession] = {}
    for session in sessions.order_by("-performed_on", "pk")[:20]:
        found.setdefault(session.patient_id, session)
    return list(found.values())[:_TREATMENTS]


def _file(picture: Image.Image, kind: str) -> ContentFile[bytes]:
    written = BytesIO()
    # A PDF tells when it was made; the same moment gives the same story.
    moment = datetime(2026, 1, 1, tzinfo=UTC).timetuple()
    options = {"creationDate": moment, "modDate": moment} if kind == "PDF" else {}
    picture.save(written, format=kind, **options)
    return ContentFile(written.getvalue(), name=f"drawing.{kind.lower()}")


def _face(side: str, is_closed: bool) -> Image.Image:
    """A face from the front. The patient's right is on the left of the picture; the affected side is drawn up."""
    picture = Image.new("RGB", _SIZE, _PAPER)
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((190, 440, 290, 620), 30, fill=_SKIN, outline=_LINE, width=3)
    draw.ellipse((100, 70, 380, 500), fill=_SKIN, outline=_LINE, width=4)
    for middle, here in ((180, "RIGHT"), (300, "LEFT")):
        pull = 8 if here == side else 0
        for wrinkle in _wrinkles(middle, here) if pull else ():
            draw.line(wrinkle, fill=_FINE, width=3)
        draw.arc((middle - 42, 196 + pull, middle + 42, 250 + pull), 200, 340, fill=_LINE, width=6)
        if is_closed or pull:
            draw.arc((middle - 34, 232, middle + 34, 272), 20, 160, fill=_LINE, width=4)
        if not is_closed:
            height = 7 if pull else 17
            draw.ellipse((middle - 32, 254 - height, middle + 32, 254 + height), fill="white", outline=_LINE, width=3)
            draw.ellipse((middle - height + 2, 256 - height, middle + height - 2, 252 + height), fill=_LINE)
    draw.line([(240, 250), (228, 345), (252, 348)], fill=_LINE, width=4, joint="curve")
    left, right = (0, -14) if side == "LEFT" else (-14, 0)
    draw.line([(188, 412 + left), (240, 404), (292, 412 + right)], fill=_LINE, width=6, joint="curve")
    draw.text((24, 24), "A drawing, for the demonstration", fill=_LINE, font_size=15)
    return picture


def _wrinkles(middle: int, here: str) -> Iterator[list[tuple[int, int]]]:
    outwards = -1 if here == "RIGHT" else 1
    for rise in (-16, 0, 16):
        yield [(middle + outwards * 44, 254 + rise // 2), (middle + outwards * 64, 254 + rise)]


def _consent(clinic: str) -> Image.Image:
    page = Image.new("L", (620, 877), "white")
    draw = ImageDraw.Draw(page)
    draw.text((60, 70), f"{clinic}: consent to treatment", fill="black", font_size=22)
    draw.text((60, 110), "Invented, for the demonstration. Nobody has signed this.", fill="black", font_size=15)
    for row in range(12):
        draw.line((60, 180 + row * 34, 560 - (row % 3) * 40, 180 + row * 34), fill="#bbb", width=3)
    draw.line((60, 760, 300, 760), fill="black", width=2)
    draw.line([(70, 750), (95, 700), (110, 752), (140, 715), (160, 750), (230, 735)], fill="black", width=3, joint="curve")
    return page
