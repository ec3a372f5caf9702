"""Every benchmark, one after the other: `make bench`. What they print goes to RESULTS.md too."""

import argparse
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import torch
from measure import machine

HERE = Path(__file__).parent
COMMANDS = (
    "scoring.py",
    "post_processing.py",
    "training.py --steps 8",
    "detectors.py",
    "evaluate.py",
    "reading.py",
    "ingesting.py",
    "start.py",
    "rounds.py",
    "growth.py",
    "selection.py --images 100000 --strategies brust,entropy,coreset,pal",
    "k_center.py --images 50000",
)
ON_A_GPU = (
    "scoring.py --device cuda --images 12000 --threads 8",
    "training.py --device cuda --steps 200 --threads 8",
    "on_gpu.py",
)
LIMIT_SECONDS = 600


def main() -> None:
    """Run, print and write."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    begun = time.monotonic()
    texts = [f"# Results of `make bench`\n\n{datetime.now(UTC):%Y-%m-%d}. {machine()}.\n"]
    print(texts[0], flush=True)
    has_gpu = torch.cuda.is_available()
    for command in COMMANDS + (ON_A_GPU if has_gpu else ()):
        script, *arguments = command.split()
        try:
            ended = subprocess.run(  # noqa: S603
                [sys.executable, str(HERE / script), *arguments],
                capture_output=True,
                text=True,
                timeout=LIMIT_SECONDS,
                check=False,
            )
            # Log lines begin with the time; what was measured is the rest.
            lines = [line for line in ended.stdout.splitlines() if line[:2] != "20"]
            outcome = "\n".join(lines) if not ended.returncode else f"failed:\n{ended.stderr}"
        except subprocess.TimeoutExpired:
            outcome = f"not done after {LIMIT_SECONDS} s"
        texts.append(f"## `python benchmarks/{command}`\n\n{outcome}\n")
        print(texts[-1], flush=True)
    if not has_gpu:
        texts.append("Not run, since no GPU was at hand: " + ", ".join(ON_A_GPU) + ".\n")
    _, _, missed = (HERE / "PROFILE.md").read_text().partition("\n## Aims that are missed")
    texts.append(f"## Aims that are missed{missed}")
    texts.append(f"All of it: {(time.monotonic() - begun) / 60:.0f} minutes.\n")
    print("\n".join(texts[-3:]))
    (HERE / "RESULTS.md").write_text("\n".join(texts))


if __name__ == "__main__":
    main()
