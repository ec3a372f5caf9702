"""Select the images to label next: read the pool and the scores, write the picks."""

from job.artifacts import names
from job.artifacts.picks import dump_picks
from job.artifacts.stage_io import StageIO
from job.runtime import log
from job.selection import pick


def run(io: StageIO) -> dict[str, object]:
    """Read the pool, the cost of its labels and the scores. Write the picks."""
    name = io.arm.strategy_name
    selection = pick(io, name, io.arm.strategy)
    num_picks = len(selection.picks)
    if not io.pool_before.unlabelled:
        reason = "every image of the pool is labelled already: this round labels none"
        log.get().warning("select.pool_used_up", reason=reason)
    elif num_picks < io.budget:
        log.get().warning("select.below_budget", budget=io.budget, picked=num_picks)
    io.cautions = selection.cautions
    io.write(names.PICKS, dump_picks(selection.picks))
    return {"strategy": name, "picked": num_picks, "of": len(io.pool_before.unlabelled)}
