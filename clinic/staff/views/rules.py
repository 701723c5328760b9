"""The rules that count at a clinic: reading them, saying that they agree with the label, ending one's own."""

from __future__ import annotations

import uuid
from datetime import date
from itertools import groupby
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from clinic.patients.services import Problem
from clinic.practice.models import Clinic
from clinic.practice.roles import Permission
from clinic.practice.services import is_clinician
from clinic.staff.forms.fields import PlainForm
from clinic.staff.forms.rules import RuleEndForm, RuleVerifyForm
from clinic.staff.pages import StaffPage
from clinic.staff.rule_lines import RULE_FILTERS, RuleLine, line_of, narrowed, rules_for, standing_rules, versions_of
from clinic.toxins.models import LabelRule
from clinic.toxins.services import RuleRefused, end_rule, verify_rule


class RulePage(StaffPage):
    """A page about the rules of one clinic: the one named in the address, or else the person's first. None is about a patient."""

    permission = Permission.RECORD_TREATMENTS

    @cached_property
    def own_clinics(self) -> list[Clinic]:
        return list(self.clinics().order_by("name", "pk"))

    @cached_property
    def clinic(self) -> Clinic:
        """404 for a clinic at which this person does not treat."""
        named = self.request.GET.get("clinic")
        found = next((one for one in self.own_clinics if named in (None, str(one.public_id))), None)
        if found is None:
            raise self.denied("Clinic")
        return found

    @property
    def today(self) -> date:
        return self.now.astimezone(self.clinic.zone).date()

    @property
    def query(self) -> str:
        """What keeps the next page at this clinic; empty where the person has no other."""
        return f"?{urlencode({'clinic': self.clinic.public_id})}" if len(self.own_clinics) > 1 else ""

    def get_rule(self, public_id: uuid.UUID) -> LabelRule:
        """A rule that this clinic can use: the catalogue's for its jurisdiction, or its own. 404 for any other."""
        found = rules_for(self.clinic).filter(public_id=public_id).first()
        if found is None:
            raise self.denied("LabelRule")
        return found

    def to_rule(self, rule: LabelRule) -> HttpResponseRedirect:
        return redirect(reverse("staff:rule-show", args=[rule.public_id]) + self.query)

    def context(self) -> dict[str, object]:
        """What every page of these needs."""
        return {
            "clinic": self.clinic,
            "query": self.query,
            "decides": is_clinician(self.user, self.clinic.pk),
        }


class RuleList(RulePage):
    """Every rule that counts at the clinic or will, by product; narrowed by how it stands there."""

    def get(self, request: HttpRequest) -> HttpResponse:
        lines = [line_of(rule, self.today) for rule in standing_rules(self.clinic, self.today)]
        chosen = request.GET.get("standing", "")
        chosen = chosen if chosen in RULE_FILTERS else ""
        shown = narrowed(lines, chosen)
        here = {"clinic": str(self.clinic.public_id)} if self.query else {}
        context = {
            "tabs": [
                {
                    "word": word,
                    "query": f"?{urlencode(here | ({'standing': key} if key else {}))}",
                    "count": len(narrowed(lines, key)),
                    "is_current": key == chosen,
                }
                for key, word in RULE_FILTERS.items()
            ],
            "shelves": [(product, list(of_it)) for product, of_it in groupby(shown, key=lambda line: line.rule.product)],
            "others": [one for one in self.own_clinics if one != self.clinic],
        }
        return render(request, "staff/rule-list.html", self.context() | context)


class RuleShow(RulePage):
    """One rule: what it says, where it was read, its versions at the clinic, and who compared it with the label."""

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        return self.answer(self.get_rule(public_id))

    def answer(
        self,
        rule: LabelRule,
        *,
        verifying: RuleVerifyForm | None = None,
        ending: RuleEndForm | None = None,
        status: int = 200,
    ) -> HttpResponse:
        versions = versions_of(rule, self.clinic, self.today)
        line = next(one for one in versions if one.rule.pk == rule.pk)
        is_newest = versions[0].rule.pk == rule.pk
        has_ended = rule.valid_until is not None and rule.valid_until < self.today
        context = {
            "line": line,
            "rule": rule,
            "versions": versions if len(versions) > 1 else [],
            "is_newest": is_newest,
            "may_end": line.is_own and is_newest and not has_ended,
            "verifying": verifying or RuleVerifyForm(),
            "ending": ending or RuleEndForm(initial={"last_day": rule.valid_until or self.today}),
        }
        return render(self.request, "staff/rule-show.html", self.context() | context, status=status)


class RuleVerify(RuleShow):
    """Say that the rule agrees with the current label. Its form stands on the rule's page."""

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        return self.to_rule(self.get_rule(public_id))

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        rule = self.get_rule(public_id)
        form = RuleVerifyForm(request.POST)
        if form.is_valid():
            try:
                verify_rule(by=self.actor, rule=rule, clinic=self.clinic, note=form.cleaned_data["note"], now=self.now)
            except RuleRefused as refused:
                show(refused, form)
            else:
                messages.success(
                    request, _("Noted: the rule agrees with the current label. From now on it stops, where it warned.")
                )
                return self.to_rule(rule)
        return self.answer(rule, verifying=form, status=422)


class RuleEnd(RuleShow):
    """Let one of the clinic's own rules end. Its form stands on the rule's page."""

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        return self.to_rule(self.get_rule(public_id))

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        rule = self.get_rule(public_id)
        form = RuleEndForm(request.POST)
        if form.is_valid():
            try:
                end_rule(by=self.actor, clinic=self.clinic, rule=rule, last_day=form.cleaned_data["last_day"], now=self.now)
            except RuleRefused as refused:
                show(refused, form)
            else:
                messages.success(request, _("The rule ends. Treatments until that day are compared with it as before."))
                return self.to_rule(rule)
        return self.answer(rule, ending=form, status=422)


def show(refused: RuleRefused, form: PlainForm) -> None:
    """Put each problem beside its field."""
    form.refuse(Problem(one.field, one.message) for one in refused.problems)


__all__ = ["RuleEnd", "RuleLine", "RuleList", "RulePage", "RuleShow", "RuleVerify", "show"]
