"""Select the images to label next: read the pool and the scores, write the picks."""

import csv
import io as text_io

from job.acquisition.strategy import Selection
from job.artifacts.stage_io import StageIO
from job.runtime import log
from job.selection import pick


def run(io: StageIO) -> dict[str, object]:
    """Read the pool, the cost of its labels and the scores. Write `picks.csv`."""
    name = io.arm.strategy_name
    selection = pick(io, name, io.arm.strategy)
    num_picks = len(selection.picks)
    if num_picks < io.budget:
        log.get().warning("select.below_budget", budget=io.budget, picked=num_picks)
    io.write("picks.csv", _to_csv(selection))
    return {"strategy": name, "picked": num_picks, "of": len(io.pool_before.unlabelled)}


def _to_csv(selection: Selection) -> bytes:
    file = text_io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["id", "rank", "score", "reason"])
    for rank, each in enumerate(selection.picks):
        writer.writerow([each.id, rank, f"{each.score:.6g}", each.reason])
    return file.getvalue().encode()
