"""What is sent with a photograph or a paper, and why one is withdrawn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar, cast

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Layout
from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from clinic.staff.forms.fields import DayField, LineField, PlainForm
from clinic.staff.forms.patients import HOW_TOLD
from clinic.treatments.models import DocumentKind, InjectionSession
from clinic.treatments.services import MOST_FILES

_PICTURES = "image/jpeg,image/png,image/webp"
_PAPER_KINDS = [(kind.value, kind.label) for kind in DocumentKind if kind is not DocumentKind.PHOTOGRAPH]


class FilesInput(forms.FileInput):
    """An input that takes several files."""

    allow_multiple_selected = True


class FilesField(forms.Field):
    """Files as they were sent, none of them read. Empty ones too: what is wrong with one is said by its name."""

    widget = FilesInput

    def clean(self, value: Any) -> list[UploadedFile[Any]]:
        files = value if isinstance(value, list) else [value] if value else []
        super().clean(files)
        return files


class OneFileField(forms.FileField):
    """One file as it was sent. Whatever its name or its emptiness: what counts is judged by its content."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_empty_file=True, widget=options.pop("widget", forms.FileInput), **options)


class _AttachForm(PlainForm):
    """What photographs and papers have in common: day, treatment."""

    title = LineField(label=_("Title"), max_length=120)
    taken_on = DayField(label=_("Day"))
    session = forms.ChoiceField(
        label=_("Treatment"), required=False, error_messages={"invalid_choice": _("Choose one of this patient's treatments.")}
    )

    def __init__(self, *args: Any, sessions: Sequence[InjectionSession], today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self._sessions = {str(one.public_id): one for one in sessions}
        cast(forms.ChoiceField, self.fields["session"]).choices = [
            ("", _("none in particular")),
            *(
                (key, f"{date_format(one.performed_on, 'j M Y')}, {one.condition.indication}")
                for key, one in self._sessions.items()
            ),
        ]
        self.fields["taken_on"].initial = today

    def clean_session(self) -> InjectionSession | None:
        return self._sessions.get(self.cleaned_data["session"])


class PhotographForm(_AttachForm):
    """Photographs: one from a telephone's camera, or files."""

    stands_for: ClassVar[dict[str, str]] = {"files": "photographs"}

    camera = OneFileField(
        label=_("Take a photograph"),
        required=False,
        widget=forms.FileInput(attrs={"accept": _PICTURES, "capture": "environment"}),
    )
    photographs = FilesField(label=_("Photographs"), required=False, widget=FilesInput(attrs={"accept": _PICTURES}))
    title = LineField(label=_("What they show"), max_length=120, required=False, help_text=_("For example: eyes closed tightly"))
    consent_how = forms.ChoiceField(
        label=_("How the patient agreed to be photographed"),
        required=False,
        choices=[("", _("Choose…")), *HOW_TOLD],
        help_text=_(
            "There is no consent to photographs on record, or it was withdrawn. What you choose here is recorded as consent."
        ),
    )
    field_order = ["consent_how", "camera", "photographs", "title", "taken_on", "session"]

    def __init__(self, *args: Any, asks_for_consent: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if not asks_for_consent:
            del self.fields["consent_how"]
        self.fields["taken_on"].label = _("Taken on")
        self.fields["photographs"].help_text = _(
            "JPEG, PNG or WebP, up to %(number)d at a time, at most %(most)d MB each. Place, time and everything else hidden "
            "in a file is removed."
        ) % {"number": MOST_FILES, "most": settings.DOCUMENT_MEGABYTES}

    def chosen(self) -> list[UploadedFile[Any]]:
        """What was sent by either way."""
        camera = self.cleaned_data.get("camera")
        return [*([camera] if camera else []), *self.cleaned_data["photographs"]]

    @property
    def helper(self) -> FormHelper:
        helper = super().helper
        # A machine without a camera of that kind shows the second way only (documents.css).
        asked = ["consent_how"] if "consent_how" in self.fields else []
        helper.layout = Layout(*asked, Div("camera", css_class="by-camera"), "photographs", "title", "taken_on", "session")
        return helper


class PaperForm(_AttachForm):
    """A signed consent, a letter or another paper."""

    kind = forms.ChoiceField(
        label=_("What it is"),
        choices=_PAPER_KINDS,
        error_messages={"required": _("Choose what it is."), "invalid_choice": _("Choose what it is.")},
    )
    file = OneFileField(
        label=_("File"),
        widget=forms.FileInput(attrs={"accept": f"application/pdf,{_PICTURES}"}),
        error_messages={"required": _("Choose the file.")},
    )
    field_order = ["kind", "file", "title", "taken_on", "session"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["title"].help_text = _("For example: consent to treatment, version 3")
        self.fields["taken_on"].label = _("Signed or written on")
        self.fields["file"].help_text = _(
            "PDF, JPEG, PNG or WebP, at most %(most)d MB. Who wrote a PDF and when, attached files and scripts are removed; "
            "one with a digital signature is kept as it is."
        ) % {"most": settings.DOCUMENT_MEGABYTES}


class WithdrawForm(PlainForm):
    """Why a document counts for nothing any more."""

    reason = LineField(label=_("Why it is withdrawn"), max_length=250, error_messages={"required": _("Say why it is withdrawn.")})
