"""Verdicts on learning curves made by hand."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from job.report.analysis.curves import Curve
from job.report.analysis.findings import analyse
from job.report.analysis.missing import ALL_THERE, MissingRounds
from job.report.verdict.judgement import Judgement, Verdict, judge
from tests.unit.report.make_curves import BASE, curves


def summary(
    all_curves: Sequence[Curve],
    pool_images: int | None = None,
    setup: float | None = None,
    missing: MissingRounds = ALL_THERE,
) -> Judgement:
    """The whole, which can always be written as JSON."""
    found = judge(analyse(list(all_curves), pool_images, missing), setup)
    json.dumps(asdict(found), allow_nan=False)
    return found


def verdict(
    arm: list[list[float]], pool_images: int | None = None, setup: float | None = None
) -> Verdict:
    """On an arm beside random."""
    all_curves = [*curves("random", BASE), *curves("a", arm)]
    (found,) = summary(all_curves, pool_images, setup).verdicts
    return found
