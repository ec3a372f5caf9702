"""Asking a site, as a browser of this machine does."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from job.serve.access import Access
from job.serve.site import Site
from job.serve.web import Request, Response
from job.storage import Store

HERE = {"host": "127.0.0.1:8765"}


def ask(site: Site | Access | Store, address: str, headers: Mapping[str, str] = HERE) -> Response:
    """Return the answer of a site, or of a new one of a store."""
    parts = urlsplit(address)
    request = Request(parts.path, dict(parse_qsl(parts.query)), headers)
    if isinstance(site, Site):
        return site.answer(request)
    if isinstance(site, Access):
        return site.refusal(request) or Response()
    return Site(site, Access(None)).answer(request)


def text_of(answer: Response) -> str:
    """Return the text of an answer."""
    return answer.body.decode()
