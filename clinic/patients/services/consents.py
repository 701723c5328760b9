"""What a patient agreed to, by purpose: given, withdrawn, and who agrees to what now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from clinic import audit
from clinic.patients.models import Consent, ConsentPurpose, Patient, TaskKind
from clinic.patients.services.refusals import Refused, problems_of
from clinic.patients.services.scope import look_again
from clinic.patients.services.tasks import raise_task

#: Which wording of the purposes a patient was shown. It changes when the words of `ConsentPurpose` change their meaning.
WORDING_VERSION = "1"

#: Purposes without whose letters a patient may be lost to care: when a patient stops them, somebody phones.
_CARE = (ConsentPurpose.VISIT, ConsentPurpose.INVITE)


def give_consent(*, by: audit.Actor, patient: Patient, purpose: str, how: str, now: datetime) -> Consent | None:
    """Record that the patient agrees to `purpose` from now on; None, and nothing written, if they already do.

    `how` says how it was told ("on paper", "by phone"). Raises Refused for an unknown purpose or an unfit `how`.
    """
    return _change(by=by, patient=patient, purpose=purpose, is_given=True, how=how, now=now)


def withdraw_consent(*, by: audit.Actor, patient: Patient, purpose: str, how: str, now: datetime) -> Consent | None:
    """Record that the patient no longer agrees to `purpose`; None, and nothing written, if they do not anyway.

    It holds from the moment this commits: a letter asks again under the patient's lock. A patient who stops letters about visits
    or invitations by themselves gets a staff task, so that their care is not silently lost. Raises Refused like `give_consent`.
    """
    return _change(by=by, patient=patient, purpose=purpose, is_given=False, how=how, now=now)


def consents_of(patient_ids: Iterable[int]) -> dict[int, set[str]]:
    """Return the purposes that each of these patients agrees to now, in one query; every id is a key.

    The newest row of a purpose counts; no row means not given.
    """
    found: dict[int, set[str]] = {pk: set() for pk in patient_ids}
    rows = Consent.objects.filter(patient_id__in=list(found)).order_by("at", "id")
    for pk, purpose, is_given in rows.values_list("patient_id", "purpose", "is_given"):
        if is_given:
            found[pk].add(purpose)
        else:
            found[pk].discard(purpose)
    return found


def _change(*, by: audit.Actor, patient: Patient, purpose: str, is_given: bool, how: str, now: datetime) -> Consent | None:
    row = Consent(
        patient=patient,
        purpose=purpose,
        is_given=is_given,
        by_patient=by.kind == audit.ActorKind.PATIENT,
        by_user=by.user,
        how=how.strip(),
        wording_version=WORDING_VERSION,
        at=now,
    )
    if problems := problems_of(row, fields=["purpose", "how"]):
        raise Refused(problems)
    with transaction.atomic():
        # The engine asks for consent under the same lock: what commits first counts.
        look_again([patient.pk], now=now)
        if (purpose in consents_of([patient.pk])[patient.pk]) == is_given:
            return None
        row.save()
        audit.record(
            by=by,
            action=audit.Action.CHANGED,
            what=row,
            patient_public_id=patient.public_id,
            clinic_id=patient.clinic_id,
            fields=[purpose],
            now=now,
        )
        if row.by_patient and not is_given and purpose in _CARE:
            raise_task(
                patient=patient,
                kind=TaskKind.PHONE_OPTED_OUT,
                cause_key=f"opted-out:{row.pk}",
                due_on=now.astimezone(patient.clinic.zone).date(),
                note=_("Stopped: %(purpose)s") % {"purpose": row.get_purpose_display()},
                now=now,
            )
    return row
