# ruff: noqa: N806 - shape suffixes
"""How often the report's intervals hold, and how often it warns, on sets of which all is known.

The test set of each experiment stands for a pool, and the detections of its last model for what the
model sees in it. Rounds draw some of its images at random, and a strategy takes others, those with
many boxes. Each figure is over a number of repetitions.

N = images, L = labelled images.
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from job.artifacts.experiment_file import load_experiment
from job.artifacts.reader import Reader
from job.artifacts.round_reader import RoundReader
from job.detection.metrics.detections import Detections
from job.plan import Plan
from job.records.annotation import Annotation
from job.records.arrays import Float64s, offsets
from job.report.people.anchoring import Rate, RightBoxes, anchoring
from job.report.pool.contents import boxes_by_class
from job.report.pool.metric import WeightedMetric, estimate
from job.report.pool.sampling import Estimated, LabelledRound, Sample
from job.storage import open_store

CASES = ((50, 1, 0), (100, 1, 0), (10, 6, 40), (25, 4, 25), (50, 4, 0))
"""Images that are drawn in a round, rounds, and images that a strategy takes in each."""
CONFIDENCE = 0.3
"""Of proposals."""
CARELESS = (0.0, 0.1, 0.25, 0.5)
"""Shares of wrong proposals that stay because nobody looks."""


@dataclass(frozen=True)
class Known:
    """A set of images of which all is known."""

    truth: dict[str, Annotation]
    found: Detections
    classes: tuple[str, ...]
    boxes: Mapping[str, Float64s]
    """By class: (N,)."""

    @property
    def ids(self) -> tuple[str, ...]:
        """All images, in the order of the boxes."""
        return tuple(self.truth)


def main() -> None:
    """Print three tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", help="a folder or a bucket")
    parser.add_argument("experiments", nargs="+", help="with a round that is evaluated")
    parser.add_argument("--repetitions", type=int, default=300)
    given = parser.parse_args()
    sets = {name: read(given.store, name) for name in given.experiments}
    print("| set | drawn, rounds, others | classes held, % | shares held, % | boxes held, % |")
    print("| --- | --- | --- | --- | --- |")
    for name, known in sets.items():
        for case in CASES:
            held = contents_held(known, case, given.repetitions)
            print(f"| {name} | {_words(case)} | {' | '.join(held)} |", flush=True)
    print("\n| set | drawn, rounds, others | boxes a class | mAP held, % | too high by | width |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, known in sets.items():
        for case in CASES:
            told = metric_held(known, case, given.repetitions)
            print(f"| {name} | {_words(case)} | {' | '.join(told)} |", flush=True)
    print(f"\n| set | images with proposals | {' | '.join(f'{c:.0%}' for c in CARELESS)} |")
    print(f"| --- | --- {'| --- ' * len(CARELESS)}|")
    for name, known in sets.items():
        for num_images in (40, 150):
            warned = [warns(known, num_images, c, given.repetitions) for c in CARELESS]
            print(f"| {name} | {num_images} | {' | '.join(warned)} |", flush=True)


def read(store: str, experiment: str) -> Known:
    """Read the test set of an experiment, and what its last model finds in it."""
    opened = open_store(store if "://" in store else str(Path(store).absolute()))
    plan = Plan(load_experiment(opened, experiment, read_only=True))
    reader = Reader(opened)
    stages = [each for each in plan.stages() if each.stage == "evaluate"]
    last = [each.round for each in stages if reader.markers.get(each)][-1]
    io = RoundReader(opened, plan, last)
    classes = io.dataset.classes
    truth = {image.id: image.annotation for image in io.test_images()}
    found = Detections.from_table(reader.detections(last), classes)
    return Known(truth, _above(found, 0.05), classes, boxes_by_class(truth, tuple(truth), classes))


def draw(
    known: Known, case: tuple[int, int, int], rng: np.random.Generator
) -> tuple[Sample, NDArray[np.int64]]:
    """Return what rounds draw, and the rows of the labelled images."""
    num_drawn, num_rounds, num_others = case
    boxes_N = np.sum(list(known.boxes.values()), axis=0)
    is_labelled = np.zeros(len(boxes_N), bool)
    rounds = []
    for _ in range(num_rounds):
        wanted = np.where(is_labelled, -np.inf, boxes_N + rng.normal(size=len(boxes_N)))
        num_unlabelled = int((~is_labelled).sum())
        others = np.argsort(-wanted)[:num_others]
        is_labelled[others] = True
        drawn = rng.choice(np.flatnonzero(~is_labelled), num_drawn, replace=False)
        is_labelled[drawn] = True
        names = [tuple(known.ids[row] for row in each) for each in (drawn, others)]
        rounds.append(LabelledRound(names[0], names[1], num_unlabelled))
    sample = cast("Sample", Sample.of((), rounds, int((~is_labelled).sum())))
    row_of = {image_id: row for row, image_id in enumerate(known.ids)}
    return sample, np.array([row_of[each] for each in sample.ids])


def contents_held(known: Known, case: tuple[int, int, int], repetitions: int) -> list[str]:
    """Return how often intervals hold: images with a class, its share of boxes, boxes an image."""
    rng = np.random.default_rng(0)
    all_N = np.sum(list(known.boxes.values()), axis=0)
    held: list[list[bool]] = [[], [], []]
    for _ in range(repetitions):
        sample, rows_L = draw(known, case, rng)
        for boxes_N in known.boxes.values():
            shown = (boxes_N > 0).astype(np.float64)
            held[0] += _holds(sample.proportion(shown[rows_L]), shown.mean())
            share = boxes_N.sum() / all_N.sum()
            held[1] += _holds(sample.ratio(boxes_N[rows_L], all_N[rows_L]), share)
        held[2] += _holds(sample.mean(all_N[rows_L]), all_N.mean())
    return [f"{100 * np.mean(each):.0f}" if each else "-" for each in held]


def metric_held(known: Known, case: tuple[int, int, int], repetitions: int) -> list[str]:
    """Return the boxes of a class, how often the mAP's interval holds, its bias and its width."""
    rng = np.random.default_rng(0)
    whole = WeightedMetric(known.truth, known.found, known.classes).value(np.ones(len(known.ids)))
    held, values, widths, boxes = [], [], [], []
    for _ in range(repetitions):
        sample, _ = draw(known, case, rng)
        truth = {each: known.truth[each] for each in sample.ids}
        metric = WeightedMetric(truth, _of_images(known.found, sample.ids), known.classes)
        found = estimate(metric, sample)
        held += _holds(found, whole)
        values.append(found.value)
        widths.append((found.high or 1.0) - (found.low or 0.0))
        boxes.append(metric.num_boxes(sample.draw_L >= 0) / len(known.classes))
    return [
        f"{np.mean(boxes):.0f}",
        f"{100 * np.mean(held):.0f}",
        f"{100 * (np.mean(values) - whole):+.1f}",
        f"{100 * np.mean(widths):.0f}",
    ]


def warns(known: Known, num_images: int, careless: float, repetitions: int) -> str:
    """Return in how many of 100 cases the report warns.

    Half of the images are the test set. Of proposals in others, right ones stay as they are, which
    is the most that careful people can keep, and of the wrong ones a share that nobody looked at.
    """
    rng = np.random.default_rng(0)
    right = RightBoxes.of(known.truth, known.found, known.classes, CONFIDENCE)
    warned, told = 0, 0
    for _ in range(repetitions):
        order = rng.permutation(len(known.ids))
        test, asked = order[: len(order) // 2], order[len(order) // 2 :][:num_images]
        wrong_N = (right.boxes_N - right.right_N)[asked].astype(np.int64)
        kept = Rate.of(right.right_N[asked] + rng.binomial(wrong_N, careless), right.boxes_N[asked])
        known_right = Rate.of(right.right_N[test], right.boxes_N[test])
        if kept and known_right:
            told += 1
            warned += anchoring(kept, known_right).is_suspicious
    return f"{100 * warned / told:.0f}" if told else "-"


def _holds(found: Estimated, true: float) -> list[bool]:
    if found.low is None or found.high is None:
        return []
    return [bool(found.low - 1e-9 <= true <= found.high + 1e-9)]


def _above(found: Detections, threshold: float) -> Detections:
    keep_D = found.scores >= threshold
    counts = np.bincount(found.image_of_detection[keep_D], minlength=len(found.ids))
    return replace(
        found,
        offsets=offsets(counts),
        boxes_xyxy=found.boxes_xyxy[keep_D],
        labels=found.labels[keep_D],
        scores=found.scores[keep_D],
    )


def _of_images(found: Detections, ids: tuple[str, ...]) -> Detections:
    """Return the detections in some images."""
    row_of = {image_id: row for row, image_id in enumerate(found.ids)}
    rows = [row_of[each] for each in ids]
    ranges = [np.arange(found.offsets[row], found.offsets[row + 1]) for row in rows]
    where = np.concatenate(ranges)
    return Detections(
        ids=ids,
        offsets=offsets([len(each) for each in ranges]),
        boxes_xyxy=found.boxes_xyxy[where],
        labels=found.labels[where],
        scores=found.scores[where],
    )


def _words(case: tuple[int, int, int]) -> str:
    return f"{case[0]}, {case[1]}, {case[2]}"


if __name__ == "__main__":
    main()
