"""The section of the origin."""

from job.report.sections.origin import OriginSection
from tests.unit.report.make_context import cells, context, facts


def test_data_seeds_program_and_threads() -> None:
    """Without a cluster there is no container image."""
    html = OriginSection().build(context()).html
    assert cells(html) == [
        ["name", "drawn"],
        ["digest", "0123"],
        ["seeds", "0, 1"],
        ["program", "al-voc 0.1"],
        ["threads", "2"],
    ]
    assert "strategy: entropy" in html


def test_container_images_of_a_cluster() -> None:
    """All that stages ran in."""
    known = facts(container_images=("one@sha256:1", "two@sha256:2"))
    table = cells(OriginSection().build(context(known)).html)
    assert ["container image", "one@sha256:1, two@sha256:2"] in table
