"""Stopping and resuming letters of one kind, by a page and by one click of a mail program (RFC 8058)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from clinic.links import LinkPurpose, mark_used
from clinic.patients.models import ConsentPurpose
from clinic.patients.services import consents_of, give_consent, withdraw_consent
from clinic.portal.forms import LettersForm
from clinic.portal.pages import PortalPage

#: What each kind of letter that can be stopped is called in front of the patient.
PURPOSES = {
    ConsentPurpose.VISIT: _("letters about booked visits"),
    ConsentPurpose.INVITE: _("invitations to the next visit"),
    ConsentPurpose.CHECK_IN: _("questions between visits"),
    ConsentPurpose.NEWS: _("news of the clinic"),
}
#: The body that a mail program posts, without cookies and without asking for the page first.
ONE_CLICK = ("List-Unsubscribe", "One-Click")
#: How it was told, as the consent row keeps it.
BY_LINK = "by the link in a letter"
BY_MAIL_PROGRAM = "by the mail program's unsubscribe button"


class EmailsStop(PortalPage):
    """Says which letters the link is about and stops or resumes them. Only these; other kinds go on."""

    purposes = (LinkPurpose.STOP,)

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show whether the letters go, and the choice to change it."""
        return self._show(LettersForm(goes=self._goes()))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Stop or resume; again changes nothing. One-click is answered with 200 and no redirect, as RFC 8058 asks."""
        if request.POST.get(ONE_CLICK[0]) == ONE_CLICK[1]:
            self._stop(BY_MAIL_PROGRAM)
            return self._show(LettersForm(goes=False))
        form = LettersForm(request.POST, goes=self._goes())
        if not form.is_valid():
            return self._show(form, status=400)
        if form.cleaned_data["letters"] == "stop":
            self._stop(BY_LINK)
        else:
            self._resume()
        return HttpResponseRedirect(reverse("portal:emails-stop", args=[self.token]))

    def _goes(self) -> bool:
        return self.link.consent_purpose in consents_of([self.patient.pk])[self.patient.pk]

    def _stop(self, how: str) -> None:
        withdraw_consent(by=self.actor, patient=self.patient, purpose=self.link.consent_purpose, how=how, now=self.now)
        mark_used(self.link, now=self.now)

    def _resume(self) -> None:
        give_consent(by=self.actor, patient=self.patient, purpose=self.link.consent_purpose, how=BY_LINK, now=self.now)
        mark_used(self.link, now=self.now)

    def _show(self, form: LettersForm, *, status: int = 200) -> HttpResponse:
        return self.page(
            "emails-stop",
            form=form,
            purpose=PURPOSES[ConsentPurpose(self.link.consent_purpose)],
            goes=self._goes(),
            status=status,
        )
