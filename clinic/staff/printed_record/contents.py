"""What stands on the printed record of one version of a treatment, read in a fixed number of queries and put into words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from clinic.patients.services import treatment_consent_on
from clinic.staff.checking import answers_of
from clinic.staff.consent_words import consent_words
from clinic.staff.pictures.body_map import units_text
from clinic.staff.printed_record.given import given_in
from clinic.staff.printed_record.sheet import Fact, Facts, Notice, Prose, Sheet
from clinic.staff.version_lines import History, history_of
from clinic.treatments.models import FollowUp, InjectionSession, SessionVersion


def sheet_of(session: InjectionSession, version: SessionVersion, *, printed_by: str, now: datetime) -> Sheet:
    """The printed record of this version. Needs the session's patient, clinic and condition, the version's people and product.

    What hangs on the treatment and not on a version (void, overrides, follow-up) stands as it did: overrides up to the version's
    signing, the follow-up with the version that counts. The consent is that of the day of treatment.
    """
    return _Contents(session, version).sheet(printed_by=printed_by, now=now)


class _Contents:
    """Reads and words the record."""

    def __init__(self, session: InjectionSession, version: SessionVersion) -> None:
        self.session, self.version = session, version
        self.patient, self.zone = session.patient, session.clinic.zone
        self.history = history_of(session)

    def sheet(self, *, printed_by: str, now: datetime) -> Sheet:
        clinic, patient, condition = self.session.clinic, self.patient, self.session.condition
        side = "" if condition.side == "NONE" else f", {condition.get_side_display()}"
        born, number = _day(patient.born_on), patient.record_number
        printed = {"time": self._time(now), "name": printed_by, "id": str(self.session.public_id), "number": self.version.number}
        return Sheet(
            language=get_language() or "en",
            title=_("Treatment record"),
            clinic=clinic.name,
            clinic_address=" · ".join(part for part in (_one_line(clinic.address), clinic.phone) if part),
            person=str(patient),
            person_details=_("born %(day)s · record number %(number)s") % {"day": born, "number": number},
            heading=_("Treatment of %(day)s") % {"day": _day(self.version.performed_on)},
            subheading=f"{condition.indication}{side}",
            notices=list(self._notices()),
            blocks=[
                self._visit(),
                *given_in(self.version),
                self._checks(),
                *self._overrides(),
                *([Prose(_("Notes"), self.version.notes)] if self.version.notes else []),
                *self._next_visit(),
                self._signature(),
            ],
            page_words=_("page %(page)d of %(pages)d"),
            small_print=[
                _(
                    "Record of what was given; no diagnosis and no dosing advice. "
                    "Units belong to the product named and are never converted."
                ),
                _("Treatment %(id)s, version %(number)d. Printed %(time)s by %(name)s.") % printed,
            ],
            unprintable_heading=_("Signs that could not be printed"),
            unprintable=_(
                "A box (☐) stands for a sign that the typeface of this print does not have: %(signs)s. "
                "The record itself holds it."
            ),
            stamp=_("VOID") if self.history.void else "",
        )

    def _notices(self) -> Iterable[Notice]:
        if (void := self.history.void) is not None:
            yield Notice(
                _("VOID: this treatment counts for nothing."),
                _("%(reason)s. Declared by %(name)s on %(time)s. Its units: %(units)s.")
                % {
                    "reason": void.reason.rstrip("."),
                    "name": void.by,
                    "time": self._time(void.at),
                    "units": void.get_units_display(),
                },
            )
        version, current = self.version, self.session.current_version
        if current is not None and version.pk != current.pk:
            text = _("This is version %(this)d as it was signed; version %(number)d is the one that stands.")
            yield Notice(_("Not how the record stands"), text % {"number": current.number, "this": version.number})
        if version.amendment_reason:
            yield Notice(
                _("Amended: version %(number)d, replaces version %(before)d")
                % {"number": version.number, "before": version.number - 1},
                _("Reason: %(reason)s") % {"reason": version.amendment_reason},
            )

    def _visit(self) -> Facts:
        version = self.version
        consent = consent_words(treatment_consent_on(patient=self.patient, on=version.performed_on))
        return Facts(
            "",
            [
                Fact(_("Treated by"), [str(version.practitioner)]),
                Fact(_("Product"), [f"{version.product} ({version.product.generic_name})"]),
                Fact(
                    _("Total"),
                    [_("%(units)s U of %(product)s") % {"units": units_text(version.total_units), "product": version.product}],
                ),
                Fact(_("Guidance"), [version.get_guidance_display() or _("not recorded")]),
                Fact(_("Lid technique"), [version.get_lid_technique_display() or _("not recorded")]),
                Fact(_("Consent to treatment"), [one for one in (consent.text, consent.details) if one]),
            ],
            columns=2,
        )

    def _checks(self) -> Facts:
        answers = answers_of(self.version)
        heading = _("Asked before the injection")
        if not answers["yes"] and not answers["no"]:
            return Facts(heading, [Fact(_("Answers"), [_("none on record: signed before they were asked")])])
        return Facts(
            heading,
            [
                Fact(_("Answered yes"), [" · ".join(answers["yes"]) or _("to nothing")]),
                Fact(_("Answered no"), [" · ".join(answers["no"]) or _("to nothing")]),
            ],
        )

    def _overrides(self) -> list[Facts]:
        overrides = self.session.overrides.filter(at__lte=self.version.signed_at).select_related("by").order_by("pk")
        facts = [
            Fact(
                capfirst(one.get_severity_display()),
                [
                    one.shown,
                    _("Reason: %(reason)s (%(name)s, %(time)s)")
                    % {"reason": one.reason, "name": one.by, "time": self._time(one.at)},
                ],
            )
            for one in overrides
        ]
        return [Facts(_("Signed in spite of"), facts or [Fact(_("Warnings"), [_("none was gone past")])])]

    def _next_visit(self) -> list[Facts]:
        heading, name = _("Next visit"), _("Follow-up")
        if self.history.void is not None:
            return [Facts(heading, [Fact(name, [_("void with the treatment")])])]
        current = self.session.current_version
        if current is not None and current.pk != self.version.pk:
            return [
                Facts(heading, [Fact(name, [_("It follows version %(number)d, which counts.") % {"number": current.number}])])
            ]
        follow_up = FollowUp.objects.filter(session=self.session).first()
        if follow_up is None:
            return [Facts(heading, [Fact(name, [_("This treatment opened none.")])])]
        facts = [
            Fact(_("Opens"), [_day(follow_up.opens_on), follow_up.opens_rule]),
            Fact(_("Closes"), [_day(follow_up.closes_on), follow_up.closes_rule]),
        ]
        if follow_up.suggested_from and follow_up.suggested_until:
            days = dict.fromkeys((_day(follow_up.suggested_from), _day(follow_up.suggested_until)))
            facts.append(Fact(_("Suggested"), [" – ".join(days), follow_up.suggested_basis]))
        return [Facts(heading, [*facts, Fact(_("State"), [follow_up.get_state_display()])])]

    def _signature(self) -> Facts:
        version = self.version
        signed = {"name": version.signed_by, "time": self._time(version.signed_at)}
        facts = [Fact(_("Signed"), [_("by %(name)s on %(time)s") % signed])]
        facts.append(Fact(_("Version"), [_versions(version, self.history)]))
        return Facts(_("Signature"), facts)

    def _time(self, at: datetime | None) -> str:
        return date_format(at.astimezone(self.zone), "j M Y, H:i") if at else "–"


def _versions(version: SessionVersion, history: History) -> str:
    count = len(history.versions)
    return ngettext("%(number)d, the only one", "%(number)d of %(count)d", count) % {"number": version.number, "count": count}


def _day(day: date) -> str:
    return date_format(day, "j M Y")


def _one_line(text: str) -> str:
    return " ".join(text.split())
