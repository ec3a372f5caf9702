"""What all pages have in common: the report's frame, and how they refer to each other."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from job.keys import ExperimentKeys, RoundRef
from job.report.drawing.outlines import RULES
from job.report.markup import render_file
from job.report.page import Page
from job.report.sections.base import Section
from job.serve.web import Response

SCRIPT = "refresh.js"


def fill(template: str, **values: object) -> Markup:
    """Return the HTML of one of these pages' templates."""
    return render_file(f"{template}.html.j2", package="job.serve", **values)


def root_of(path: str) -> str:
    """Return the relative address of the first page, as the page at a path refers to it."""
    return "../" * (path.count("/") - 1) or "./"


def address_of(name: str) -> str:
    """Return the address of an experiment's page, below the first page."""
    return ExperimentKeys(name).prefix


def below(ref: RoundRef) -> str:
    """Return the address of a round's page, below that of its experiment."""
    return ref.prefix.removeprefix(address_of(ref.experiment))


def in_words(ref: RoundRef) -> str:
    """Return a round in words."""
    return f"{whose(ref)}, round {ref.index}" if not ref.is_test else whose(ref)


def whose(ref: RoundRef) -> str:
    """Return the arm and the seed of a round in words, or which version of the test set it is."""
    if ref.is_test:
        return f"test set, version {ref.index + 1}"
    return f"{ref.arm}, seed {ref.seed}" if ref.arm else f"seed {ref.seed}"


def title_of(ref: RoundRef) -> str:
    """Return a round as a title."""
    return f"Round {ref.label}: {whose(ref)}"


def framed(
    root: str,
    heading: str,
    about: str,
    sections: Mapping[str, Section],
    trail: Sequence[tuple[str, str]] = (),
) -> Response:
    """Return a page of sections that refreshes itself.

    Args:
        root: The relative address of the first page.
        heading: What the page shows, also in the window's title.
        about: A sentence or two below it.
        sections: In their order, by name.
        trail: The pages above it: names, and addresses below the first page.
    """
    page = Page(
        title=f"{heading} - al-job",
        heading=heading,
        about=about,
        sections=sections,
        trail=[(name, f"{root}{address}") for name, address in trail],
        script=f"{root}{SCRIPT}",
        style=RULES + fill("style"),
    )
    return Response(page.html())
