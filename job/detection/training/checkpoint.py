"""A checkpoint: all that a training needs to resume, as one safetensors file."""

import importlib.metadata
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from job.detection.detectors.base import Detector
from job.detection.detectors.serialization import pack, unpack
from job.detection.training.ema import WeightAverage
from job.detection.training.history import HistoryRow
from job.errors import BadDataError

_MOMENTA: dict[type[torch.optim.Optimizer], tuple[str, ...]] = {
    torch.optim.SGD: ("momentum_buffer",),
    torch.optim.AdamW: ("exp_avg", "exp_avg_sq", "step"),
}
"""What an optimizer keeps for each parameter after its first step."""


@dataclass
class TrainingState:
    """What changes from step to step."""

    detector: Detector
    optimizer: torch.optim.Optimizer
    average: WeightAverage | None
    step: int = 0
    """Steps done."""
    history: list[HistoryRow] = field(default_factory=list)
    recent: list[tuple[float, float]] = field(default_factory=list)
    """Classification and box loss of each step since the last row."""

    def to_bytes(self, settings: Mapping[str, Any]) -> bytes:
        """Return the state; `settings` say what training it belongs to."""
        tensors = {f"model/{k}": v for k, v in self.detector.state_dict().items()}
        if self.average:
            tensors |= {f"average/{k}": v for k, v in self.average.values.items()}
        states = self.optimizer.state_dict()["state"]
        for number, state in states.items():
            tensors |= {f"optimizer/{number}/{k}": v for k, v in state.items() if v is not None}
        progress = {
            "version": importlib.metadata.version("al-voc"),
            "settings": settings,
            "threads": torch.get_num_threads(),
            "step": self.step,
            "history": [asdict(row) for row in self.history],
            "recent": self.recent,
        }
        if self.step and len(states) < len(self._parameters()):
            # What had no gradient so far, as a part of RT-DETR has until there is a box.
            progress["without_gradient"] = sorted({*range(len(self._parameters()))} - {*states})
        return pack(tensors, progress)

    def restore(self, data: bytes, settings: Mapping[str, Any]) -> None:
        """Set the state to what it was when `to_bytes` was called.

        Raises:
            BadDataError: The bytes are damaged or belong to another training; nothing has changed.
        """
        tensors, progress = _unpack(data)
        if progress.get("settings") != settings:
            message = "it belongs to a training with other settings"
            raise BadDataError(message)
        try:
            step = int(progress["step"])
            history = [HistoryRow(**row) for row in progress["history"]]
            recent = [(classification, bbox) for classification, bbox in progress["recent"]]
        except (KeyError, TypeError, ValueError) as error:
            message = f"it is damaged ({error!r})"
            raise BadDataError(message) from error
        self._check(tensors, step, frozenset(progress.get("without_gradient", ())))
        self.detector.load_state_dict(_below(tensors, "model/"))
        if self.average:
            for name, value in _below(tensors, "average/").items():
                self.average.values[name].copy_(value)
        self._restore_optimizer(_below(tensors, "optimizer/"))
        self.step, self.history, self.recent = step, history, recent

    def _check(
        self, tensors: Mapping[str, Tensor], step: int, without_gradient: Collection[int]
    ) -> None:
        """Refuse tensors that are not those of this training after so many steps."""
        expected = {f"model/{k}": v.shape for k, v in self.detector.state_dict().items()}
        if self.average:
            expected |= {f"average/{k}": v.shape for k, v in self.average.values.items()}
        if step:
            expected |= self._momenta(without_gradient)
        for name in sorted(expected.keys() | tensors.keys()):
            found = tensors[name].shape if name in tensors else None
            if found != expected.get(name):
                message = f"its tensor {name} is {found or 'missing'}, not {expected.get(name)}"
                raise BadDataError(message)

    def _momenta(self, without_gradient: Collection[int]) -> dict[str, torch.Size]:
        """Return the shapes of what the optimizer keeps: of some parameters, by number, nothing."""
        result = {}
        for number, (parameter, group) in enumerate(self._parameters()):
            for key in () if number in without_gradient else _MOMENTA[type(self.optimizer)]:
                if key != "momentum_buffer" or group["momentum"]:
                    shape = torch.Size() if key == "step" else parameter.shape
                    result[f"optimizer/{number}/{key}"] = shape
        return result

    def _parameters(self) -> list[tuple[nn.Parameter, dict[str, Any]]]:
        """Return all that is trained, in the order of the optimizer, each with its group."""
        return [(p, group) for group in self.optimizer.param_groups for p in group["params"]]

    def _restore_optimizer(self, tensors: Mapping[str, Tensor]) -> None:
        """Give each parameter its momenta, laid out in memory like itself.

        With other strides, sums have another order, and training would end on other bytes.
        """
        parameters = [parameter for parameter, _ in self._parameters()]
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            number, _, key = name.partition("/")
            parameter = parameters[int(number)].detach()
            like = torch.empty_like(parameter) if value.shape == parameter.shape else value
            state.setdefault(int(number), {})[key] = like.copy_(value)
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": state, "param_groups": groups})


def threads_of(checkpoint: bytes) -> int | None:
    """Return the number of threads that a training began with.

    Returns:
        None if no training resumes from these bytes: they are damaged, or of another version.
    """
    try:
        _, progress = _unpack(checkpoint)
    except BadDataError:
        return None
    threads = progress.get("threads")
    return threads if isinstance(threads, int) else None


def _unpack(data: bytes) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return a checkpoint's tensors, and what else it holds.

    Raises:
        BadDataError: The bytes are damaged, or another version of the program wrote them.
    """
    tensors, progress = unpack(data)
    if progress.get("version") != importlib.metadata.version("al-voc"):
        message = "it was written by another version of the program"
        raise BadDataError(message)
    return tensors, progress


def _below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors whose name begins with `prefix`, under the rest of their name."""
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
