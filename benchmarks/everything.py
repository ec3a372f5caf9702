"""Every benchmark, one after the other: `make bench`. What they measure becomes RESULTS.md.

Nothing is measured while other work keeps the CPUs busy. What can be trusted is kept in
results.json, and the next run is compared with it.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import torch
from bench.lines import Line, as_table, read
from bench.noise import MOST_OTHERS, OtherWork
from bench.results import Run
from measure import machine

HERE = Path(__file__).parent
PAGE, KEPT = HERE / "RESULTS.md", HERE / "results.json"
COMMANDS = (
    "scoring.py",
    "post_processing.py",
    "training.py",
    "evaluate.py",
    "reading.py",
    "ingesting.py",
    "start.py",
    "k_center.py --images 50000",
    "selection.py --images 100000 --strategies brust,entropy,coreset,pal",
)
LONG = ("detectors.py", "rounds.py", "selection.py")
"""What takes an hour, with `--long`."""
ON_A_GPU = (
    "scoring.py --device cuda --images 12000 --threads 8",
    "training.py --device cuda --steps 200 --threads 8",
)
LIMIT_SECONDS, LONG_LIMIT_SECONDS = 900, 3600
LOOK_SECONDS = 3


def measured(command: str, limit: int) -> list[Line]:
    """Run a benchmark, and return its lines; raises an error that says why there are none."""
    script, *arguments = command.split()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "lines.json"
        ended = subprocess.run(  # noqa: S603
            [sys.executable, str(HERE / script), *arguments, "--out", str(out)],
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
        )
        if ended.returncode:
            raise ChildProcessError(ended.stderr.strip().rpartition("\n")[2])
        date = f"{datetime.now(UTC):%Y-%m-%d}"
        return [replace(line, command=command, machine=machine(), date=date) for line in read(out)]


def attempts(commands: dict[str, int]) -> Iterator[tuple[str, list[Line], str]]:
    """Run all, and yield each one's lines, or why there are none."""
    for command, limit in commands.items():
        lines, problem = list[Line](), ""
        try:
            lines = measured(command, limit)
        except subprocess.TimeoutExpired:
            problem = f"not done after {limit} s"
        except ChildProcessError as error:
            problem = f"failed: {error}"
        print(f"\n## {command}\n\n{problem or as_table(lines)}", flush=True)
        yield command, lines, problem


def stop_if_busy() -> None:
    """End with a message if other work takes the CPUs."""
    work = OtherWork()
    time.sleep(LOOK_SECONDS)
    if (others := work.share()) > MOST_OTHERS:
        sys.exit(f"other work takes {100 * others:.0f} % of the CPUs: measure when it has ended")


def main() -> None:
    """Run, print and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--long", action="store_true", help="also what takes an hour")
    arguments = parser.parse_args()
    stop_if_busy()
    print(machine(), flush=True)
    commands = dict.fromkeys(COMMANDS, LIMIT_SECONDS)
    if arguments.long:
        commands |= dict.fromkeys(LONG, LONG_LIMIT_SECONDS)
    if torch.cuda.is_available():
        commands |= dict.fromkeys(ON_A_GPU, LIMIT_SECONDS)
    kept = json.loads(KEPT.read_text("utf-8")) if KEPT.exists() else {"lines": [], "verdicts": {}}
    outcomes = list(attempts(commands))
    run = Run(
        [line for _, lines, _ in outcomes for line in lines],
        [Line.from_json(each) for each in kept["lines"]],
        kept["verdicts"],
        {command: problem for command, _, problem in outcomes if problem},
    )
    if not run.trusted:
        sys.exit("nothing could be measured: RESULTS.md stays as it is")
    content = {"lines": [line.to_json() for line in run.kept], "verdicts": run.judged()}
    KEPT.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    PAGE.write_text(run.page(f"{datetime.now(UTC):%Y-%m-%d}", machine()), "utf-8")


if __name__ == "__main__":
    main()
