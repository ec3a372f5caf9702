"""What every strategy of the package selects by a score record."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from job.acquisition.registry import STRATEGIES, make_strategy
from job.acquisition.strategy import Images, Strategy, TableRecord, Task
from job.config.schema import ArmConfig
from job.detection.inference.ground_truth import match_to_ground_truth
from job.records.annotation import Annotation, class_counts
from job.records.score_record import ScoreRecord
from job.testing.drawn_images import CLASSES

_INSIDE = {"of": {"strategy": "entropy"}, "objectives": [{"of": {"strategy": "entropy"}}]}
"""What a wrapper is given, by the name of its setting."""


def picks_of_all(
    pool: ScoreRecord, known: ScoreRecord, annotations: Sequence[Annotation], budget: int
) -> dict[str, tuple[str, ...]]:
    """Return the ids that each strategy of the package picks, with its defaults.

    Args:
        pool: The record of unlabelled images.
        known: That of labelled images.
        annotations: Of these, in the same order.
        budget: How many are picked.
    """
    known = replace(
        known,
        ids=np.array([f"known-{each}" for each in known.ids]),
        ground_truth=match_to_ground_truth(known, annotations, CLASSES),
    )
    unlabelled, labelled = (
        Images(tuple(record.ids.tolist()), TableRecord((record.to_table(),)))
        for record in (pool, known)
    )
    result = {}
    for name in STRATEGIES.built_in:
        task = Task(
            unlabelled=unlabelled,
            labelled=labelled,
            pool_ids=unlabelled.ids + labelled.ids,
            classes=CLASSES,
            class_counts=class_counts(annotations, CLASSES),
            budget=budget,
            rng=np.random.default_rng(0),
            groups={each: each[-1] for each in unlabelled.ids},
        )
        result[name] = _with_defaults(name).select(task).ids
    return result


def _with_defaults(name: str) -> Strategy:
    """Return a strategy with its defaults; one that needs another inside gets `entropy`."""
    fields = STRATEGIES.load(name, Strategy).model_fields
    needed = {field: value for field, value in _INSIDE.items() if field in fields}
    return make_strategy(ArmConfig.model_validate({"strategy": name, **needed}))
