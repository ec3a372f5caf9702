"""The first page: the experiments of the store."""

from collections.abc import Sequence

from job.report.sections.base import Section
from job.report.wording import counted
from job.serve.looks import Summary
from job.serve.pages.frame import address_of, fill, framed
from job.serve.web import Response


def index_page(root: str, store: str, experiments: Sequence[Summary]) -> Response:
    """Return the page; `store` is its address, as the user would name it."""
    html = fill(
        "index", experiments=[(each, f"{root}{address_of(each.name)}") for each in experiments]
    )
    section = Section(title="Experiments", html=html)
    about = f"{counted(len(experiments), 'experiment')} in {store}."
    return framed(root, "Experiments", about, {"experiments": section})
