"""What the tutorial's runs cost, as rows: as published, reproduced, and each image counted once.

L = levels of the metric.
"""
# ruff: noqa: N806 - shape suffixes

import math

import numpy as np

from job.tutorial.claims import LEVEL, TutorialRow, is_same, known, shares_saved
from job.tutorial.counts import TutorialArm
from job.tutorial.gaps import SECONDS_PER_BOX, needed, seconds_with_annotation

IMAGES_SAVED, BOXES_PER_IMAGE, PRICE_PER_BOX, FIXED_COST = 5000, 5, 0.07, 500
"""Of the tutorial's business calculation: assumed, not measured."""


def annotation_saved(num_images: float, boxes_per_image: float, price_per_box: float) -> float:
    """Return the money that labelling some images would cost: n * b * p, as in the tutorial."""
    return num_images * boxes_per_image * price_per_box


def net_saving(
    num_images: float, boxes_per_image: float, price_per_box: float, fixed: float
) -> float:
    """Return n * b * p - fixed, the tutorial's business case.

    Args:
        num_images: Images that need not be labelled.
        boxes_per_image: Mean number.
        price_per_box: Money.
        fixed: Money to set up active learning.
    """
    return annotation_saved(num_images, boxes_per_image, price_per_box) - fixed


def costs_of(random: TutorialArm, uncertainty: TutorialArm, pool: int) -> tuple[TutorialRow, ...]:
    """Return the rows about images, boxes, time and money, in the order of a table.

    Args:
        random: The baseline.
        uncertainty: What is compared with it.
        pool: Images in the pool.
    """
    return (
        _images(random),
        _images(uncertainty),
        _pool_share(random, pool),
        _pool_share(uncertainty, pool),
        _boxes(random, 26771),
        _boxes(uncertainty, 27114),
        _seconds(random, 18741.31),
        _seconds(uncertainty, 19428.81),
        *_overhead(random, uncertainty),
        *_assumed_money(),
        *_measured_money(random, uncertainty),
    )


def _images(arm: TutorialArm) -> TutorialRow:
    return TutorialRow(
        name=f"labelled images, {arm.name}",
        reproduced=(float(arm.counted_images[-1]),),
        counted_once=(float(arm.images[-1]),),
        form=",.0f",
        remark=f"{arm.drawn[-1]:,.0f} were queried, "
        f"{arm.drawn[-1] - arm.images[-1]:,.0f} of them labelled already",
    )


def _pool_share(arm: TutorialArm, pool: int) -> TutorialRow:
    return TutorialRow(
        name=f"share of the pool labelled, {arm.name}",
        reproduced=(float(arm.counted_images[-1] / pool),),
        counted_once=(float(arm.images[-1] / pool),),
        form=".1%",
        remark=f"of {pool:,} images: the highest number queried is {pool - 1:,}",
    )


def _boxes(arm: TutorialArm, published: float) -> TutorialRow:
    error = 1.96 * arm.boxes_error[-1]
    estimated = f"once: an estimate, ± {error:,.0f} (95 %); the files do not hold it"
    return TutorialRow(
        name=f"labelled boxes, {arm.name}",
        published=(published,),
        reproduced=(float(arm.counted_boxes[-1]),),
        counted_once=(float(arm.boxes[-1]),),
        form=",.0f",
        survives=is_same(published, arm.boxes[-1], ",.0f"),
        remark=estimated if error else "once: exact, no image was drawn twice",
    )


def _seconds(arm: TutorialArm, published: float) -> TutorialRow:
    seconds = float(arm.seconds[-1])
    return TutorialRow(
        name=f"seconds of all rounds, {arm.name}",
        published=(published,),
        reproduced=(seconds,),
        counted_once=(seconds,),
        form=",.2f",
        survives=is_same(published, seconds, ",.2f"),
        remark="training, scoring and selecting; without evaluation",
    )


def _overhead(random: TutorialArm, uncertainty: TutorialArm) -> list[TutorialRow]:
    increase = float(uncertainty.seconds[-1] / random.seconds[-1] - 1)
    training = uncertainty.train_seconds / random.train_seconds - 1
    base, ours = (seconds_with_annotation(arm, "counted_boxes") for arm in (random, uncertainty))
    base_once, ours_once = (seconds_with_annotation(arm, "boxes") for arm in (random, uncertainty))
    more = uncertainty.images[-1] / random.images[-1] - 1
    annotated_once = float(ours_once[-1] / base_once[-1] - 1)
    return [
        TutorialRow(
            name="increase in seconds",
            published=(0.0367,),
            reproduced=(increase,),
            counted_once=(increase,),
            form=".2%",
            survives=is_same(0.0367, increase, ".2%"),
            remark=f"{100 * (increase - training):+.2f} % scoring and selecting, "
            f"{100 * training:+.2f} % training, "
            "which is noise: every round trains the same number of steps",
        ),
        TutorialRow(
            name="scoring and selecting, in seconds of uncertainty's training",
            reproduced=(uncertainty.active_seconds / uncertainty.train_seconds,),
            counted_once=(uncertainty.active_seconds / uncertainty.train_seconds,),
            form=".2%",
            remark=f"{uncertainty.active_seconds:,.0f} s: what uncertainty sampling itself costs",
        ),
        TutorialRow(
            name=f"increase with annotation at {SECONDS_PER_BOX:.0f} s a box",
            published=(0.0158,),
            reproduced=(float(ours[-1] / base[-1] - 1),),
            counted_once=(annotated_once,),
            form=".2%",
            survives=is_same(0.0158, annotated_once, ".2%"),
            remark=f"once: uncertainty labelled {100 * more:.0f} % more images than random",
        ),
    ]


def _assumed_money() -> list[TutorialRow]:
    saved = annotation_saved(IMAGES_SAVED, BOXES_PER_IMAGE, PRICE_PER_BOX)
    net = net_saving(IMAGES_SAVED, BOXES_PER_IMAGE, PRICE_PER_BOX, FIXED_COST)
    case = f"{IMAGES_SAVED:,} images, {BOXES_PER_IMAGE} boxes, {PRICE_PER_BOX} a box"
    remark = "arithmetic on assumed savings, not a result: nothing to count"
    return [
        TutorialRow(
            name=f"annotation saved: {case}",
            published=(1750,),
            reproduced=(saved,),
            form=",.0f",
            survives=is_same(1750, saved, ",.0f"),
            remark=remark,
        ),
        TutorialRow(
            name=f"the same less {FIXED_COST} of set-up",
            published=(1250,),
            reproduced=(net,),
            form=",.0f",
            survives=is_same(1250, net, ",.0f"),
            remark=remark,
        ),
    ]


def _measured_money(random: TutorialArm, uncertainty: TutorialArm) -> list[TutorialRow]:
    """The same calculation with what was saved at 0.50 mAP."""
    boxes = float(random.boxes[-1] / random.images[-1])
    level_L = np.array([LEVEL])
    saved = [
        needed(random, x, level_L)[0] - needed(uncertainty, x, level_L)[0]
        for x in ("counted_images", "images")
    ]
    nets = [net_saving(each, boxes, PRICE_PER_BOX, FIXED_COST) for each in saved]
    worth = BOXES_PER_IMAGE * PRICE_PER_BOX
    pays = [
        FIXED_COST / (share * worth) if share > 0 else math.nan
        for share in shares_saved(random, uncertainty)
    ]
    return [
        TutorialRow(
            name=f"saved for {LEVEL:.2f} mAP, less set-up",
            reproduced=known(nets[:1]),
            counted_once=known(nets[1:]),
            form=",.0f",
            remark=f"at this pool's {boxes:.2f} boxes an image; "
            + ("it does not pay, as the tutorial says" if nets[0] < 0 else "it pays as counted"),
        ),
        TutorialRow(
            name="images at random from which it pays",
            reproduced=known(pays[:1]),
            counted_once=known(pays[1:]),
            form=",.0f",
            remark=f"at {BOXES_PER_IMAGE} boxes, if that share of images is saved",
        ),
    ]
