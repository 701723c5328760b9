"""A printed record read back: its pages, and their words as a person reads them."""

import io
import re

from django.urls import reverse
from pypdf import PdfReader


class Print:
    """A PDF file as it was answered."""

    def __init__(self, content):
        self.reader = PdfReader(io.BytesIO(content))
        self.pages = [" ".join(page.extract_text().split()) for page in self.reader.pages]

    @property
    def text(self):
        return " ".join(self.pages)

    @property
    def count(self):
        return len(self.pages)

    def after(self, words, length=200):
        """What is read after these words."""
        return self.text.split(words, 1)[1].strip()[:length]

    def numbers(self):
        """What every page says of itself: (page, of so many)."""
        return [tuple(map(int, found)) for page in self.pages for found in re.findall(r"page (\d+) of (\d+)", page)]


def address_of_print(session, number=None):
    more = "" if number is None else f"?number={number}"
    return reverse("staff:treatment-print", args=[session.public_id]) + more


def print_of(client, session, number=None):
    """Open the print of a treatment's record; it must be there."""
    answer = client.get(address_of_print(session, number))
    assert answer.status_code == 200, answer.status_code
    return Print(answer.content)
