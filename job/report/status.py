"""Where every seed, arm and round of an experiment stands, as the store tells it."""

import json

from rich.table import Table

from job.config import Config
from job.keys import STAGES
from job.report.results import show_metric
from job.rounds import Markers, all_rounds
from job.storage import Store


def status_table(store: Store, config: Config) -> Table:
    """Return a row per seed, arm and round: which stages are done, and the mAP."""
    markers = Markers(store)
    table = Table(title=f"{config.experiment}: seconds of the stages that are done")
    for name in ("seed", "arm", "round", *STAGES, "mAP50"):
        table.add_column(name, justify="right" if name in {"seed", "round", "mAP50"} else "left")
    for arm, ref in all_rounds(config):
        cells = [str(ref.seed), arm, str(ref.index)]
        for stage in STAGES:
            marker = markers.get(ref.stage(stage))
            cells.append(f"{marker.seconds:.1f} s" if marker else "")
        evaluate = ref.stage("evaluate")
        if markers.get(evaluate):
            metrics = json.loads(store.read(evaluate.key("metrics.json")))
            cells.append(show_metric(metrics["map50_area"]))
        table.add_row(*cells)
    return table
