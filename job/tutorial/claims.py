"""The tutorial's claims about mAP, as rows: as published, reproduced, and each image counted once.

L = levels of the metric.
"""
# ruff: noqa: N806 - shape suffixes

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from job.report.wording import counted
from job.tutorial.counts import TutorialArm
from job.tutorial.gaps import gap_once, levels_of, needed, saved_share

LEVEL = 0.5
"""The mAP of the tutorial's headline."""
LEAD, SAVING = 0.05, 0.2
"""The headline's lead at the same budget, and the lower end of its share of images saved."""


@dataclass(frozen=True, kw_only=True)
class TutorialRow:
    """A row of the table: each cell has one number, several, or none."""

    name: str
    published: tuple[float, ...] = ()
    reproduced: tuple[float, ...] = ()
    """From the raw files, counted as the tutorial did."""
    counted_once: tuple[float, ...] = ()
    """The same, with every image and its boxes counted once."""
    form: str
    """How a value is written, as a format specification."""
    survives: bool | None = None
    """Whether the published number holds if images are counted once. None: none was published."""
    remark: str = ""

    def cells(self) -> tuple[str, str, str, str, str, str]:
        """Return name, the three values, whether it survives, and remark, as text."""
        values = (self.published, self.reproduced, self.counted_once)
        shown = [" / ".join(format(each, self.form) for each in group) or "-" for group in values]
        shown = [text.replace("%", " %") for text in shown]
        survives = {True: "yes", False: "no", None: ""}[self.survives]
        return self.name, shown[0], shown[1], shown[2], survives, self.remark


def known(values: Iterable[float]) -> tuple[float, ...]:
    """Return values as plain numbers; none at all if one of them is NaN or infinite."""
    numbers = tuple(map(float, values))
    return numbers if np.isfinite(numbers).all() else ()


def is_same(published: float, value: float, form: str) -> bool:
    """Return whether a value is written like the published one."""
    return format(published, form) == format(value, form)


def claims_of(random: TutorialArm, uncertainty: TutorialArm) -> tuple[TutorialRow, ...]:
    """Return the rows about mAP, in the order of a table."""
    return (
        _final(random, 0.5241),
        _final(uncertainty, 0.5536),
        *_lead(random, uncertainty),
        *_needs(random, uncertainty),
        *_savings(random, uncertainty),
    )


def _final(arm: TutorialArm, published: float) -> TutorialRow:
    finals = arm.metric_by_run[:, -1]
    spread = f"standard deviation {finals.std(ddof=1):.4f}, " if len(finals) > 1 else ""
    return TutorialRow(
        name=f"final mAP, {arm.name}",
        published=(published,),
        reproduced=(float(finals.mean()),),
        counted_once=(float(finals.mean()),),
        form=".4f",
        survives=is_same(published, finals.mean(), ".4f"),
        remark=f"{spread}{len(finals)} runs, {counted(arm.num_picks, 'sequence')} of picks",
    )


def _lead(random: TutorialArm, uncertainty: TutorialArm) -> list[TutorialRow]:
    gap = gap_once(random, uncertainty)
    share = uncertainty.metric / random.metric - 1
    first, last = gap.images[0], gap.images[-1]
    return [
        TutorialRow(
            name="uncertainty's lead at the same budget, mean",
            published=(LEAD,),
            reproduced=(float(share[1:].mean()),),
            counted_once=(gap.relative_mean,),
            form="+.1%",
            survives=gap.relative_mean >= LEAD,
            remark=f"of random's mAP; once: over {first:,.0f} to {last:,.0f} images",
        ),
        TutorialRow(
            name="uncertainty's lead at the end",
            reproduced=(float(share[-1]),),
            counted_once=(float(gap.relative[-1]),),
            form="+.1%",
            remark=f"once: at {last:,.0f} images, a single point of noisy curves",
        ),
        TutorialRow(
            name="uncertainty's lead in mAP, mean",
            reproduced=(float(np.mean((uncertainty.metric - random.metric)[1:])),),
            counted_once=(gap.mean,),
            form="+.4f",
            remark=f"once: between {min(gap.metric):+.4f} and {max(gap.metric):+.4f}",
        ),
    ]


def _needs(random: TutorialArm, uncertainty: TutorialArm) -> list[TutorialRow]:
    pair = (uncertainty, random)
    level_L = np.array([LEVEL])
    rounds = [needed(arm, "rounds", level_L)[0] for arm in pair]
    once = [needed(arm, "images", level_L)[0] for arm in pair]
    new = [(arm.images[-1] - arm.images[0]) / arm.last_round for arm in pair]
    end = np.minimum(random.images[-1], uncertainty.images[-1])
    trained = [np.interp(end, arm.images, np.arange(len(arm.images))) for arm in pair]
    survives = bool(1 - once[0] / once[1] >= SAVING)
    return [
        TutorialRow(
            name=f"round of {LEVEL:.2f} mAP, uncertainty / random",
            published=(10, 15),
            reproduced=known(np.ceil(rounds)),
            form=".0f",
            survives=survives,
            remark=f"a round brought {new[0]:.0f} / {new[1]:.0f} new images",
        ),
        TutorialRow(
            name=f"images for {LEVEL:.2f} mAP, uncertainty / random",
            reproduced=known([needed(arm, "counted_images", level_L)[0] for arm in pair]),
            counted_once=known(once),
            form=",.0f",
            remark="where a mean curve first reaches it, straight between rounds",
        ),
        TutorialRow(
            name=f"additional rounds of random for {LEVEL:.2f} mAP",
            published=(5,),
            reproduced=known([rounds[1] - rounds[0]]),
            form=".1f",
            survives=survives,
            remark=""
            if np.isnan(once).any()
            else f"once: {once[1] - once[0]:,.0f} additional images",
        ),
        TutorialRow(
            name=f"additional rounds of random for {LEVEL:.2f} mAP, as a share",
            published=(0.5,),
            reproduced=known([rounds[1] / rounds[0] - 1]),
            counted_once=known([once[1] / once[0] - 1]),
            form=".1%",
            survives=survives,
            remark="of what uncertainty needed; once: of images",
        ),
        TutorialRow(
            name=f"rounds trained at {end:,.0f} images, uncertainty / random",
            counted_once=(float(trained[0]), float(trained[1])),
            form=".1f",
            remark="each round trains the same model on: at equal images training is not equal",
        ),
    ]


def _savings(random: TutorialArm, uncertainty: TutorialArm) -> list[TutorialRow]:
    levels_L = levels_of((random, uncertainty))
    counted_L = saved_share(random, uncertainty, "counted_images", levels_L)
    once_L = saved_share(random, uncertainty, "images", levels_L)
    share, share_once = shares_saved(random, uncertainty)
    less = levels_L[counted_L < SAVING]
    return [
        TutorialRow(
            name=f"fewer images for {LEVEL:.2f} mAP",
            published=(SAVING, 0.3),
            reproduced=known([share]),
            counted_once=known([share_once]),
            form=".1%",
            survives=share_once >= SAVING,
            remark="of random's images",
        ),
        TutorialRow(
            name=f"fewer images for {levels_L[0]:.2f} to {levels_L[-1]:.2f} mAP, least / most",
            reproduced=(float(min(counted_L)), float(max(counted_L))),
            counted_once=(float(min(once_L)), float(max(once_L))),
            form=".1%",
            remark=f"as counted, {100 * SAVING:.0f} % only above {max(less):.2f} mAP"
            if len(less)
            else "",
        ),
    ]


def shares_saved(random: TutorialArm, uncertainty: TutorialArm) -> tuple[float, float]:
    """Return the share of images saved at 0.50 mAP, as counted and once; NaN if never reached."""
    level_L = np.array([LEVEL])
    counted_L = saved_share(random, uncertainty, "counted_images", level_L)
    once_L = saved_share(random, uncertainty, "images", level_L)
    return float(counted_L[0]), float(once_L[0])
