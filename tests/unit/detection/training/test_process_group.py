"""What processes tell each other at a step, and how many there are."""

import os
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from job.config.detector import DetectorConfig
from job.config.runtime import RuntimeConfig
from job.detection.detectors.base import Detector, Target, build_detector
from job.detection.detectors.raw_output import ImageBatch
from job.detection.detectors.serialization import pack, unpack
from job.detection.training.member_processes import Exchange, run_together
from job.detection.training.process_group import num_processes
from job.errors import ConfigError

CONFIG = DetectorConfig(size=64, width=0.25, backbone="scratch")
Found = list[tuple[dict[str, Tensor], dict[str, Any]]]
"""Of each process, the tensors and the answers it ended with."""

STEP = """
import os
from job.detection.training.member_processes import take_part

def work(exchange, rank, count):
    os.environ.pop("GOMP_SPINCOUNT", None)
    import torch
    from job.config.detector import DetectorConfig
    from job.detection.training.process_group import joined
    from job.detection.detectors.base import build_detector
    from job.detection.detectors.raw_output import ImageBatch
    from job.detection.detectors.serialization import pack, unpack

    torch.set_num_threads(1)
    tensors, _ = unpack(exchange.get("batch.safetensors"))
    share = slice(2 * rank, 2 * rank + 2)
    targets = [
        {"boxes": tensors[f"boxes/{i}"], "labels": tensors[f"labels/{i}"]} for i in range(4)
    ][share]
    start, _ = unpack(exchange.get("start.safetensors"))
    config = DetectorConfig(size=64, width=0.25, backbone="scratch")
    detector = build_detector(config, ("disc", "square"), 0).eval().double()
    detector.load_state_dict(start)

    def backward():
        losses = detector.losses(ImageBatch.filled(tensors["images"][share]), targets)
        return group.backward(detector, losses)

    with joined(rank, count, torch.device("cpu"), exchange.folder / "meeting") as group:
        losses = backward()
        found = {f"gradient/{k}": p.grad.clone() for k, p in detector.named_parameters()}
        found |= {f"loss/{k}": v for k, v in losses._asdict().items() if k != "weight"}
        answers = [group.agree(lambda: rank == each)() for each in (0, 1, 2)]
        norms = [m for m in detector.train().modules() if isinstance(m, torch.nn.BatchNorm2d)]
        for norm in norms:
            norm.momentum = 0  # the batch changes nothing, so that what is left is the exchange's
            norm.running_mean.fill_(rank)
        frozen, *learning = norms
        frozen.eval()
        backward()
        found["means"] = torch.cat([norm.running_mean for norm in learning])
    said = {"answers": answers, "frozen": frozen.running_mean.unique().tolist()}
    said["spin"] = os.environ.get("GOMP_SPINCOUNT")
    exchange.put(f"found-{rank}", pack(found, said))

take_part(work)
"""


def batch() -> tuple[ImageBatch, list[Target]]:
    """Four images with 2, 1, 0 and 1 boxes: two halves with unequal numbers of anchors to learn."""
    images = torch.randint(0, 256, (4, 3, 64, 64), generator=torch.Generator().manual_seed(0))
    shown = [[[4, 4, 40, 40], [20, 30, 60, 60]], [[0, 0, 63, 63]], [], [[10, 20, 30, 36]]]
    targets = [
        Target(
            boxes=torch.tensor(boxes, dtype=torch.float64).reshape(-1, 4),
            labels=torch.tensor([1, 2][: len(boxes)], dtype=torch.int64),
        )
        for boxes in shown
    ]
    return ImageBatch.filled(images.to(torch.uint8)), targets


def begun() -> Detector:
    """A detector whose running statistics are the batch's, so that anchors differ in their loss.

    It is in double precision, so that rounding does not hide what differs.
    """
    detector = build_detector(CONFIG, ("disc", "square"), 0).double().train()
    for module in detector.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
    with torch.no_grad():
        detector.forward_raw(batch()[0])
    return detector.eval()


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """What two processes have after a step in which each saw half of the batch."""
    exchange = Exchange(tmp_path_factory.mktemp("step"))
    images, targets = batch()
    tensors = {"images": images.pixels_BCHW}
    for index, target in enumerate(targets):
        tensors |= {f"boxes/{index}": target["boxes"], f"labels/{index}": target["labels"]}
    exchange.put("batch.safetensors", pack(tensors, {}))
    exchange.put("start.safetensors", pack(begun().state_dict(), {}))
    exchange.put("step.py", STEP.encode())
    with pytest.MonkeyPatch.context() as patch:
        path = [str(exchange.folder), *filter(None, [os.environ.get("PYTHONPATH")])]
        patch.setenv("PYTHONPATH", os.pathsep.join(path))
        run_together("step", 2, exchange, lambda: None)
    return [unpack(exchange.get(f"found-{rank}")) for rank in (0, 1)]


def test_gradients_and_losses_are_those_of_the_whole_batch(found: Found) -> None:
    """Halves with unequal numbers of boxes give what one process gets from the whole batch.

    Batch normalisation is set to infer here, so that it does not depend on the share.
    """
    detector = begun()
    losses = detector.losses(*batch())
    losses.total.backward()  # type: ignore[no-untyped-call]
    for name in ("classification", "bbox_regression"):
        loss = getattr(losses, name)
        loss_found = found[0][0][f"loss/{name}"]
        torch.testing.assert_close(loss_found, loss.detach(), check_dtype=False)
    for name, parameter in detector.named_parameters():
        assert parameter.grad is not None
        gradient = found[0][0][f"gradient/{name}"]
        torch.testing.assert_close(gradient, parameter.grad, rtol=1e-6, atol=1e-9)


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


def test_importing_the_detectors_sets_nothing(found: Found) -> None:
    """An import has no side effect on the environment."""
    assert [said["spin"] for _, said in found] == [None, None]


@pytest.mark.parametrize(
    ("processes", "gpus", "expected"),
    [("auto", 0, 1), ("auto", 1, 1), ("auto", 4, 4), (2, 0, 2), (2, 4, 2), (1, 4, 1)],
)
def test_auto_means_one_process_for_each_gpu(
    processes: object, gpus: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a GPU there is one; a number means that number."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    runtime = RuntimeConfig.model_validate({"processes": processes})
    assert num_processes(runtime, batch_size=16) == expected


def test_more_processes_than_gpus_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each process has a GPU of its own."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(ConfigError, match=r"runtime\.processes: 4, .* 2 GPUs"):
        num_processes(RuntimeConfig(processes=4), batch_size=16)


@pytest.mark.parametrize(("batch_size", "count", "instead"), [(16, 3, 2), (12, 5, 4), (2, 4, 2)])
def test_unequal_shares_of_a_batch_are_refused(batch_size: int, count: int, instead: int) -> None:
    """The message names the largest smaller number of processes that fits."""
    with pytest.raises(ConfigError, match=rf"train\.batch_size {batch_size}: set {instead},"):
        num_processes(RuntimeConfig(device="cpu", processes=count), batch_size)
