# ruff: noqa: N803, N806 - shape suffixes
"""What looks wrong about the picks of a round, as soon as they are made.

C = classes, P = picks.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from job.acquisition.features import objects
from job.acquisition.features.objects import ObjectBoxes
from job.acquisition.strategy import Strategy, Task
from job.records.arrays import Integers
from job.records.record_part import RecordPart

MIN_PICKS = 10
"""Fewer picks than this are of one class or group by chance."""
MOST_OF_A_ROUND = 0.9
TIMES_LABELLED = 10
"""Picks with so many times the boxes of labelled images hold more than objects."""


def cautions(strategy: Strategy, task: Task, picked: Sequence[str]) -> tuple[str, ...]:
    """Return what looks wrong about the picks of a strategy, a sentence for each.

    Nothing is said of what has to be so, such as the one class of a data set with one class.
    """
    if len(picked) < MIN_PICKS:
        return ()
    found = [*_groups(task, picked)]
    while isinstance(inner := getattr(strategy, "inner", None), Strategy):
        strategy = inner
    if not task.is_cold_start and strategy.reads >= objects.READS and task.labelled.ids:
        boxes_PC = _boxes(strategy, task, picked)
        found += [*_num_boxes(task, boxes_PC), *_classes(task, boxes_PC)]
        if getattr(strategy, "empty_score", 0.0) is None:
            found += _empty(boxes_PC)
    return tuple(found)


def _boxes(strategy: Strategy, task: Task, picked: Sequence[str]) -> Integers:
    """Return how many boxes of each class count in each pick: (P, C)."""
    count = strategy if isinstance(strategy, ObjectBoxes) else ObjectBoxes()
    rows = [np.zeros((0, len(task.classes)), np.int64)]
    for part in task.unlabelled.record.parts(objects.READS):
        is_picked = np.isin(part.ids, picked)
        if is_picked.any():
            kept = count.objects(RecordPart(part.table.filter(is_picked)))
            boxes = np.zeros((len(kept.ids), len(task.classes)), np.int64)
            np.add.at(boxes, (kept.image_of_detection, kept.predicted), 1)
            rows.append(boxes)
    return np.concatenate(rows)


def _num_boxes(task: Task, boxes_PC: Integers) -> Iterator[str]:
    labelled = sum(task.class_counts.values()) / len(task.labelled.ids)
    mean = boxes_PC.sum() / max(len(boxes_PC), 1)
    if mean > TIMES_LABELLED * labelled > 0:
        yield (
            f"the picks hold {mean:.3g} boxes an image that count, and labelled images "
            f"{labelled:.2g}: most of them are background; a higher min_confidence leaves them out"
        )


def _classes(task: Task, boxes_PC: Integers) -> Iterator[str]:
    counts_C = np.array([task.class_counts[name] for name in task.classes])
    shown_C = (boxes_PC > 0).sum(axis=0)
    num_shown = int(boxes_PC.any(axis=1).sum())
    top = int(shown_C.argmax())
    share, before = shown_C[top] / max(num_shown, 1), counts_C[top] / max(counts_C.sum(), 1)
    if num_shown >= MIN_PICKS and counts_C.any() and _is_odd(share, before):
        yield (
            f"{shown_C[top]} of {num_shown} picks with a box show {task.classes[top]}, which has "
            f"{before:.0%} of the labelled boxes"
        )


def _groups(task: Task, picked: Sequence[str]) -> Iterator[str]:
    found = Counter(task.groups[each] for each in picked if each in task.groups)
    for group, number in found.most_common(1):
        pool = sum(task.groups.get(each) == group for each in task.unlabelled.ids)
        before = pool / len(task.unlabelled.ids)
        if _is_odd(number / len(picked), before):
            yield (
                f"{number} of {len(picked)} picks are of the group {group}, which has {before:.0%} "
                "of the unlabelled images; group_limit spreads picks"
            )


def _empty(boxes_PC: Integers) -> Iterator[str]:
    num_empty = int((~boxes_PC.any(axis=1)).sum())
    if 2 * num_empty > len(boxes_PC):
        yield (
            f"{num_empty} of {len(boxes_PC)} picks show no box that counts, and were drawn at "
            "random among such images; a lower min_confidence tells more of them apart"
        )


def _is_odd(share: float, before: float) -> bool:
    """Return whether nearly all are of one kind, which is not so where they come from."""
    return share >= MOST_OF_A_ROUND and share > 2 * before
