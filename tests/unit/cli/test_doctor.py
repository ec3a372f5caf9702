"""`al-job doctor`: what it looks at."""

from collections.abc import Callable
from pathlib import Path

from tests.conftest import AlJob


def test_doctor_looks_at_store_device_disk_and_weights(
    al_job: AlJob, free_gib: Callable[[float], None], store: Path, tiny: str, tmp_path: Path
) -> None:
    """All is well with a directory; weights or room that are missing fail with what to do."""
    free_gib(100)
    path = tmp_path / "tiny.yaml"
    path.write_text(tiny)
    well = al_job("doctor", path, "--store", store)
    assert well.code == 0, well.out
    for name in (
        "write",
        "read",
        "list",
        "delete",
        "conditional write",
        "device",
        "cache",
        "data set",
    ):
        assert name in well.out
    path.write_text(tiny.replace("backbone: scratch", "backbone: file:no/such.pt"))
    ill = al_job("doctor", path, "--store", store)
    assert ill.code == 78
    assert "FAIL weights: file:no/such.pt: nothing there: set detector.backbone" in ill.out
    free_gib(4.9)
    assert "FAIL cache: 4.9 GiB free at " in al_job("doctor", "--store", store).out
