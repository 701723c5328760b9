"""What would be written first: a task a letter that gets, renders, connects, sends and saves. Nothing in it survives a crash."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string
from django.utils import timezone


@shared_task
def send_one(pk: int) -> None:
    """Send one letter, over a connection of its own as Django does it."""
    from clinic.reminders.models import Message

    message = Message.objects.select_related("patient__clinic").get(pk=pk)
    letter(message, get_connection()).send()
    message.state, message.sent_at = "SENT", timezone.now()
    message.save()


def letter(message, connection) -> EmailMultiAlternatives:  # type: ignore[no-untyped-def]
    """Return the letter as Django's own tools make it, of the product's own templates."""
    clinic = message.patient.clinic
    context = {
        "given_name": message.patient.given_name,
        "sender_name": clinic.sender_name,
        "phone": clinic.phone,
        "emergency_text": clinic.emergency_text,
        "act_url": f"{settings.SITE_URL}/l/{message.public_id}/",
        "stop_url": f"{settings.SITE_URL}/s/{message.public_id}/",
        "paragraph_break": "\n\n",
        "opening": [],
        "other_urls": [],
        "visit": None,
    }
    found = EmailMultiAlternatives(
        render_to_string("email/invite/subject.txt", context).strip(),
        render_to_string("email/invite/body.txt", context),
        f"{clinic.sender_name} <{settings.DEFAULT_FROM_EMAIL}>",
        [message.patient.email],
        connection=connection,
        reply_to=[clinic.reply_to],
        headers={"Message-ID": message.message_id, "Auto-Submitted": "auto-generated", "List-Unsubscribe": context["stop_url"]},
    )
    found.attach_alternative(render_to_string("email/invite/body.html", context), "text/html")
    return found
