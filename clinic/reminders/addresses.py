"""Whether letters can reach an e-mail address, and the keyed hashes under which refusals of it are kept."""

from __future__ import annotations

from django.utils.crypto import salted_hmac

#: RFC 5321 section 4.5.3.1: the mailbox's name, and the path that holds the address.
_LONGEST_NAME = 64
_LONGEST = 254


def is_deliverable(address: str) -> bool:
    """Tell whether `address` can stand in an SMTP dialogue: one plain ASCII mailbox at a domain, no control characters."""
    local, _at, domain = address.rpartition("@")
    if not local or not domain or len(local) > _LONGEST_NAME or len(address) > _LONGEST:
        return False
    if not local.isascii() or any(character <= " " or character in '<>()[],;:\\"\x7f' for character in local):
        return False
    return "@" not in local and _as_ascii(domain) != ""


def envelope_form(address: str) -> str:
    """Return a deliverable address as a mail server is told it: the domain in its ASCII form."""
    local, _at, domain = address.rpartition("@")
    return f"{local}@{_as_ascii(domain)}"


def address_hash(address: str) -> str:
    """Return the keyed hash of an address, the same for every way of writing its capitals."""
    return salted_hmac("clinic.reminders.address", address.strip().lower(), algorithm="sha256").hexdigest()


def domain_hash(address: str) -> str:
    """Return the keyed hash of the domain of an address."""
    domain = _as_ascii(address.rpartition("@")[2])
    return salted_hmac("clinic.reminders.domain", domain, algorithm="sha256").hexdigest()


def _as_ascii(domain: str) -> str:
    """The domain in lower case and ASCII; empty if it is none."""
    name = domain.strip().lower()
    if not name.isascii():
        try:
            name = name.encode("idna").decode()
        except UnicodeError:
            return ""
    fit = all(character.isalnum() or character in "-._" for character in name)
    return name if fit and not name.startswith((".", "-")) and ".." not in name else ""
