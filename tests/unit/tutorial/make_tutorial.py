"""A folder in the tutorial's layout, small enough to be worked out by hand.

Images have these boxes: 0: 3, 1: 1, 2: 2, 3: 2, 4: 5, 5: 1, 6: 2, 7: 2. The first four are the
initial set. Random sampling draws image 0, which is labelled, and image 4 twice. Counts take every
query twice, as the tutorial's do.
"""

from collections.abc import Sequence
from pathlib import Path

from job.tutorial.analysis import TutorialAnalysis
from job.tutorial.claims import TutorialRow

RANDOM = "random_sampling"
UNCERTAINTY = "uncertainty_aldod_sampling"
HEADER = "strategy,args,step,mAP,train_time,active_time,total_time,total_samples,bboxes"


def write_run(path: Path, queries: Sequence[Sequence[int]], **columns: Sequence[float]) -> None:
    """Write one experiment; every round trains 10 s.

    Args:
        path: Its folder.
        queries: One list a round.
        columns: One value a round: `metric`, `active` seconds, `images` and `boxes` as counted.
    """
    path.mkdir(parents=True)
    lines = [HEADER]
    names = ("metric", "active", "images", "boxes")
    values = zip(*(columns[name] for name in names), strict=True)
    for step, (metric, active, images, boxes) in enumerate(values):
        times = f"10.0,{active},{10 + active}"
        lines.append(f"{path.parent.name},{{}},{step},{metric},{times},{images},{boxes}")
    (path / "csv.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    rows = [f'{step},"{list(query)}"' for step, query in enumerate(queries)]
    text = "\n".join(["step,indices", *rows])
    (path / "queries.txt").write_text(text + "\n", encoding="utf-8")


def write_tutorial(folder: Path) -> Path:
    """Write two runs at random, with the same picks, and one by uncertainty."""
    redrawn = [[0, 1, 2, 3], [0, 4], [4, 5]]
    for number, middle in enumerate((0.38, 0.42)):
        write_run(
            folder / RANDOM / f"experiment-{number}",
            metric=[0.1, middle, 0.5],
            active=[0, 0, 0],
            images=[4, 8, 12],
            boxes=[8, 24, 36],
            queries=redrawn,
        )
    write_run(
        folder / UNCERTAINTY / "experiment-0",
        metric=[0.1, 0.5, 0.6],
        active=[0, 3, 3],
        images=[4, 8, 12],
        boxes=[8, 20, 28],
        queries=[[0, 1, 2, 3], [4, 5], [6, 7]],
    )
    return folder


def row(analysis: TutorialAnalysis, name: str) -> TutorialRow:
    """The row of a name."""
    (found,) = [each for each in analysis.rows if each.name == name]
    return found
