"""Select the images to label next: read the pool and the scores, write the picks."""

from job.artifacts import names
from job.artifacts.picks import Pick, dump_picks
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
    picks = map(Pick, selection.ids, selection.scores, selection.reasons)
    io.write(names.PICKS, dump_picks(picks))
    return {"strategy": name, "picked": len(selection.ids), "of": len(candidates.ids)}
