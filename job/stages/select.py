"""Select the images to label next: read the pool and the scores, write the picks."""

import csv
import io as text_io

from job.acquisition.strategy import (
    Selection,
)
from job.artifacts.stage_io import StageIO
from job.runtime import log
from job.selection import pick, read_given


def run(io: StageIO) -> dict[str, object]:
    """Read the pool, the labels' counts and the scores. Write `picks.csv`."""
    name, strategy = io.arm.strategy_name, io.arm.strategy
    candidates, labelled = read_given(io, strategy)
    selection = pick(io, name, strategy, candidates, labelled)
    if len(selection.ids) < io.budget:
        log.get().warning("select.below_budget", budget=io.budget, picked=len(selection.ids))
    io.write("picks.csv", _to_csv(selection))
    return {"strategy": name, "picked": len(selection.ids), "of": len(candidates.ids)}


def _to_csv(selection: Selection) -> bytes:
    file = text_io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["id", "rank", "score", "reason"])
    rows = zip(selection.ids, selection.scores, selection.reasons, strict=True)
    for rank, (image_id, score, reason) in enumerate(rows):
        writer.writerow([image_id, rank, f"{score:.6g}", reason])
    return file.getvalue().encode()
