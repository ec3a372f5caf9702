"""What spinning costs on a shared machine: training beside one busy process, both ways.

    python benchmarks/waiting_threads.py

Trains the quickstart's detector for some steps in two fresh processes, one after the other: with
OpenMP's default, where waiting threads spin, and with OMP_WAIT_POLICY=PASSIVE, as `al-job` sets it.
Prints images/s alone and beside a process that keeps one core busy. Needs two cores.
"""

import os
import subprocess
import sys
import time

BATCH, STEPS, WARM_UP = 16, 12, 3
BUSY = "while True: pass"


def train() -> None:
    """Train on noise and print images/s."""
    import torch  # noqa: PLC0415 - in the measured process only, after its environment is set

    from job.config import DetectorConfig  # noqa: PLC0415
    from job.detection.models import Target, build_detector  # noqa: PLC0415

    torch.set_num_threads(2)
    config = DetectorConfig(size=96, width=0.5, backbone="scratch")
    detector = build_detector(config, [f"class {n}" for n in range(5)], seed=0)
    detector.train().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(detector.parameters(), lr=1e-4)
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (BATCH, 3, 96, 96), generator=generator, dtype=torch.uint8)
    box = torch.tensor([[20.0, 20.0, 60.0, 60.0]])
    target: Target = {"boxes": box, "labels": torch.tensor([1])}
    targets = [target] * BATCH
    begun = 0.0
    for step in range(STEPS + WARM_UP):
        if step == WARM_UP:
            begun = time.perf_counter()
        loss = sum(detector.losses(images, targets).values(), torch.zeros(()))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    print(BATCH * STEPS / (time.perf_counter() - begun))


def measure(*, passive: bool, busy: bool) -> float:
    """Images/s of a fresh process."""
    environment = {k: v for k, v in os.environ.items() if k != "OMP_WAIT_POLICY"}
    if passive:
        environment["OMP_WAIT_POLICY"] = "PASSIVE"
    beside = subprocess.Popen([sys.executable, "-c", BUSY]) if busy else None  # noqa: S603
    try:
        command = [sys.executable, __file__, "train"]
        ended = subprocess.run(  # noqa: S603
            command, env=environment, check=True, capture_output=True, text=True
        )
    finally:
        if beside:
            beside.kill()
            beside.wait()
    return float(ended.stdout)


def main() -> None:
    """Print the table."""
    print(f"{'images/s':24}{'spinning':>10}{'passive':>10}{'ratio':>8}")
    for busy in (False, True):
        spinning = measure(passive=False, busy=busy)
        passive = measure(passive=True, busy=busy)
        label = "beside a busy process" if busy else "alone"
        row = f"{label:24}{spinning:10.1f}{passive:10.1f}{passive / spinning:8.2f}"
        print(row, flush=True)


if __name__ == "__main__":
    train() if sys.argv[1:] == ["train"] else main()
