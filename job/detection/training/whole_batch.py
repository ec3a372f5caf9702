"""The losses and the gradient of a batch of which each process of a group has a part."""

import warnings
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from job.detection.detectors.base import Detector, Losses, Target
from job.detection.detectors.raw_output import ImageBatch
from job.detection.training.process_group import Group


class WholeBatch:
    """A detector whose gradient becomes that of the whole batch.

    Torch's DistributedDataParallel adds up gradients over the processes during the backward pass,
    and divides them by the number of processes. A loss is a mean over `Losses.weight` things, of
    which the parts of a batch have different numbers. So each part's loss is scaled such that the
    mean over the processes is the loss of the whole batch.
    """

    def __init__(self, group: Group, detector: Detector) -> None:
        """Begin with the weights of the group's first process.

        Args:
            group: The processes.
            detector: It is on its device, set to train, and what is frozen is.

        Raises:
            LostError: Another process is gone.
        """
        self._group = group
        self._statistics = list(running_statistics(detector))
        with group.watched(), warnings.catch_warnings():
            # `broadcast_buffers` is about to get another name, which torch 2.8 does not know.
            warnings.simplefilter("ignore", FutureWarning)
            self._distributed = DistributedDataParallel(
                _LossesOf(detector),
                broadcast_buffers=False,
                gradient_as_bucket_view=True,
                # Whether a part of a network is used may depend on the batch. And gradients are
                # then always added up in the same pieces, so that a resumed training has the bytes
                # of one that was not stopped.
                find_unused_parameters=True,
            )

    def losses(self, images: ImageBatch, targets: list[Target]) -> Losses:
        """Return the losses of this process's part, for `backward`.

        Raises:
            LostError: Another process is gone.
        """
        with self._group.watched():
            losses: Losses = self._distributed(images, targets)
        return losses

    def backward(self, losses: Losses) -> Losses:
        """Leave the gradient of the whole batch's loss in every parameter.

        The running statistics of batch normalisation become the mean of what the processes have.

        Args:
            losses: Of this process's part of the batch.

        Returns:
            The losses of the whole batch, without their graph.

        Raises:
            LostError: Another process is gone.
        """
        device, count = self._group.device, self._group.count
        weight = torch.as_tensor(losses.weight, dtype=torch.float64, device=device).detach()
        whole = self._group.total(weight).clamp(min=1)
        scale = (count * weight.clamp(min=1) / whole).to(losses.total.dtype)
        weighed = scale * torch.stack([losses.classification, losses.bbox_regression])
        with self._group.watched():
            weighed.sum().backward()  # type: ignore[no-untyped-call]
        shared = weighed.detach()
        self._average([*self._statistics, shared])
        return Losses(shared[0], shared[1], whole)

    def _average(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor by its mean over the processes."""
        # In one piece: many small messages take longer than one of the same size.
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        means = self._group.total(flat) / self._group.count
        parts = torch.split(means, [tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view(tensor.shape))


class _LossesOf(nn.Module):
    """The losses of a detector as what `forward` returns, since that is what torch distributes."""

    def __init__(self, detector: Detector) -> None:
        super().__init__()
        self._detector = detector

    def forward(self, images: ImageBatch, targets: list[Target]) -> Losses:
        return self._detector.losses(images, targets)


def running_statistics(detector: Detector) -> Iterator[Tensor]:
    """Yield what batch normalisation learns, except for layers that are frozen."""
    for module in detector.modules():
        if module.training and getattr(module, "track_running_stats", False):
            for name, buffer in module.named_buffers(recurse=False):
                if name.startswith("running_"):
                    yield buffer
