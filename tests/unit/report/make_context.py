"""The context of a section, made by hand."""

import re
from collections.abc import Sequence
from dataclasses import replace
from html import unescape
from typing import Any

from job.artifacts.outcome import AnnotatorOutcome, ImageOutcome, RoundOutcome
from job.config import loading
from job.detection.metrics.error_kinds import KINDS, Kind
from job.keys import RoundRef
from job.report.analysis.facts import Facts, RoundFacts
from job.report.analysis.findings import find
from job.report.analysis.results import Row
from job.report.errors.summary import ArmErrors, ClassErrors
from job.report.people.rounds import AskedRound, People
from job.report.pool.contents import ClassEstimate, PoolContents
from job.report.pool.sampling import Estimated
from job.report.sections.base import Context, Section, SectionBuilder
from tests.unit.report.sketch import sketch

CONFIG = """
experiment: made
dataset: {name: drawn, synthetic: {num_pool: 600, num_test: 6, size: 64}}
seeds: [0, 1]
rounds: 2
budget: {initial: 100, per_round: 100}
cold_start: {strategy: random}
arms: {random: {strategy: random}, a: {strategy: entropy}}
"""


def row(arm: str, seed: int, index: int, metric: float | None = 0.5, seconds: float = 10.0) -> Row:
    """The result of a round: 100 images, 250 boxes and 17.5 in money more than the previous one."""
    return Row(
        strategy=arm,
        args="{}",
        step=index,
        mAP=metric,
        train_time=seconds,
        active_time=0.0,
        total_time=seconds,
        total_samples=100 * (index + 1),
        bboxes=250 * (index + 1),
        experiment="test",
        seed=seed,
        arm=arm,
        round=index,
        new_samples=100,
        map_11point=None,
        map_coco=None,
        annotation_seconds=1000.0 * (index + 1),
        annotation_money=17.5 * (index + 1),
    )


def round_facts(arm: str, seed: int, index: int, **changes: Any) -> RoundFacts:
    """A finished round: 20 s of training, 1 s of each other stage, 3 cows and 1 horse labelled."""
    made = RoundFacts(
        seed=seed,
        arm=arm,
        round=index,
        seconds={"select": 1.0, "annotate": 1.0, "train": 20.0, "evaluate": 1.0, "score": 1.0},
        missing=(),
        attempts={},
        class_counts={"cow": 3, "horse": 1},
        picks=(),
        reads_scores=arm != "random",
        ap50={"cow": 0.5, "horse": 0.25},
    )
    return replace(made, **changes)


def facts(rounds: Sequence[RoundFacts] | None = None, **changes: Any) -> Facts:
    """What is known of two arms, two seeds and two rounds; the pool has 600 images, 1,200 boxes."""
    if rounds is None:
        rounds = [
            round_facts(arm, seed, index)
            for arm in ("random", "a")
            for seed in (0, 1)
            for index in (0, 1)
        ]
    made = Facts(
        arms=("random", "a"),
        rounds=tuple(rounds),
        classes=("cow", "horse"),
        pool_images=600,
        pool_class_counts={"cow": 600, "horse": 600},
        dataset={"name": "drawn", "digest": "0123"},
        versions=("0.1",),
        threads=(2,),
        container_images=(),
    )
    return replace(made, **changes)


ROWS = [
    row(arm, seed, index, metric)
    for arm, metrics in (("random", (0.2, 0.4)), ("a", (0.2, 0.6)))
    for seed in (0, 1)
    for index, metric in enumerate(metrics)
]
"""Two arms, two seeds, two rounds: random ends at 0.4 and the arm at 0.6."""


POOL = PoolContents(
    arm="a",
    seed=1,
    num_drawn=60,
    num_without=0,
    num_labelled=60,
    num_pool=600,
    classes=(
        ClassEstimate("cow", 30, Estimated(0.5, 0.4, 0.6), Estimated(0.75, 0.7, 0.8)),
        ClassEstimate("horse", 2, Estimated(0.03, 0.01, 0.1), Estimated(0.25)),
    ),
    boxes_per_image=Estimated(2.0, 1.5, 2.75),
    empty=Estimated(0.125, 0.06, 0.2),
)
"""60 of the 600 images were drawn at random: half of them show a cow, and few a horse."""


NO_GAINS: dict[Kind, float] = dict.fromkeys(KINDS, 0.0)
ERRORS = ArmErrors(
    arm="random",
    round=1,
    seeds=(0, 1),
    confidence=0.25,
    num_boxes=1200,
    num_found=400.5,
    map50=0.375,
    gains={**NO_GAINS, "localisation": 0.25, "missed": 0.125},
    counts={**NO_GAINS, "localisation": 2.5, "missed": 300},
    classes=(
        ClassErrors(
            name="cow",
            num_boxes=1200,
            ap50=0.375,
            gains={**NO_GAINS, "localisation": 0.5, "missed": 0.25},
            counts={**NO_GAINS, "localisation": 2.5, "missed": 300},
            taken_for=(("horse", 2.5), ("dog", 1)),
        ),
    ),
    pictures={},
)
"""The errors of an arm that loses most by boxes in the wrong place."""


def context(
    known: Facts | None = None, rows: Sequence[Row] | None = None, **changes: Any
) -> Context:
    """The context of that experiment; its figures are sketched."""
    known, rows = known or facts(), rows or ROWS
    made = Context(
        config=loading.parse(CONFIG, "made"),
        rows=rows,
        facts=known,
        findings=find(rows, known.arms, known.pool_images),
        draw=sketch,
    )
    return replace(made, **changes)


def asked_image(image_id: str, seconds: float | None = None, boxes: int = 1) -> ImageOutcome:
    """An image that one annotator labelled; a minute counts if nobody measured it."""
    counted = 60.0 if seconds is None else seconds
    answer = AnnotatorOutcome("ann", boxes, seconds=seconds, counted_seconds=counted)
    return ImageOutcome(image_id, "labelled", (answer,))


def asked_round(*images: ImageOutcome, index: int = 1, arm: str = "a") -> AskedRound:
    """A round that people labelled, under seed 0."""
    return AskedRound(RoundRef("made", 0, arm, index), RoundOutcome("label_studio", 1, images))


def full_context() -> Context:
    """A context of which every section has something to show."""
    people = People((asked_round(asked_image("x")),), ())
    return context(pool=POOL, people=people, errors=(ERRORS,))


def built(builder: SectionBuilder, of: Context) -> Section:
    """The section, which has something to show."""
    section = builder.build(of)
    assert section
    return section


def cells(html: str) -> list[list[str]]:
    """The cells of each table row of some HTML."""
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    return [
        [unescape(each) for each in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)] for row in rows
    ]
