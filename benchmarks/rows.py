"""The memory of `select` as the pool grows: by each strategy, up to 10,000,000 images.

The score record is made up, of two boxes an image, 20 classes, embeddings of 16 numbers and box
features of 8. It comes from four parts again and again under other ids, so that it needs no disk.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from made_up_record import ARMS, Sizes, make

BUDGET = 1000
SIZES = Sizes(boxes=2, embedding=16, feature=8, images=8192)


def took(arm: str, folder: Path, num_images: int) -> tuple[float, float]:
    """Return the CPU seconds and the peak bytes of a fresh process."""
    script = str(Path(__file__).with_name("one_selection.py"))
    command = [sys.executable, script, arm, str(folder), str(BUDGET), "--images", str(num_images)]
    ended = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    result = json.loads(ended.stdout.splitlines()[-1])
    return result["cpu_seconds"], result["bytes"]


def row(arm: str, folder: Path, sizes: list[int]) -> str:
    """Return a line of the table."""
    found = [took(arm, folder, num_images) for num_images in sizes]
    cells = [f"{seconds:,.0f} s, {peak / 1e6:,.0f} MB" for seconds, peak in found]
    slope = (found[-1][1] - found[0][1]) / (sizes[-1] - sizes[0])
    return f"| {arm} | {' | '.join(cells)} | {slope:,.0f} bytes |"


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--images", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--strategies", nargs="+", choices=ARMS, default=list(ARMS))
    arguments = parser.parse_args()
    heads = [f"{number:,} images" for number in arguments.images]
    print(f"| strategy | {' | '.join(heads)} | an image more |")
    print("| --- " * (len(heads) + 2) + "|")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        make(folder, 4 * SIZES.images, SIZES)
        for arm in arguments.strategies:
            print(row(arm, folder, arguments.images), flush=True)


if __name__ == "__main__":
    main()
