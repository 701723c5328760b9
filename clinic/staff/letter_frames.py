"""How a letter is shown on a screen of ours: alone in a frame, where it can do nothing."""

from __future__ import annotations

from django.http import HttpResponse

from clinic.mailer import Letter

#: A letter shows itself in a frame of our own page and does nothing else: no script, no form, no link out of the frame.
LETTER_POLICY = "default-src 'none'; sandbox; style-src 'unsafe-inline'; frame-ancestors 'self'"
#: The page around it: as any other page, with this one frame.
AROUND_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def shut_in(response: HttpResponse) -> HttpResponse:
    """Return the response so that it may stand in a frame of our own page, and do nothing there."""
    response.headers["Content-Security-Policy"] = LETTER_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def sheet(letter: Letter, *, as_text: bool) -> HttpResponse:
    """Return the letter alone, shut in: as HTML, or as the text that stands beside it in the mail."""
    if as_text:
        return shut_in(HttpResponse(f"{letter.subject}\n\n{letter.text}", content_type="text/plain; charset=utf-8"))
    return shut_in(HttpResponse(letter.html))
