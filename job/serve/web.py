"""What a browser asks and what it gets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from http import HTTPStatus

HTML = "text/html; charset=utf-8"

SECURITY: Mapping[str, str] = {
    # Figures have their styles within them; scripts come from one file, and nothing from elsewhere.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; script-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""The headers of every answer."""
SANDBOX: Mapping[str, str] = {
    "Content-Security-Policy": (
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}
"""Of what the store holds as HTML or SVG: it may show itself, and nothing else."""
_PLAIN = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>
<style>:root {{ color-scheme: light dark; }}
body {{ max-width: 40rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.55 system-ui, sans-serif; overflow-wrap: anywhere; }}
input, button {{ font: inherit; padding: .4rem .6rem; }}</style></head>
<body><main><h1>{title}</h1>
{body}
</main></body></html>
"""  # noqa: E501 - as it is sent


@dataclass(frozen=True)
class Request:
    """What a browser asks for."""

    path: str
    """As it stands in the address, without what follows a question mark."""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """By lower-case names."""


@dataclass(frozen=True)
class Response:
    """What a browser gets."""

    body: bytes = b""
    kind: str = HTML
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)
    """In addition to those of every answer, which they replace."""


def plain_page(status: HTTPStatus, title: str, body: str) -> Response:
    """Return a page that needs nothing, not even a store.

    Args:
        status: Its status.
        title: A text.
        body: HTML.
    """
    html = _PLAIN.format(title=escape(title), body=body)
    return Response(html.encode(), status=status)


def not_found(what: str) -> Response:
    """Return the answer to an address below which there is nothing."""
    body = f"<p>{escape(what)}.</p>"
    return plain_page(HTTPStatus.NOT_FOUND, "There is no such page", body)


def redirect(address: str, **headers: str) -> Response:
    """Return an answer that leads to another address."""
    return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": address, **headers})
