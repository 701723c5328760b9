"""Reading a page as a browser and a screen reader do: its fields, what they hold, and which error belongs to which field."""

import re
from html.parser import HTMLParser

_VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "path", "source", "use", "wbr"}
#: An element that tells an error says so by its class or its id.
_TELLS = re.compile(r"invalid-feedback|(^|[-_])(error|problem)", re.ASCII)


class Element:
    """A tag with what it holds."""

    def __init__(self, tag, attributes, parent):
        self.tag, self.attributes, self.parent = tag, attributes, parent
        self.children = []
        self.words = []

    def get(self, name):
        return self.attributes.get(name) or ""

    def within(self):
        """This element and those around it, from the inside out."""
        element = self
        while element is not None:
            yield element
            element = element.parent

    def all(self):
        """This element and everything in it."""
        yield self
        for child in self.children:
            yield from child.all()

    @property
    def text(self):
        return "".join(self.words) + "".join(child.text for child in self.children)


class Page(HTMLParser):
    """The elements of an answer."""

    def __init__(self, response):
        super().__init__()
        self.root = self._at = Element("", {}, None)
        self.feed(response.content.decode())
        self.elements = list(self.root.all())
        self._by_id = {element.get("id"): element for element in self.elements if element.get("id")}

    def handle_starttag(self, tag, attrs):
        element = Element(tag, dict(attrs), self._at)
        self._at.children.append(element)
        if tag not in _VOID:
            self._at = element

    def handle_startendtag(self, tag, attrs):
        self._at.children.append(Element(tag, dict(attrs), self._at))

    def handle_endtag(self, tag):
        for element in self._at.within():
            if element.tag == tag:
                self._at = element.parent
                return

    def handle_data(self, data):
        self._at.words.append(data)

    def posted_fields(self, address):
        """The names of everything that the form for this address would send, its buttons left out."""
        return {
            field.get("name")
            for form in self.elements
            if form.tag == "form" and form.get("method") == "post" and form.get("action").split("?")[0] in ("", address)
            for field in form.all()
            if field.tag in ("input", "select", "textarea")
            and field.get("name")
            and field.get("type") not in ("submit", "button")
        } - {"csrfmiddlewaretoken"}

    def fields(self, name):
        """The elements that send this name by POST."""
        return [
            element
            for element in self.elements
            if element.tag in ("input", "select", "textarea")
            and element.get("name") == name
            and not any(around.tag == "form" and around.get("method") != "post" for around in element.within())
            and not any(around.tag == "template" for around in element.within())
        ]

    def held(self, name):
        """The values that the page would send under this name as it stands."""
        values = []
        for field in self.fields(name):
            if field.tag == "select":
                options = [one for one in field.all() if one.tag == "option"]
                values += [one.get("value") for one in options if "selected" in one.attributes]
            elif field.tag == "textarea":
                values.append(field.text.removeprefix("\n"))
            elif field.get("type") in ("radio", "checkbox"):
                values += [field.attributes.get("value", "on")] if "checked" in field.attributes else []
            else:
                values.append(field.get("value"))
        return values

    def error_at(self, name):
        """What the page says is wrong with this field, tied to it by `aria-describedby` or standing in its own group."""
        told = []
        for field in self.fields(name):
            for around in field.within():
                if around is field or around.tag == "fieldset" or around.get("role") == "radiogroup":
                    described = [self._by_id.get(one) for one in around.get("aria-describedby").split()]
                    told += [one.text for one in described if one is not None and _tells(one)]
                if around.get("id") in (f"div_id_{name}", f"id_{name}"):
                    told += [one.text for one in around.all() if _tells(one)]
        return " ".join(" ".join(told).split())

    @property
    def alerts(self):
        """What the page says on top, about no field in particular."""
        return " ".join(
            " ".join(
                one.text for one in self.elements if one.get("role") == "alert" or "alert-danger" in one.get("class")
            ).split()
        )

    @property
    def says_what_is_wrong(self):
        """Whether there is an error anywhere on the page."""
        return any(_tells(one) and one.text.strip() for one in self.elements) or bool(self.alerts)


def _tells(element):
    return _TELLS.search(element.get("class")) or _TELLS.search(element.get("id"))
