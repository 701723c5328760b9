"""Rows of the audit log as sentences: who did what to a record, when, from where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.audit import Action, ActorKind, AuditEvent
from clinic.patients.models import ConsentPurpose

_THINGS: dict[str, Promise] = {
    "AccessLog": gettext_lazy("the access log"),
    "Appointment": gettext_lazy("a visit"),
    "Condition": gettext_lazy("a condition"),
    "Consent": gettext_lazy("what the patient agrees to"),
    "Document": gettext_lazy("a photograph or paper"),
    "FollowUp": gettext_lazy("a follow-up"),
    "Hold": gettext_lazy("a hold"),
    "InjectionSession": gettext_lazy("a treatment"),
    "LabelRule": gettext_lazy("a rule of a label"),
    "Message": gettext_lazy("a letter"),
    "Patient": gettext_lazy("the record"),
    "PatientLink": gettext_lazy("a link in a letter"),
    "ProtocolTemplate": gettext_lazy("a protocol template"),
    "SideEffect": gettext_lazy("a side effect"),
    "StaffTask": gettext_lazy("a task"),
    "TreatmentDraft": gettext_lazy("a draft of a treatment"),
}
#: Verbs that need other words around the thing than "<verb> <thing>".
_VERBS: dict[str, Promise] = {
    Action.CONTACTED: gettext_lazy("logged a contact about %(thing)s"),
    Action.DENIED: gettext_lazy("was refused %(thing)s"),
    Action.VOIDED: gettext_lazy("declared %(thing)s void"),
    Action.LINK_OPENED: gettext_lazy("opened a link in a letter"),
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """One row in words."""

    at: datetime
    who: str
    what: str
    address: str


def sentence(event: AuditEvent) -> Sentence:
    """Put a row into words. Needs the actor loaded."""
    thing = str(_THINGS.get(event.what, event.what))
    verb = _VERBS.get(event.action)
    what = str(verb) % {"thing": thing} if verb else f"{event.get_action_display()} {thing}"
    if event.fields:
        what = f"{what}: {', '.join(_field(event.what, name) for name in event.fields)}"
    if event.version is not None:
        what = _("%(what)s (version %(number)d)") % {"what": what, "number": event.version}
    return Sentence(at=event.at, who=_who(event), what=what, address=event.address or "")


def _who(event: AuditEvent) -> str:
    if event.actor is not None:
        return str(event.actor)
    return _("The patient, by a link") if event.actor_kind == ActorKind.PATIENT else _("The system")


def _field(model: str, name: str) -> str:
    """A field's own name in words; what a consent is for."""
    if name in ConsentPurpose.values:
        return str(ConsentPurpose(name).label)
    for owner in (model, f"{model}Version"):
        try:
            return str(getattr(apps.get_model("clinic", owner)._meta.get_field(name), "verbose_name", name))
        except (LookupError, FieldDoesNotExist):
            continue
    return name.replace("_", " ")
