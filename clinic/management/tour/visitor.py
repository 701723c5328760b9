"""Somebody at a browser without JavaScript: follows links, fills in forms by their labels, keeps cookies.

Over real HTTP, with the standard library, so that a story told through it is told through the door that people use.
"""

from __future__ import annotations

import http.cookiejar
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin

VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})


class StoryError(Exception):
    """What the story says did not come true."""


@dataclass
class Field:
    """One control of a form: its type, its label's words, its value, and what may be chosen (value -> words)."""

    name: str
    kind: str
    label: str = ""
    value: str = ""
    checked: bool = False
    options: dict[str, str] = field(default_factory=dict)


@dataclass
class Form:
    """A form as a person reads it. `words` is all its text, the buttons' included."""

    action: str
    method: str
    fields: list[Field] = field(default_factory=list)
    words: str = ""
    _chosen: dict[str, str] = field(default_factory=dict)

    def fill(self, label: str, value: str) -> Form:
        """Write `value` into the text field whose label holds `label`, or whose name is `label`."""
        self._find(label, ("text", "date", "number", "email", "password", "search", "textarea", "time", "hidden")).value = value
        return self

    def choose(self, label: str, words: str) -> Form:
        """Choose, in the list or group of radio buttons `label`, the first offer whose words hold `words`."""
        found = self._find(label, ("select", "radio"))
        for value, offer in found.options.items():
            if value and words.casefold() in offer.casefold():
                found.value = value
                return self
        raise StoryError(f"“{label}” offers nothing like “{words}” but {list(found.options.values())[:8]}")

    def tick(self, label: str, *, on: bool = True) -> Form:
        """Tick the box whose label holds `label`."""
        self._find(label, ("checkbox",)).checked = on
        return self

    def offers(self, label: str) -> dict[str, str]:
        """Return what the list or group of radio buttons `label` offers: value -> words."""
        return self._find(label, ("select", "radio")).options

    def data(self) -> list[tuple[str, str]]:
        """Return what a browser would send."""
        pairs = []
        for each in self.fields:
            if each.kind == "checkbox":
                if each.checked:
                    pairs.append((each.name, each.value or "on"))
            elif each.kind == "radio":
                if each.value:
                    pairs.append((each.name, each.value))
            elif each.kind not in ("submit", "button", "reset"):
                pairs.append((each.name, each.value))
        return pairs

    def _find(self, label: str, kinds: tuple[str, ...]) -> Field:
        among = [each for each in self.fields if each.kind in kinds]
        for each in among:
            if each.name == label:
                return each
        for each in among:
            if label.casefold() in each.label.casefold():
                return each
        raise StoryError(f"no field “{label}” among {[each.label or each.name for each in among][:20]}")


@dataclass
class Page:
    """What came back: status, final address, text, links (words, address) and forms."""

    status: int
    url: str
    html: str
    text: str
    links: list[tuple[str, str]]
    forms: list[Form]
    content_type: str

    def form(self, words: str) -> Form:
        """Return the first form whose text holds `words`."""
        for form in self.forms:
            if words.casefold() in form.words.casefold():
                return form
        raise StoryError(f"no form with “{words}” at {self.url} ({self.status}): {self.text[:300]}")

    def link(self, words: str) -> str:
        """Return the address of the first link whose words hold `words`."""
        for text, address in self.links:
            if words.casefold() in text.casefold():
                return address
        raise StoryError(f"no link “{words}” at {self.url}")


class Visitor:
    """Keeps cookies between pages. Every page must answer below 400 unless `expect` names another status."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        )

    def open(self, address: str, *, expect: int = 200) -> Page:
        """GET a page by address, relative to the root or absolute."""
        return self._ask(urllib.request.Request(urljoin(self.root, address)), expect)

    def send(self, page: Page, form: Form, *, expect: int = 200) -> Page:
        """Press the form's button; follows the redirect as a browser does."""
        target = urljoin(page.url, form.action or page.url)
        data = urlencode(form.data())
        if form.method == "get":
            return self.open(f"{target.split('?')[0]}?{data}", expect=expect)
        request = urllib.request.Request(target, data=data.encode(), headers={"Referer": page.url})
        return self._ask(request, expect)

    def _ask(self, request: urllib.request.Request, expect: int) -> Page:
        try:
            with self._opener.open(request, timeout=30) as answer:
                status, url, body, kind = answer.status, answer.url, answer.read(), answer.headers.get_content_type()
        except urllib.error.HTTPError as error:
            status, url, body, kind = error.code, error.url, error.read(), error.headers.get_content_type()
        page = read(status, url, body.decode(errors="replace"), kind)
        if status != expect:
            raise StoryError(f"{request.get_method()} {page.url} answered {status}, not {expect}: {page.text[:600]}")
        return page


def read(status: int, url: str, html: str, content_type: str = "text/html") -> Page:
    """Read a page's text, links and forms."""
    reader = _Reader()
    if content_type == "text/html":
        reader.feed(html)
        reader.close()
    return Page(status, url, html, " ".join(" ".join(reader.words).split()), reader.links, reader.finished(), content_type)


class _Reader(HTMLParser):
    """Collects words, links, forms, and the labels of their fields."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.links: list[tuple[str, str]] = []
        self._forms: list[Form] = []
        self._labels: dict[str, str] = {}
        self._ids: list[tuple[str, Field, str]] = []  # (id of a control, its field, its value)
        self._legend = ""
        self._collect: list[tuple[str, list[str], dict[str, str]]] = []
        self._select: Field | None = None
        self._textarea: Field | None = None
        self._quiet = 0
        self._in_form = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in ("script", "style", "template"):
            self._quiet += 1
        if self._quiet:
            return
        form = self._forms[-1] if self._in_form else None
        if tag == "form":
            self._in_form = True
            self._forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
        elif tag in ("a", "label", "option", "legend", "button"):
            self._collect.append((tag, [], given))
        elif form is not None and tag in ("input", "select", "textarea") and given.get("name") and "disabled" not in given:
            self._add(form, tag, given)

    def _add(self, form: Form, tag: str, given: dict[str, str]) -> None:
        kind = given.get("type", "text").lower() if tag == "input" else tag
        name, value = given["name"], given.get("value", "")
        known = next((each for each in form.fields if each.name == name and each.kind == kind), None) if kind == "radio" else None
        control = known or Field(name, kind, given.get("aria-label", "") or (self._legend if kind == "radio" else ""))
        if known is None:
            form.fields.append(control)
        if kind == "radio":
            control.options.setdefault(value, "")
            if "checked" in given:
                control.value = value
        else:
            control.value = value
            control.checked = "checked" in given
        if given.get("id"):
            self._ids.append((given["id"], control, value))
        if tag == "select":
            self._select = control
        elif tag == "textarea":
            self._textarea = control

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style", "template"):
            self._quiet = max(0, self._quiet - 1)
        if tag == "form":
            self._in_form = False
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._textarea = None
        if self._collect and self._collect[-1][0] == tag:
            _, parts, given = self._collect.pop()
            words = " ".join("".join(parts).split())
            if tag == "a" and given.get("href"):
                self.links.append((words or given.get("aria-label", ""), given["href"]))
            elif tag == "label" and given.get("for"):
                self._labels[given["for"]] = words
            elif tag == "legend":
                self._legend = words
            elif tag == "option" and self._select is not None:
                value = given.get("value", words)
                self._select.options[value] = words
                if "selected" in given or len(self._select.options) == 1:
                    self._select.value = value

    def handle_data(self, data: str) -> None:
        if self._quiet:
            return
        if self._textarea is not None:
            self._textarea.value += data
        for _, parts, _given in self._collect:
            parts.append(data)
        self.words.append(data)
        if self._in_form:
            self._forms[-1].words += " " + data

    def finished(self) -> list[Form]:
        for control_id, control, value in self._ids:
            if words := self._labels.get(control_id, ""):
                if control.kind == "radio":
                    control.options[value] = words
                else:
                    control.label = words
        return self._forms
