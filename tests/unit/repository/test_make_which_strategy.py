"""The page on which strategy to take."""

from docs.make_which_strategy import PAGE, TITLES, write
from job.advice.evidence import EVIDENCE


def test_the_page_is_up_to_date() -> None:
    """Its table of evidence is what `al-job advise` goes by, and what `make docs` makes."""
    page = PAGE.read_text(encoding="utf-8")
    assert page == write(page)
    assert set(TITLES) == set(EVIDENCE)
    assert all(each.says in page for each in EVIDENCE.values())


def test_sources_that_are_pages_are_there() -> None:
    """From the root of the repository, as `al-job advise` names them."""
    pages = [each.source for each in EVIDENCE.values() if each.source.startswith("docs/")]
    assert pages
    assert all((PAGE.parents[1] / page).is_file() for page in pages)
