"""Writing a clinic's own rules, and the next version of one that there is."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from clinic.staff.forms.rules import RuleAddForm, RuleTextForm, first_values
from clinic.staff.rule_lines import line_of
from clinic.staff.views.rules import RulePage, show
from clinic.toxins.models import Indication, LabelRule, Product
from clinic.toxins.services import RuleRefused, add_rule, muscles, replace_rule


class RuleAdd(RulePage):
    """A rule that the catalogue does not have, for this clinic alone."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.answer(self.form(initial={"valid_from": self.today}))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self.form(request.POST)
        if form.is_valid():
            values = form.cleaned_data
            try:
                rule = add_rule(
                    by=self.actor,
                    clinic=self.clinic,
                    product=values["product"],
                    indication=values["indication"],
                    scope=values["scope"],
                    says=form.says(),
                    valid_from=values["valid_from"],
                    valid_until=values["valid_until"],
                    now=self.now,
                )
            except RuleRefused as refused:
                show(refused, form)
            else:
                messages.success(request, _("The rule is written. It warns until a clinician has compared it with the label."))
                return self.to_rule(rule)
        return self.answer(form, status=422)

    def form(self, *args: object, **options: object) -> RuleAddForm:
        return RuleAddForm(
            *args,
            muscles=muscles(),
            products=list(Product.objects.filter(is_active=True).order_by("brand_name")),
            indications=list(Indication.objects.order_by("name")),
            **options,
        )

    def answer(self, form: RuleAddForm, status: int = 200) -> HttpResponse:
        return render(self.request, "staff/rule-add.html", self.context() | {"form": form}, status=status)


class RuleChange(RulePage):
    """The next version of a rule, from a day on. What was signed under the one before stays as it is."""

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        rule = self.get_rule(public_id)
        earliest = max(self.today, rule.valid_from or self.today)
        return self.answer(rule, self.form(rule, initial=first_values(rule, valid_from=earliest)))

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        rule = self.get_rule(public_id)
        form = self.form(rule, request.POST)
        if form.is_valid():
            try:
                after = replace_rule(
                    by=self.actor,
                    clinic=self.clinic,
                    rule=rule,
                    says=form.says(),
                    valid_from=form.cleaned_data["valid_from"],
                    valid_until=form.cleaned_data["valid_until"],
                    now=self.now,
                )
            except RuleRefused as refused:
                show(refused, form)
            else:
                messages.success(
                    request, _("The new version is written. It warns until a clinician has compared it with the label.")
                )
                return self.to_rule(after)
        return self.answer(rule, form, status=422)

    def form(self, rule: LabelRule, *args: object, **options: object) -> RuleTextForm:
        return RuleTextForm(*args, muscles=muscles(), scope=rule.scope, **options)

    def answer(self, rule: LabelRule, form: RuleTextForm, status: int = 200) -> HttpResponse:
        context = {"form": form, "rule": rule, "line": line_of(rule, self.today)}
        return render(self.request, "staff/rule-change.html", self.context() | context, status=status)
