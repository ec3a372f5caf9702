"""What strategies in other packages import."""

import subprocess
import sys
from importlib.resources import files

import job.acquisition


def test_every_name_of_the_api_exists() -> None:
    """`__all__` is the promise to other packages, and is sorted."""
    assert all(hasattr(job.acquisition, name) for name in job.acquisition.__all__)
    assert len(set(job.acquisition.__all__)) == len(job.acquisition.__all__)


def test_the_contract_is_part_of_the_api() -> None:
    """A strategy can be written with one import."""
    contract = {"Strategy", "ScoringStrategy", "Task", "Images", "Pick", "Selection", "Scores"}
    assert contract | {"Record", "TableRecord", "RecordPart", "ScoreRecord"} <= set(
        job.acquisition.__all__
    )


def test_the_package_says_that_it_is_typed() -> None:
    """Else a type checker takes every name that is imported from it for `Any`."""
    assert files("job").joinpath("py.typed").is_file()


def test_importing_the_api_loads_nothing_slow() -> None:
    """A selection starts on a machine without a GPU, and at once."""
    code = (
        "import sys, job.acquisition, job.acquisition.registry as r; r.STRATEGIES.names();"
        "slow = {'torch', 'boto3', 'kubernetes', 'matplotlib', 'job.acquisition.strategies.brust'};"
        "sys.exit(bool(slow & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 - our own interpreter
