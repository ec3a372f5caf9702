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


def test_what_trainings_started_from() -> None:
    """A row for each, so that every published curve says its start."""
    known = facts(starts=("backbone, neck: hub; head: drawn from the seed", "detector: a model"))
    table = cells(OriginSection().build(context(known)).html)
    assert ["training starts from", "backbone, neck: hub; head: drawn from the seed"] in table
    assert ["training starts from", "detector: a model"] in table
