"""`al-job report` and its subcommands."""

from pathlib import Path

from tests.conftest import AlJob


def test_options_follow_the_subcommand(al_job: AlJob, begun: Path) -> None:
    """An option of `report` that its subcommand would not see is refused."""
    ended = al_job("report", "--store", begun, "compare", "a", "b")
    assert ended.code == 64
    assert "--store: options follow 'compare'" in ended.error
