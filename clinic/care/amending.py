"""A signed treatment is put right: a further version, and everything that hangs on the treatment follows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from clinic import audit
from clinic.patients.names import flaw_of, tidy
from clinic.practice.models import Practitioner
from clinic.toxins.models import Vial
from clinic.toxins.services import Taken, VialRefused, correct_taken
from clinic.treatments import dosing
from clinic.treatments.differences import Change, What, differences
from clinic.treatments.models import FollowUp, FollowUpState, InjectionSession, SessionState, SessionVersion, VialUse
from clinic.treatments.services import (
    AmendedMeanwhile,
    Draw,
    Point,
    Problem,
    TreatmentRefused,
    Wording,
    add_version,
    current_of,
    keep_places,
    lock_for_amending,
    lock_for_signing,
    problems_from,
    problems_of_version,
    said_anew,
    said_by,
    set_window,
    settle,
    use_up_draft,
    used_for_others,
)

LONGEST_REASON = SessionVersion._meta.get_field("amendment_reason").max_length or 0
#: What of a session or its versions a change is about, as the audit log names it.
_FIELDS = {
    What.DATE: "performed_on",
    What.PRACTITIONER: "practitioner",
    What.PRODUCT: "product",
    What.GUIDANCE: "guidance",
    What.LID_TECHNIQUE: "lid_technique",
    What.NOTES: "notes",
}


@transaction.atomic
def amend_treatment(
    *,
    by: audit.Actor,
    session: InjectionSession,
    expected_version: int,
    practitioner: Practitioner,
    points: Sequence[Point],
    draws: Sequence[Draw],
    performed_on: date,
    own_next_on: date | None,
    notes: str = "",
    guidance: str = "",
    lid_technique: str = "",
    discard_rest: bool = False,
    units_are_of_product: bool = False,
    reason: str,
    draft_revision: int | None = None,
    now: datetime,
) -> InjectionSession:
    """Add a version that says what was really done, with the `reason`, and return the treatment as it stands.

    Earlier versions stay. Each vial is booked by the difference (see `toxins.services.correct_taken`); with `discard_rest` what
    is left in the vials drawn from is thrown away. Where date or product change, the follow-up of the newest treatment runs,
    and this one's window is computed anew if it is the one that runs; `own_next_on`, the clinician's own date as it is to
    stand, wins then as ever and counts for nothing otherwise. Units are never carried over to another product: whoever changes
    it says with `units_are_of_product` that these are its units.
    Where that date is all that changes, the record gets no further version. `expected_version` is the number of the version
    that the person saw.
    `draft_revision` is that of the draft which is signed here, 0 where there is none; it is used up.
    Raises TreatmentRefused with every problem, also for an amendment that changes nothing; AmendedMeanwhile where there is a
    newer version, DraftConflict where the draft says something else by now; nothing is written then. Raises ValueError when no
    person signs.
    """
    if by.user is None:
        raise ValueError("A treatment is amended by a person.")
    stored = lock_for_amending(session=session, now=now)
    before = current_of(stored)
    if stored.state != SessionState.SIGNED:
        raise TreatmentRefused([Problem("", _("This treatment is void: it cannot be amended any more."))])
    if before.number != expected_version:
        raise AmendedMeanwhile(stored)
    own = {use.vial_id: use for use in before.vial_uses.select_related("vial")}
    vials = lock_for_signing(
        patient=stored.patient, vials=[*(draw.vial for draw in draws), *(use.vial for use in own.values())], now=now
    )
    product = vials[draws[0].vial.pk].lot.product if draws else stored.product
    wording = Wording(performed_on, practitioner, product, guidance, lid_technique, notes)
    points = keep_places(points, before.injections.all())
    draws = [_with_rest(draw, vials[draw.vial.pk], own.get(draw.vial.pk)) if discard_rest else draw for draw in draws]
    draws = [_as_confirmed(draw, own.get(draw.vial.pk)) for draw in draws]
    shared = used_for_others(patient=stored.patient, vials=vials.values())
    reason, problems = checked_reason(reason, _("Say why the record is changed."))
    problems += problems_of_version(
        session=stored, wording=wording, points=points, draws=draws, vials=vials, own=own, shared=shared, now=now
    )
    running = FollowUp.objects.filter(session=stored, state=FollowUpState.ACTIVE).first()
    if running is not None:
        problems += problems_from(dosing.check_own_date(own_on=own_next_on, performed_on=performed_on))
    if product.pk != stored.product_id and not units_are_of_product:
        text = _("Units of %(old)s are not units of %(new)s. Confirm that these are the units of %(new)s that were given.")
        problems.append(Problem("units_are_of_product", text % {"old": stored.product, "new": product}))
    if problems:
        raise TreatmentRefused(problems)
    taken = _book(by, draws, vials, own, performed_on, now)
    changes = differences(said_by(before), said_anew(before=before, wording=wording, points=points, draws=taken))
    is_own_date_changed = running is not None and running.own_on != own_next_on
    if not changes and not is_own_date_changed:
        raise TreatmentRefused([Problem("", _("Nothing is different from what is on record."))])
    if changes:
        add_version(
            by=by,
            session=stored,
            wording=wording,
            points=points,
            draws=taken,
            shared=shared | {pk for pk, use in own.items() if use.shared_confirmed},
            reason=reason,
            changed=_fields(changes),
            now=now,
        )
    _follow(by, stored, changes, own_next_on, is_own_date_changed, now)
    if draft_revision is not None:
        use_up_draft(condition=stored.condition, session=stored, revision=draft_revision)
    return stored


def _follow(
    by: audit.Actor,
    session: InjectionSession,
    changes: Iterable[Change],
    own_on: date | None,
    is_own_date_changed: bool,
    now: datetime,
) -> None:
    """Have the right follow-up run, with the right window."""
    is_moved = any(change.what in (What.DATE, What.PRODUCT) for change in changes)
    if not is_moved and not is_own_date_changed:
        return
    was_running = FollowUp.objects.filter(session=session, state=FollowUpState.ACTIVE).exists()
    settle(by=by, condition=session.condition, now=now)
    running = FollowUp.objects.filter(session=session, state=FollowUpState.ACTIVE).select_related("condition__patient").first()
    if running is not None and was_running:
        set_window(by=by, follow_up=running, session=session, own_on=own_on, now=now)


def _book(
    by: audit.Actor,
    draws: Sequence[Draw],
    vials: Mapping[int, Vial],
    own: Mapping[int, VialUse],
    on: date,
    now: datetime,
) -> list[Draw]:
    """Bring the vials into line with the new version; return what it took from each, those given back included."""
    wanted = {draw.vial.pk: Taken(draw.given, draw.wasted, draw.waste_reason) for draw in draws}
    confirmed = {draw.vial.pk for draw in draws if draw.shared_confirmed}
    in_order = [*wanted, *(pk for pk in own if pk not in wanted)]
    taken = []
    for pk in in_order:
        try:
            became = correct_taken(
                by=by, vial=vials[pk], was=taken_by(own.get(pk)), becomes=wanted.get(pk, Taken()), on=on, now=now
            )
        except VialRefused as refused:
            raise TreatmentRefused([Problem("vial", refused.message)]) from refused
        if pk in wanted or became.units:
            taken.append(Draw(vials[pk], became.given, became.wasted, became.waste_reason, pk in confirmed))
    return taken


def taken_by(use: VialUse | None) -> Taken:
    """What a version took from one vial; nothing where it did not use it."""
    return Taken() if use is None else Taken(use.units_given, use.units_wasted, use.waste_reason)


def _with_rest(draw: Draw, vial: Vial, own: VialUse | None) -> Draw:
    left = vial.units_left + taken_by(own).units - draw.given
    return draw if left <= 0 else replace(draw, wasted=left, waste_reason=draw.waste_reason or _("rest of the vial discarded"))


def _as_confirmed(draw: Draw, own: VialUse | None) -> Draw:
    """Whoever signed before confirmed a vial's second patient once and for all."""
    return replace(draw, shared_confirmed=draw.shared_confirmed or (own is not None and own.shared_confirmed))


def checked_reason(reason: str, missing: str) -> tuple[str, list[Problem]]:
    """The reason as it is kept, in one line, and what is wrong with it; `missing` is said where there is none."""
    if len(reason) > LONGEST_REASON:
        return "", [Problem("reason", _("At most %(most)d characters.") % {"most": LONGEST_REASON})]
    if flaw_of(reason, several_lines=False):
        return "", [Problem("reason", _("Write one line of plain text."))]
    reason = tidy(reason, several_lines=False)
    return reason, [] if reason else [Problem("reason", missing)]


def _fields(changes: Iterable[Change]) -> list[str]:
    return sorted({_FIELDS.get(change.what, "injections" if "POINT" in change.what else "vial_uses") for change in changes})
