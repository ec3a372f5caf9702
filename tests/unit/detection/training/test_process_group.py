"""How many processes train, and whether they may train together."""

import pytest
import torch

from job.config.runtime import RuntimeConfig
from job.detection.training.member_processes import LostError
from job.detection.training.process_group import (
    Group,
    check_place,
    num_processes,
    refuse_strangers,
)
from job.errors import ConfigError, TemporaryError
from job.runtime.place import Place


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


def test_a_place_whose_gpu_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second process of a machine with one GPU has none."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    check_place(Place(2, 4, 0, 2, "host:1"), RuntimeConfig(), batch_size=16)
    with pytest.raises(ConfigError, match="LOCAL_RANK=1, but torch sees 1 GPUs here"):
        check_place(Place(3, 4, 1, 2, "host:1"), RuntimeConfig(), batch_size=16)


def test_a_group_that_cannot_share_a_batch_is_refused() -> None:
    """The message names the variable and what fits."""
    with pytest.raises(ConfigError, match=r"WORLD_SIZE=3 .* train\.batch_size 16: set 2,"):
        check_place(Place(0, 3, 0, 1, "host:1"), RuntimeConfig(device="cpu"), batch_size=16)


def test_processes_that_have_read_the_same_may_train_together() -> None:
    """Whatever it is, as long as all have it."""
    refuse_strangers([{"labels": "a"}, {"labels": "a"}])


def test_a_process_that_has_read_something_else_is_named() -> None:
    """The message says which process, and of what it has another."""
    known = [{"labels": "a", "checkpoint": "b"}] * 2 + [{"labels": "a", "checkpoint": "c"}]
    with pytest.raises(TemporaryError, match="process 2 does not have the checkpoint that"):
        refuse_strangers(known)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("[../third_party/gloo/pair.cc:1] Connection closed by peer. This is", LostError),
        ("Application timeout caused pair closure", LostError),
        ("mat1 and mat2 shapes cannot be multiplied", RuntimeError),
    ],
)
def test_an_error_of_the_connection_means_that_another_process_is_gone(
    words: str, error: type[Exception]
) -> None:
    """And no other error does: it is a fault of this process."""
    with pytest.raises(error) as caught, Group(0, 2, torch.device("cpu")).watched():
        raise RuntimeError(words)
    assert type(caught.value) is error
