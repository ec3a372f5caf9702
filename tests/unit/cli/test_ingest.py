"""`al-job ingest`: what it prints and writes."""

from pathlib import Path

from tests.conftest import AlJob


def test_ingest_synthetic_prints_the_summary(al_job: AlJob, store: Path) -> None:
    """Images, boxes and classes of pool and test; a dry run writes nothing."""
    options = ["--name", "drawn", "--num-pool", 6, "--num-test", 3, "--store", store]
    dry = al_job("ingest", "synthetic", *options, "--dry-run")
    assert dry.code == 0
    assert not store.exists()
    assert al_job("ingest", "synthetic", *options).code == 0
    assert (store / "datasets/drawn/dataset.json").is_file()
    assert "there already" in al_job("ingest", "synthetic", *options).out
