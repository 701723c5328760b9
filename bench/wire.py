"""What a page weighs on its way to the browser: compressed as a proxy in front compresses it, with all that it brings along."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from urllib.parse import urljoin

from bench.report import Figure

_IN_A_PAGE = re.compile(r'(?:href|src)="(/static/[^"#]+)')
_IN_A_STYLE = re.compile(r"""url\(["']?([^)"'#]+)""")
_IN_A_SCRIPT = re.compile(r"""(?:from|import)\s*\(?["']([^"']+)["']""")
#: A browser takes the first form of a typeface that it knows.
_NOT_TAKEN = (".woff", ".map")
#: Compressed already.
_AS_IT_IS = (".woff2", ".png", ".jpg")
FIRST_VISIT, AFTERWARDS = 120, 30


def wire(ask: Callable[[str], bytes], pages: dict[str, str]) -> list[Figure]:
    """Of the heaviest page: kB at the first visit with styles, scripts and pictures, and kB at any later one."""
    later = {name: _weight(address, ask(address)) for name, address in pages.items()}
    first = {name: later[name] + sum(_brought(ask, address).values()) for name, address in pages.items()}
    return [
        _heaviest("wire, first visit", first, FIRST_VISIT),
        _heaviest("wire, afterwards", later, AFTERWARDS),
    ]


def _heaviest(name: str, weights: dict[str, float], goal: float) -> Figure:
    page = max(weights, key=lambda each: weights[each])
    return Figure(f"{name} ({page})", weights[page], "kB gzip", goal, "allowed", 1)


def _brought(ask: Callable[[str], bytes], address: str) -> dict[str, float]:
    """The weight of every file that a page brings along, itself or by another."""
    found: dict[str, float] = {}
    waiting = _IN_A_PAGE.findall(ask(address).decode())
    while waiting:
        file = waiting.pop()
        if file in found or file.endswith(_NOT_TAKEN):
            continue
        body = ask(file)
        found[file] = _weight(file, body)
        pattern = _IN_A_STYLE if file.endswith(".css") else _IN_A_SCRIPT if file.endswith(".js") else None
        if pattern is not None:
            named = [one.split("?")[0] for one in pattern.findall(body.decode()) if not one.startswith("data:")]
            waiting += [urljoin(file, one) for one in named]
    return found


def _weight(file: str, body: bytes) -> float:
    return len(body if file.endswith(_AS_IT_IS) else gzip.compress(body, 6)) / 1000
