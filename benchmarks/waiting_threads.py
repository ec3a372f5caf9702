"""What spinning costs on a shared machine: training alone and beside one busy process.

    python benchmarks/waiting_threads.py

Trains the quickstart's detector for some steps, each time in a fresh process with two threads: with
OpenMP's default (waiting threads spin for milliseconds), with the short spin that `job.detection`
sets, and with threads that sleep at once. Prints images/s and ratios to the default, for two cores.
"""

import os
import subprocess
import sys
import time

BATCH, STEPS, WARM_UP = 16, 20, 4
BUSY = "while True: pass"
SPIN = "GOMP_SPINCOUNT"
POLICIES = {
    "default": {SPIN: "300000"},  # what libgomp takes when nothing is set
    "short spin (ours)": {SPIN: "10000"},
    "sleep at once": {"OMP_WAIT_POLICY": "PASSIVE"},
}


def train() -> None:
    """Train on noise and print images/s."""
    import torch  # noqa: PLC0415 - in the measured process only, after its environment is set

    from job.config.detector import DetectorConfig  # noqa: PLC0415
    from job.detection.detectors.base import Target, build_detector  # noqa: PLC0415
    from job.detection.detectors.raw_output import ImageBatch  # noqa: PLC0415

    torch.set_num_threads(2)
    config = DetectorConfig(size=96, width=0.5, backbone="scratch")
    detector = build_detector(config, [f"class {n}" for n in range(5)], seed=0)
    detector.train().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(detector.parameters(), lr=1e-4)
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (BATCH, 3, 96, 96), generator=generator, dtype=torch.uint8)
    images = ImageBatch.filled(pixels)
    box = torch.tensor([[20.0, 20.0, 60.0, 60.0]])
    target: Target = {"boxes": box, "labels": torch.tensor([1])}
    targets = [target] * BATCH
    begun = 0.0
    for step in range(STEPS + WARM_UP):
        if step == WARM_UP:
            begun = time.perf_counter()
        loss = detector.losses(images, targets).total
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    print(BATCH * STEPS / (time.perf_counter() - begun))


def measure(settings: dict[str, str], *, busy: bool) -> float:
    """Images/s of a fresh process."""
    environment = {k: v for k, v in os.environ.items() if k not in {"OMP_WAIT_POLICY", SPIN}}
    beside = subprocess.Popen([sys.executable, "-c", BUSY]) if busy else None  # noqa: S603
    try:
        ended = subprocess.run(  # noqa: S603
            [sys.executable, __file__, "train"],
            env=environment | settings,
            check=True,
            capture_output=True,
            text=True,
        )
    finally:
        if beside:
            beside.kill()
            beside.wait()
    return float(ended.stdout)


def main() -> None:
    """Print the table."""
    for busy in (False, True):
        print("beside a busy process" if busy else "alone")
        default = 0.0
        for name, settings in POLICIES.items():
            speed = measure(settings, busy=busy)
            default = default or speed
            print(f"  {name:22}{speed:8.1f} images/s{speed / default:8.2f}", flush=True)


if __name__ == "__main__":
    train() if sys.argv[1:] == ["train"] else main()
