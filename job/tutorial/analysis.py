"""The tutorial's analysis from its raw files, and what is left when images are counted once."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from job.errors import BadDataError
from job.report.wording import counted, listing
from job.tutorial.charts import Chart, charts_of
from job.tutorial.claims import TutorialRow, claims_of
from job.tutorial.costs import costs_of
from job.tutorial.counts import TutorialArm, arm_of
from job.tutorial.gaps import gap_once, levels_of
from job.tutorial.read import RANDOM, UNCERTAINTY, Run, read_tutorial


@dataclass(frozen=True)
class TutorialAnalysis:
    """The tutorial's figures and numbers; `dataclasses.asdict` of it can be written as JSON."""

    findings: tuple[str, ...]
    """What a reader has to know first, as sentences."""
    rows: tuple[TutorialRow, ...]
    charts: tuple[Chart, ...]


def analyse(folder: Path) -> TutorialAnalysis:
    """Reproduce the tutorial's analysis.

    Args:
        folder: Holds `<strategy>/experiment-*/csv.txt` and `queries.txt`.

    Raises:
        UsageError: The folder does not have this layout.
        BadDataError: A file is broken, or the strategies have no mAP in common.
    """
    results = read_tutorial(folder)
    runs = results.runs
    random = arm_of("random", runs[RANDOM])
    uncertainty = arm_of("uncertainty", runs[UNCERTAINTY])
    all_runs = [*runs[RANDOM], *runs[UNCERTAINTY]]
    if not len(levels_of((random, uncertainty))):
        message = f"{folder}: the two strategies have no hundredth of mAP in common"
        raise BadDataError(message)
    pool = 1 + max(max(query) for run in all_runs for query in run.queries)
    rows = (*claims_of(random, uncertainty), *costs_of(random, uncertainty, pool))
    return TutorialAnalysis(
        findings=(
            *_findings(random, uncertainty, rows, all_runs),
            *_left_out(results.aborted),
        ),
        rows=rows,
        charts=charts_of(random, uncertainty),
    )


def _findings(
    random: TutorialArm, uncertainty: TutorialArm, rows: Sequence[TutorialRow], runs: Sequence[Run]
) -> tuple[str, ...]:
    lost = [row.name for row in rows if row.survives is False]
    return (
        _counts(random, uncertainty),
        _gap(random, uncertainty),
        f"Published, but not left when images are counted once: {'; '.join(lost) or 'nothing'}.",
        _training(random, uncertainty),
        _draws(random, uncertainty, runs),
        _not_derived(),
    )


def _left_out(aborted: dict[str, str]) -> list[str]:
    runs = "; ".join(f"{name}: {reason}" for name, reason in aborted.items())
    return [f"Left out, because they were aborted: {runs}."] if runs else []


def _counts(random: TutorialArm, uncertainty: TutorialArm) -> str:
    repeats = [
        (arm.counted_images[-1] - arm.images[0]) / (arm.drawn[-1] - arm.images[0])
        for arm in (random, uncertainty)
    ]
    return (
        f"Different images labelled: random {random.images[-1]:,.0f}, uncertainty "
        f"{uncertainty.images[-1]:,.0f}. Counted were {random.counted_images[-1]:,.0f} and "
        f"{uncertainty.counted_images[-1]:,.0f}: each query counts {max(repeats):.0f} times, and "
        f"random sampling drew {random.drawn[-1] - random.images[-1]:,.0f} images that were "
        "labelled already."
    )


def _gap(random: TutorialArm, uncertainty: TutorialArm) -> str:
    gap = gap_once(random, uncertainty)
    lead = float(np.mean((uncertainty.metric - random.metric)[1:]))
    return (
        f"As published, uncertainty leads by {lead:.3f} mAP on average over the rounds. At equal "
        f"numbers of different images, {gap.images[0]:,.0f} to {gap.images[-1]:,.0f}, it is "
        f"{gap.mean:+.3f} on average, between {min(gap.metric):+.3f} and {max(gap.metric):+.3f}."
    )


def _training(random: TutorialArm, uncertainty: TutorialArm) -> str:
    images = min(random.images[-1], uncertainty.images[-1])
    rounds = [
        float(np.interp(images, arm.images, range(len(arm.images))))
        for arm in (random, uncertainty)
    ]
    return (
        "That does not prove that uncertainty sampling does nothing: the tutorial continues to "
        "train one model from round to round, and "
        f"at {images:,.0f} images random had trained {rounds[0]:.0f} "
        f"rounds, uncertainty {rounds[1]:.0f}. Neither comparison separates what is picked from "
        "how long is trained."
    )


def _draws(random: TutorialArm, uncertainty: TutorialArm, runs: Sequence[Run]) -> str:
    num_initial = len({run.queries[0] for run in runs})
    parts = [
        f"{arm.name}'s {len(arm.metric_by_run)} runs have {counted(arm.num_picks, 'sequence')} of "
        "picks"
        for arm in (random, uncertainty)
    ]
    text = f"The {len(runs)} runs have {counted(num_initial, 'initial set')}; {listing(parts)}."
    if num_initial == 1:
        text += " Their intervals say nothing about other initial sets."
    if random.num_picks == 1:
        text += " Random's interval is the noise of training alone."
    return text


def _not_derived() -> str:
    return (
        "The files hold sums of boxes over queries, not the boxes of an image: how many different "
        "boxes random sampling labelled can only be estimated."
    )
