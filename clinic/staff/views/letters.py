"""Letters: what goes next, why nothing goes, what went, and what needs a person's decision."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Hashable, Sequence
from datetime import date, timedelta
from typing import Any

from crispy_forms.utils import render_crispy_form
from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise, cached_property
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from clinic.patients.models import Patient
from clinic.practice.models import Clinic
from clinic.practice.roles import Permission
from clinic.practice.services import may_somewhere, memberships_of
from clinic.reminders import services, states
from clinic.reminders.models import EngineState, Message
from clinic.reminders.piles import LetterPile
from clinic.reminders.safeguard_state import Safeguard, SafeguardState
from clinic.reminders.services import DecisionRefused
from clinic.reminders.states import State
from clinic.staff.forms.letters import LetterFilter, PauseForm
from clinic.staff.kept import Kept
from clinic.staff.letter_lines import attempt_lines, choices_for, coming_lines, day_lines, horizon, message_lines, nothing_lines
from clinic.staff.letter_tabs import REPORTS, decides_everywhere, letter_tabs, reports_to_read
from clinic.staff.pages import StaffPage
from clinic.staff.paging import Page, page_of
from clinic.treatments.models import FollowUp, FollowUpState

#: A window is near from here on: where its follow-up stands in the stage "approaching".
NEAR = timedelta(days=28)
#: Ready letters shown above the list of what is to come.
READY_SHOWN = 20
_IN_HAND = (State.CLAIMED, State.HANDOFF)
_WAITING = (State.READY, *_IN_HAND)

_DECISIONS: dict[str, tuple[Callable[..., None], Promise]] = {
    "again": (services.send_again, gettext_lazy("The letter goes out again with the next run.")),
    "sent": (services.mark_as_sent, gettext_lazy("The letter counts as sent.")),
    "let-be": (services.let_be, gettext_lazy("The letter is let be.")),
    "hold": (services.hold, gettext_lazy("The letter is held back until somebody releases it.")),
    "release": (services.release, gettext_lazy("The letter goes out with the next run.")),
}


def asks_whose_database() -> bool:
    """Whether letters are paused because the database was another deployment's."""
    state = SafeguardState.objects.filter(pk=1).first()
    return state is not None and Safeguard.INSTANCE in state.guards


_FORMS: Kept[Hashable, SafeString] = Kept()


def laid_out(form: LetterFilter, clinics: Sequence[Clinic]) -> SafeString:
    """The fields of a form that was understood: laying them out costs more than any list, so the same ones are laid out once."""
    key = (
        get_language(),
        *((one.public_id, one.name) for one in clinics),
        *sorted((name, form[name].value()) for name in form.fields),
    )
    return _FORMS.get(key, lambda: render_crispy_form(form))


class LetterPage(StaffPage):
    """What the pages of letters share: messages to patients of the clinics where this person may do what the page does."""

    @cached_property
    def known_clinics(self) -> list[Clinic]:
        return self.clinics_with(self.permission)

    def clinics_with(self, permission: Permission) -> list[Clinic]:
        """The clinics where this person holds a permission, by name, from what every page has read of them."""
        return [one.clinic for one in memberships_of(self.user) if one.may(permission)]

    def may_open(self) -> bool:
        """By the clinics that the page loads anyway."""
        return bool(self.known_clinics)

    def letters(self) -> QuerySet[Message]:
        """The messages this person may see, with what a row shows."""
        return Message.objects.filter(clinic__in=self.known_clinics, patient__isnull=False).select_related("patient", "clinic")

    def get_letter(self, public_id: uuid.UUID) -> Message:
        """The message with this public id; 404 (and a DENIED row) outside the scope."""
        message = self.letters().filter(public_id=public_id).first()
        if message is None:
            raise self.denied("Message")
        return message


class LetterList(LetterPage):
    """The four lists; which one, and every filter, stands in the address."""

    permission = Permission.VIEW_LETTERS

    def get(self, request: HttpRequest) -> HttpResponse:
        today = self.now.astimezone(self.known_clinics[0].zone).date()
        form = LetterFilter(request.GET, clinics=self.known_clinics, today=today)
        shown = request.GET.get("show") or "next"
        context: dict[str, Any] = {"form": form, "shown": shown}
        is_valid = form.is_valid()
        context["fields"] = laid_out(form, self.known_clinics) if is_valid else render_crispy_form(form)
        if not is_valid:
            return render(request, "staff/letter-list.html", context, status=422)
        deciding = self.clinics_with(Permission.DECIDE_LETTERS)
        self.deciding = {clinic.pk for clinic in deciding}
        everywhere = decides_everywhere(deciding)
        chosen = form.chosen_clinics()
        lists = {"next": self.goes_next, "why": self.nothing_goes, "went": self.went, "problems": self.problems}
        context |= lists[shown](form, chosen)
        context |= {
            "tabs": letter_tabs(
                current=shown,
                may_decide=bool(self.deciding),
                counts=self.waiting(chosen, deciding, everywhere=everywhere),
                clinic=request.GET.get("clinic"),
            ),
            "clinics": [clinic for clinic in self.known_clinics if clinic.pk in self.deciding],
            "may_pause_all": everywhere,
            "engine": EngineState.objects.filter(pk=1).first(),
            # Asked for only where something is paused.
            "asks_whose_database": asks_whose_database,
            "piles": self.piles,
            "in_hand": services.in_hand,
            "may_plan": may_somewhere(self.user, Permission.MANAGE_CLINIC),
        }
        self.listed("Message", len(context["lines"]))
        return render(request, "staff/letter-list.html", context)

    def piles(self) -> set[int]:
        """The clinics whose letters the engine has stopped because there are too many."""
        waiting = LetterPile.objects.filter(clinic__in=self.known_clinics, looked_at__isnull=True)
        return set(waiting.values_list("clinic_id", flat=True))

    def goes_next(self, form: LetterFilter, clinics: list[Clinic]) -> dict[str, Any]:
        """Ready letters, and patients in the order in which the engine looks at them again."""
        if day := form.chosen_day():
            return self.owed_on(day, clinics)
        until = horizon(form.cleaned_data["until"], now=self.now, zone=clinics[0].zone)
        # As two conditions: each has an index of its own, and a database sees no index in all three states.
        is_waiting = Q(state=State.READY) | Q(state__in=_IN_HAND)
        waiting = self.letters().filter(is_waiting, clinic__in=clinics).order_by("ready_at", "id")
        ready = list(waiting[: READY_SHOWN + 1])
        seen = self.patients().filter(clinic__in=clinics, next_check_at__isnull=False).select_related("clinic")
        page = page_of(seen.filter(next_check_at__lte=until), params=self.request.GET, order=("next_check_at", "id"), scope=seen)
        return {
            "page": page,
            "lines": coming_lines(page.rows, now=self.now, until=until),
            "ready": message_lines(ready[:READY_SHOWN], now=self.now, deciding=self.deciding),
            "more_ready": len(ready) > READY_SHOWN,
        }

    def owed_on(self, day: date, clinics: list[Clinic]) -> dict[str, Any]:
        """What goes on one day to come if nothing changes until then."""
        over_at = max(services.day_bounds(day, clinic.zone)[1] for clinic in clinics)
        seen = self.patients().filter(clinic__in=clinics, next_check_at__isnull=False).select_related("clinic")
        page = page_of(seen.filter(next_check_at__lt=over_at), params=self.request.GET, order=("next_check_at", "id"), scope=seen)
        return {"page": page, "day": day, "lines": day_lines(page.rows, now=self.now, day=day), "looked_at": len(page.rows)}

    def nothing_goes(self, form: LetterFilter, clinics: list[Clinic]) -> dict[str, Any]:
        """Follow-ups in or near their window about which nothing will go, whoever leaves it first first."""
        near = self.now.astimezone(clinics[0].zone).date() + NEAR
        seen = FollowUp.objects.filter(patient__clinic__in=clinics, state=FollowUpState.ACTIVE, opens_on__lte=near)
        page = page_of(
            seen.select_related("patient__clinic", "condition__indication"),
            params=self.request.GET,
            order=("closes_on", "id"),
            scope=seen,
        )
        return {"page": page, "lines": nothing_lines(page.rows, now=self.now), "looked_at": len(page.rows)}

    def went(self, form: LetterFilter, clinics: list[Clinic]) -> dict[str, Any]:
        """What left the queue, the newest first."""
        return self.messages(form, self.letters().filter(clinic__in=clinics).exclude(state__in=_WAITING))

    def problems(self, form: LetterFilter, clinics: list[Clinic]) -> dict[str, Any]:
        """What is in doubt, refused, given up or held back."""
        return self.messages(form, self.letters().filter(clinic__in=clinics, state__in=sorted(states.PROBLEMS)))

    def messages(self, form: LetterFilter, found: QuerySet[Message]) -> dict[str, Any]:
        if step := form.cleaned_data["step"]:
            found = found.filter(step=step)
        if state := form.cleaned_data["state"]:
            found = found.filter(state=state)
        page: Page[Message] = page_of(found, params=self.request.GET, order=("-changed_at", "-id"), scope=self.letters())
        return {"page": page, "lines": message_lines(page.rows, now=self.now, deciding=self.deciding)}

    def waiting(self, clinics: list[Clinic], deciding: list[Clinic], *, everywhere: bool) -> dict[str, int]:
        """How many letters and reports wait for a person."""
        letters = Message.objects.filter(clinic__in=clinics, state__in=sorted(states.PROBLEMS)).order_by()
        counts = {"problems": int(letters.aggregate(number=Count("pk"))["number"])}
        if deciding:
            counts[REPORTS] = reports_to_read(deciding, everywhere=everywhere).count()
        return counts


class LetterShow(LetterPage):
    """One letter: what it is about, and every step of its way. Never its text, which is kept nowhere."""

    permission = Permission.VIEW_LETTERS

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        message = self.get_letter(public_id)
        patient = Patient.objects.select_related("clinic").get(pk=message.patient_id or 0)
        deciding = {clinic.pk for clinic in self.clinics_with(Permission.DECIDE_LETTERS)}
        self.viewed(patient, message)
        context = {
            "message": message,
            "patient": patient,
            "zone": patient.clinic.zone,
            "line": message_lines([message], now=self.now, deciding=deciding)[0],
            "attempts": attempt_lines(message),
        }
        return render(request, "staff/letter-show.html", context)


class LetterDecide(LetterPage):
    """Make one decision about one letter."""

    permission = Permission.DECIDE_LETTERS

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        message = self.get_letter(public_id)
        code = request.POST.get("decision", "")
        if code not in _DECISIONS or code not in {choice.code for choice in choices_for(message)}:
            messages.error(request, _("This letter has moved on meanwhile: nothing was changed."))
            return redirect("staff:letter-show", public_id)
        decide, done = _DECISIONS[code]
        try:
            decide(by=self.actor, message=message, now=self.now)
        except DecisionRefused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, str(done))
        return redirect("staff:letter-show", public_id)


class LetterPause(LetterPage):
    """Pause or resume the letters of a clinic, or of all clinics for who decides at every one."""

    permission = Permission.DECIDE_LETTERS

    def post(self, request: HttpRequest) -> HttpResponse:
        form = PauseForm(request.POST, asks_whose_database=asks_whose_database())
        if form.is_valid():
            try:
                self.change(form.cleaned_data)
            except DecisionRefused as refused:
                form.add_error("is_right_database" if "is_right_database" in form.fields else "reason", str(refused))
            else:
                return redirect("staff:letter-list")
        return render(request, "staff/letter-pause.html", {"form": form}, status=422)

    def change(self, asked: dict[str, Any]) -> None:
        """Do what was asked. Raises DecisionRefused as the services do; 404 for what is not this person's to decide."""
        if asked["clinic"] is None:
            if len(self.known_clinics) != Clinic.objects.count():
                raise DecisionRefused(_("Only who decides over letters at every clinic may do this."))
            if asked["resume"]:
                services.resume_engine(by=self.actor, is_right_database=bool(asked.get("is_right_database")), now=self.now)
            else:
                services.pause_engine(by=self.actor, reason=asked["reason"], now=self.now)
            return
        clinic = next((one for one in self.known_clinics if one.public_id == asked["clinic"]), None)
        if clinic is None:
            raise self.denied("Clinic")
        if asked["resume"]:
            services.resume_clinic(by=self.actor, clinic=clinic, looked_at=asked["looked_at"], now=self.now)
        else:
            services.pause_clinic(by=self.actor, clinic=clinic, reason=asked["reason"], now=self.now)
