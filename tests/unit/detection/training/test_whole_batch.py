"""What two processes have after a step in which each saw half of a batch."""

import os
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from job.detection.detectors.serialization import unpack
from job.detection.detectors.ssd import SsdDetector
from job.detection.training.member_processes import Exchange, run_together
from tests.unit.detection.training.whole_batch_step import (
    PerImage,
    batch,
    detector_of,
    gradients_of,
    weights_after_step,
)

pytestmark = pytest.mark.slow

Found = list[tuple[dict[str, Tensor], dict[str, Any]]]
"""Of each process, the tensors and the answers it ended with."""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """What two processes have in the end."""
    exchange = Exchange(tmp_path_factory.mktemp("step"))
    with pytest.MonkeyPatch.context() as patch:
        path = [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
        patch.setenv("PYTHONPATH", os.pathsep.join(path))
        patch.delenv("GOMP_SPINCOUNT", raising=False)
        run_together("whole_batch_step", 2, exchange, lambda: None)
    return [unpack(exchange.get(f"found-{rank}")) for rank in (0, 1)]


@pytest.mark.parametrize("family", [SsdDetector, PerImage])
def test_losses_gradients_and_weights_are_those_of_the_whole_batch(
    found: Found, family: type[SsdDetector]
) -> None:
    """Halves with unequal numbers of boxes give what one process gets from the whole batch.

    So they do if a parameter is frozen, is used by no half, or only by one of them.
    """
    detector = detector_of(family)
    losses = detector.losses(*batch())
    losses.total.backward()  # type: ignore[no-untyped-call]
    for name, loss in losses._asdict().items():
        loss_found = found[0][0][f"{family.__name__}/loss/{name}"]
        torch.testing.assert_close(loss_found, torch.as_tensor(loss).detach(), check_dtype=False)
    expected = {f"gradient/{name}": value for name, value in gradients_of(detector)}
    expected |= {f"weight/{name}": value for name, value in weights_after_step(detector)}
    prefix = f"{family.__name__}/"
    names = {name.removeprefix(prefix) for name in found[0][0] if name.startswith(prefix)}
    assert expected.keys() == {name for name in names if not name.startswith("loss/")}
    for name, value in expected.items():
        torch.testing.assert_close(found[0][0][f"{prefix}{name}"], value, rtol=1e-6, atol=1e-9)


def test_all_processes_end_a_step_on_the_same_bytes(found: Found) -> None:
    """Equal to the last bit, so that their weights never drift apart."""
    (first, _), (second, _) = found
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_running_statistics_become_the_mean_of_the_processes(found: Found) -> None:
    """By hand: process 0 has 0 and process 1 has 1, so both have 1/2 after the step."""
    assert set(found[0][0]["means"].tolist()) == {0.5}


def test_running_statistics_of_a_frozen_layer_stay_as_they_are(found: Found) -> None:
    """They are equal anyway; the mean of three equal numbers can differ in the last bit."""
    assert [said["frozen"] for _, said in found] == [[0], [1]]


def test_all_agree_on_what_one_of_them_says(found: Found) -> None:
    """Asked whether one is process 0, then 1, then 2, of two: yes, yes, no; in both."""
    assert [said["answers"] for _, said in found] == [[True, True, False]] * 2


def test_each_learns_what_the_others_know(found: Found) -> None:
    """In the order of their ranks, in all of them."""
    assert [said["gathered"] for _, said in found] == [[0, 1]] * 2


def test_importing_the_detectors_sets_nothing(found: Found) -> None:
    """An import has no side effect on the environment."""
    assert [said["spin"] for _, said in found] == [None, None]
