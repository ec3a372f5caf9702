"""The site: which page an address means."""

import re
from http import HTTPStatus
from importlib.resources import files

from markupsafe import escape

from job.errors import AlJobError, MissingObjectError, TemporaryError, UsageError
from job.keys import TEST, ExperimentKeys, RoundRef
from job.serve.access import Access
from job.serve.looks import Look, Looks, Summaries
from job.serve.pages.experiment import experiment_page
from job.serve.pages.frame import SCRIPT, address_of, root_of
from job.serve.pages.index import index_page
from job.serve.pages.round import pick_page, round_page
from job.serve.picks import LARGE, SMALL, Picks
from job.serve.web import SANDBOX, Request, Response, not_found, plain_page, redirect
from job.storage import Store

HEALTH = "/healthz"
SECONDS_KEPT = 24 * 3600
"""A browser may keep a picture for so long: its address has its digest."""
SECONDS_UNTIL_RETRY = "10"
KINDS = {
    "html": "text/html; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "csv": "text/plain; charset=utf-8",
    "json": "text/plain; charset=utf-8",
    "yaml": "text/plain; charset=utf-8",
}
"""By the suffix of a file of the store: how a browser shows it."""
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_EXPERIMENT = re.compile(rf"/experiments/({_NAME})(/.*)?")
_NUMBER = r"[0-9]{1,18}"
_ROUND = re.compile(
    rf"/(?:seed-({_NUMBER})/(?:({_NAME})/)?|{TEST}/)round-({_NUMBER})/"
    rf"(?:({_NUMBER})(?:-(small|large)\.jpg)?)?"
)
_FILE = re.compile(rf"/(experiment\.yaml|results\.csv|report/(?:{_NAME})?)")


class Site:
    """Answers requests by what a store holds."""

    def __init__(self, store: Store, access: Access, only: str | None = None) -> None:
        """Show the experiments of a store to whom `access` lets in; `only`: one of them."""
        self._store, self._access, self._only = store, access, only
        self._looks = Looks(store)
        self._summaries = Summaries(store, only)
        self._picks = Picks()

    def answer(self, request: Request) -> Response:
        """Return the page of a request, or one that says why there is none."""
        if request.path == HEALTH:
            return Response(b"ok\n", "text/plain; charset=utf-8")
        if refusal := self._access.refusal(request):
            return refusal
        try:
            return self._page(request) or not_found("Nothing is at this address")
        except UsageError as error:
            return not_found(str(error))
        except AlJobError as error:
            return _failed(error, self._store)

    def _page(self, request: Request) -> Response | None:
        root = root_of(request.path)
        if request.path == "/":
            if self._only:
                return redirect(f"./{address_of(self._only)}")
            return index_page(root, self._store.url, self._summaries.get())
        if request.path == f"/{SCRIPT}":
            return Response(_script(), "text/javascript; charset=utf-8")
        found = _EXPERIMENT.fullmatch(request.path)
        if not found or self._only not in {None, found[1]}:
            return None
        if found[2] is None:
            return redirect(f"./{found[1]}/")
        return self._of_experiment(request, root, found[1], found[2])

    def _of_experiment(self, request: Request, root: str, name: str, rest: str) -> Response | None:
        look = self._looks.at(name)
        if rest == "/":
            return experiment_page(root, look, self._picks)
        if file := _FILE.fullmatch(rest):
            return self._file(name, file[1])
        found = _ROUND.fullmatch(rest)
        ref = _ref(look, found[1], found[2], found[3]) if found else None
        if not found or not ref:
            return None
        if found[4] is None:
            return round_page(root, look, ref, self._picks, request.query)
        if found[5] is None:
            return pick_page(root, look, ref, self._picks, int(found[4]))
        return self._picture(look, ref, int(found[4]), LARGE if found[5] == "large" else SMALL)

    def _picture(self, look: Look, ref: RoundRef, rank: int, side: int) -> Response | None:
        jpeg = self._picks.picture(look, ref, rank, side)
        headers = {"Cache-Control": f"private, max-age={SECONDS_KEPT}, immutable"}
        return None if jpeg is None else Response(jpeg, "image/jpeg", headers=headers)

    def _file(self, name: str, file: str) -> Response | None:
        file = "report/index.html" if file == "report/" else file
        kind = KINDS.get(file.rpartition(".")[2])
        if not kind:
            return None
        try:
            data = self._store.read(f"{ExperimentKeys(name).prefix}{file}")
        except MissingObjectError:
            return None
        return Response(data, kind, headers=SANDBOX)


def _ref(look: Look, seed: str | None, arm: str | None, index: str) -> RoundRef | None:
    """Return the round of an address; None if the experiment has no such round."""
    ref = RoundRef(look.name, None if seed is None else int(seed), arm, int(index))
    known = [*look.plan.test_rounds(), *(each for _, each in look.plan.rounds())]
    return ref if ref in known else None


def _failed(error: AlJobError, store: Store) -> Response:
    """Return a page that says what is wrong, and asks again if that may help."""
    is_temporary = isinstance(error, TemporaryError)
    title = "The store does not answer" if is_temporary else "This cannot be shown"
    body = f"<p>{escape(str(error))}</p><p>Store: <code>{escape(store.url)}</code></p>"
    body += "<p>This page asks again by itself.</p>" * is_temporary
    status = HTTPStatus.SERVICE_UNAVAILABLE if is_temporary else HTTPStatus.INTERNAL_SERVER_ERROR
    page = plain_page(status, title, body)
    again = {"Refresh": SECONDS_UNTIL_RETRY, "Retry-After": SECONDS_UNTIL_RETRY}
    return Response(page.body, page.kind, status, again if is_temporary else {})


def _script() -> bytes:
    return files("job.serve").joinpath(SCRIPT).read_bytes()
