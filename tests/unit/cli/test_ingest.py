"""`al-job ingest`: the commands that are made from the data formats."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import AlJob

OF_EVERY_FORMAT = ["--name", "--skip-bad", "--dry-run", "--store", "--help"]


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("voc", ["--root", "--pool", "--test", "--download"]),
        ("coco", ["--pool-images", "--pool-annotations", "--test-images", "--test-annotations"]),
        ("synthetic", ["--num-pool", "--num-test", "--size", "--seed"]),
    ],
)
def test_a_formats_options_are_its_fields(al_job: AlJob, name: str, own: list[str]) -> None:
    """Then come those of every format; nothing can be bad in a drawn data set."""
    told = al_job("ingest", name, "--help").out
    common = [each for each in OF_EVERY_FORMAT if name != "synthetic" or each != "--skip-bad"]
    assert re.findall(r"^  (--[\w-]+)", told, re.MULTILINE) == [*own, *common]


def test_an_unknown_format_is_answered_with_the_known_ones(al_job: AlJob) -> None:
    """And with the closest one."""
    ended = al_job("ingest", "vok", "--root", ".")
    assert ended.code == 64
    told = "ingest: unknown 'vok'; did you mean 'voc'? known: coco, synthetic, voc"
    assert told in " ".join(ended.err.split())


@pytest.mark.parametrize("option", ["--num-pool=0", "--size=31", "--seed=-1"])
def test_a_number_below_its_limit_is_refused(al_job: AlJob, option: str) -> None:
    """The limits are those of the configuration's `dataset.synthetic`."""
    ended = al_job("ingest", "synthetic", "--name", "d", option)
    assert ended.code == 64
    assert option.partition("=")[0] in ended.err


def test_one_format_does_not_wait_for_the_others() -> None:
    """Each is imported when it is asked for, and none of them loads torch."""
    code = (
        "import sys, atexit; from job.cli.main import main\n"
        "sys.argv = ['al-job', 'ingest', 'coco', '--help']\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr)); main()"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)  # noqa: S603 - our own code
    loaded = set(done.stderr.split())
    assert "job.data.formats.coco" in loaded
    assert not loaded & {"job.data.formats.voc", "job.data.formats.synthetic", "torch"}


def test_ingest_synthetic_prints_the_summary(al_job: AlJob, store: Path) -> None:
    """Images, boxes and classes of pool and test; a dry run writes nothing."""
    options = ["--name", "drawn", "--num-pool", 6, "--num-test", 3, "--store", store]
    dry = al_job("ingest", "synthetic", *options, "--dry-run")
    assert dry.code == 0
    assert not store.exists()
    assert al_job("ingest", "synthetic", *options).code == 0
    assert (store / "datasets/drawn/dataset.json").is_file()
    assert "there already" in al_job("ingest", "synthetic", *options).out
