"""A step of two processes: gradients exchanged during the backward pass, after it, and not at all.

Each process has one thread and its part of a batch. The three are taken in turn, and the order
changes from step to step. With `--rate`, each process is in a network namespace of its own, with a
link of that rate between them, as between two nodes; this needs root.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import first  # noqa: F401
import torch
import torch.distributed as dist
from torch import Tensor

from job.config.detector import DetectorConfig
from job.detection.detectors.base import Detector, Target, build_detector
from job.detection.detectors.raw_output import ImageBatch
from job.detection.training.process_group import Group, joined
from job.detection.training.whole_batch import WholeBatch, running_statistics
from job.runtime.place import Place

NAMES = ("after", "during", "alone")
Batch = tuple[ImageBatch, list[Target]]


def after(group: Group, detector: Detector, batch: Batch) -> None:
    """Add up all gradients at once, when the backward pass is done: what al-voc did before."""
    losses = detector.losses(*batch)
    weight = torch.as_tensor(losses.weight, dtype=torch.float32).clamp(min=1)
    sums = torch.stack([losses.classification, losses.bbox_regression]) * weight
    sums.sum().backward()  # type: ignore[no-untyped-call]
    gradients = [each.grad for each in detector.parameters() if each.grad is not None]
    whole = [*gradients, *running_statistics(detector), sums.detach(), weight.view(1)]
    flat = torch.cat([tensor.reshape(-1) for tensor in whole])
    dist.all_reduce(flat)
    parts = torch.split(flat, [tensor.numel() for tensor in whole])
    for number, (tensor, part) in enumerate(zip(whole[:-2], parts, strict=False)):
        divisor: Tensor | int = parts[-1] if number < len(gradients) else group.count
        tensor.copy_(part.view(tensor.shape) / divisor)


def during(whole: WholeBatch, batch: Batch) -> None:
    """What al-voc does."""
    whole.backward(whole.losses(*batch))


def alone(detector: Detector, batch: Batch) -> None:
    """Exchange nothing."""
    detector.losses(*batch).total.backward()  # type: ignore[no-untyped-call]


def steps(
    group: Group, config: DetectorConfig, batch: Batch
) -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield the name of each way, and a function that takes a step in it."""
    for name in NAMES:
        detector = build_detector(config, ("a", "b", "c"), 0).train()
        detector.to(group.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimizer = torch.optim.SGD(detector.parameters(), lr=1e-3, momentum=0.9, fused=True)
        whole = WholeBatch(group, detector) if name == "during" else None

        def step(
            name: str = name,
            detector: Detector = detector,
            optimizer: torch.optim.Optimizer = optimizer,
            whole: WholeBatch | None = whole,
        ) -> None:
            optimizer.zero_grad()
            if whole:
                during(whole, batch)
            elif name == "after":
                after(group, detector, batch)
            else:
                alone(detector, batch)
            optimizer.step()

        yield name, step


def measure(group: Group, config: DetectorConfig, images: int, repeats: int) -> str:
    """Return the rows of a table, as process 0 sees it."""
    shape = (images, 3, config.size, config.size)
    target = Target(boxes=torch.tensor([[20.0, 20, 160, 160]]), labels=torch.tensor([1]))
    pixels = torch.randint(0, 256, shape, dtype=torch.uint8)
    ways = dict(steps(group, config, (ImageBatch.filled(pixels), [target] * images)))
    wall: dict[str, list[float]] = {name: [] for name in NAMES}
    cpu: dict[str, list[float]] = {name: [] for name in NAMES}
    for number in range(repeats + 1):
        for place in range(len(NAMES)):
            name = NAMES[(number + place) % len(NAMES)]
            dist.barrier()
            begun = time.perf_counter(), time.process_time()
            ways[name]()
            dist.barrier()
            if number:  # the first warms up
                wall[name].append(time.perf_counter() - begun[0])
                cpu[name].append(time.process_time() - begun[1])
    return "\n".join(row(config, name, wall, cpu) for name in NAMES)


def row(
    config: DetectorConfig, name: str, wall: dict[str, list[float]], cpu: dict[str, list[float]]
) -> str:
    """Return a line of the table: medians, and the median of the ratios of each round."""
    ratios = [ours / theirs for ours, theirs in zip(wall[name], wall["after"], strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    median, least = statistics.median(wall[name]), min(wall[name])
    return (
        f"| {config.model} | {name} | {median:.2f} s | {least:.2f} s "
        f"| {statistics.median(cpu[name]):.2f} s | {middle:.2f} ({low:.2f} to {high:.2f}) "
        f"| {least / min(wall['after']):.2f} |"
    )


@contextmanager
def linked(rate: str | None) -> Iterator[list[tuple[list[str], str, str]]]:
    """Give for each process what its command begins with, its address and its interface."""
    if not rate:
        yield [([], "127.0.0.1", "lo")] * 2
        return
    names = [f"gradients-{os.getpid()}-{number}" for number in (0, 1)]

    def ip(*arguments: str) -> None:
        subprocess.run(["ip", *arguments], check=True)  # noqa: S603, S607 - iproute2, wherever it is

    for name in names:
        ip("netns", "add", name)
    try:
        ends = ("link", "add", "eth0", "netns", names[0], "type", "veth", "peer", "name", "eth0")
        ip(*ends, "netns", names[1])
        for number, name in enumerate(names):
            ip("-n", name, "address", "add", f"10.213.9.{number + 1}/24", "dev", "eth0")
            for interface in ("eth0", "lo"):  # by the second, a process finds its own address
                ip("-n", name, "link", "set", interface, "up")
            shape = f"tc qdisc add dev eth0 root tbf rate {rate} burst 256kb latency 50ms"
            ip("netns", "exec", name, *shape.split())
        yield [
            (["ip", "netns", "exec", name], f"10.213.9.{number + 1}", "eth0")
            for number, name in enumerate(names)
        ]
    finally:
        for name in names:
            ip("netns", "delete", name)


def start(arguments: Sequence[str], rate: str | None) -> None:
    """Run this script once for each of two processes."""
    with linked(rate) as places, TemporaryDirectory() as folder:
        processes = []
        for rank, (prefix, _, interface) in enumerate(places):
            environment = {
                "RANK": str(rank),
                "WORLD_SIZE": "2",
                "LOCAL_RANK": "0",
                "MASTER_ADDR": places[0][1],
                "MASTER_PORT": "29631",
                "GLOO_SOCKET_IFNAME": interface,
                "TORCH_CPP_LOG_LEVEL": "FATAL",
            }
            command = [*prefix, sys.executable, __file__, *arguments, "--out", folder]
            processes.append(subprocess.Popen(command, env=os.environ | environment))  # noqa: S603
        if any([process.wait() for process in processes]):  # noqa: C419 - all have to be waited for
            sys.exit("a process failed")
        print("| detector | gradients | median | least | CPU | of `after` | least of its least |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        print(Path(folder, "rows").read_text())


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="ssdlite_mobilenet_v2")
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--images", type=int, default=4, help="for each process")
    parser.add_argument("--repeats", type=int, default=12)
    parser.add_argument("--rate", help="such as 1gbit")
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not arguments.out:
        start(sys.argv[1:], arguments.rate)
        return
    torch.set_num_threads(1)
    place = Place.of(os.environ)
    assert place  # noqa: S101 - it was set above
    config = DetectorConfig(model=arguments.model, size=arguments.size, backbone="scratch")
    with joined(place.rank, place.count, torch.device("cpu"), 600, place) as group:
        rows = measure(group, config, arguments.images, arguments.repeats)
        if not group.rank:
            (arguments.out / "rows").write_text(rows)


if __name__ == "__main__":
    main()
