"""From facts to advice: whether a selection should pay, and which strategy to take."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from job.acquisition.features.situation import Situation
from job.acquisition.strategies.recommended import Choice, choose
from job.advice.evidence import EVIDENCE, Condition, Evidence
from job.advice.facts import CELL, Facts, Labels, Resolution
from job.report.wording import listing, percent

MIN_ALIKE = 0.2
"""From this share of near-duplicates on, images are redundant."""
MIN_EMPTY = 0.2
"""From this share of images without an object on, it pays to find those that show one."""
RARE = 0.25
"""A class is rare if it has fewer boxes than this times the mean number of boxes a class."""
MIN_BOXES = 8
"""With fewer boxes a class on average, nothing is known of rare ones: chance decides."""
MOST = 0.5
"""From this share of the pool on, all strategies have labelled much the same images."""
MIN_SMALL = 0.1
"""From this share of small boxes on, they are worth a remark."""
ASK_AGAIN = (
    "Ask again with --experiment when its first rounds are labelled and scored: then that is "
    "known, too."
)


@dataclass(frozen=True)
class Advice:
    """What to take, and why."""

    holds: tuple[Condition, ...]
    """Why a selection should pay."""
    unknown: tuple[Condition, ...]
    """Conditions of which nothing is known yet."""
    cold_start: Choice
    """For round 0."""
    next_rounds: Choice
    """For the rounds after it: what `recommended` chooses by what is known now."""
    remarks: tuple[str, ...]
    """What else to think of, in sentences."""

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What the advice rests on; nothing while it is open whether a selection pays."""
        nothing_holds: tuple[Condition, ...] = () if self.unknown else ("none",)
        return tuple(EVIDENCE[each] for each in self.holds or nothing_holds)


def advise(facts: Facts) -> Advice:
    """Return advice by facts."""
    found: dict[Condition, bool | None] = {
        "redundant": _is_redundant(facts),
        "rare": _is_rare(facts),
        "empty": None if facts.empty_share is None else facts.empty_share >= MIN_EMPTY,
    }
    now = facts.situation
    unknown = tuple(each for each, holds in found.items() if holds is None)
    return Advice(
        holds=tuple(each for each, holds in found.items() if holds),
        unknown=unknown,
        cold_start=choose(replace(now, has_scores=False, empty_share=None)),
        next_rounds=choose(_once_scored(facts)),
        remarks=(*([ASK_AGAIN] if unknown and not now.has_scores else []), *_remarks(facts)),
    )


def _once_scored(facts: Facts) -> Situation:
    """Return the situation with scores. The detector's embeddings then tell images apart."""
    now = facts.situation
    if now.has_scores:
        return now
    redundancy = replace(now.redundancy, num_equal=1)
    return replace(now, has_scores=True, redundancy=redundancy, empty_share=facts.empty_share)


def _is_redundant(facts: Facts) -> bool | None:
    """Return whether images are redundant; None if it cannot be seen."""
    redundancy = facts.situation.redundancy
    is_seen = facts.is_pretrained and facts.situation.tells_images_apart
    if not redundancy.num_compared or not is_seen:
        return None
    return redundancy.near_duplicate_share >= MIN_ALIKE


def _is_rare(facts: Facts) -> bool | None:
    """Return whether classes are rare; None if too little is labelled to say."""
    if facts.num_classes == 1:
        return False
    rare = rare_classes(facts.labels) if facts.labels else None
    return None if rare is None else bool(rare)


def rare_classes(labels: Labels) -> list[str] | None:
    """Return the classes of which labels have few boxes, the rarest first.

    None if all of them have so few that nothing is known.
    """
    counts = labels.class_counts
    mean = sum(counts.values()) / len(counts)
    if mean < MIN_BOXES:
        return None
    rarest_first = sorted(counts, key=lambda each: counts[each])
    return [name for name in rarest_first if counts[name] < RARE * mean]


def _remarks(facts: Facts) -> Iterator[str]:
    if not facts.is_pretrained:
        yield (
            "The backbone has random weights, so its embeddings say little: with pretrained ones "
            "(`detector.backbone`), round 0 can cover the pool, and every curve is higher."
        )
    if _is_redundant(facts) and not facts.situation.num_groups:
        yield (
            "If the images are frames of videos or copies, say so by --groups or --group-by of "
            "`al-job ingest`: pool and test set then share none."
        )
    if (facts.empty_share or 0) >= MIN_EMPTY and not facts.pays_for_looking:
        yield (
            "Many images show no object, and looking at an image costs nothing by the "
            "configuration: then empty images cost nothing, and little is saved by avoiding them."
        )
    num_pool = facts.situation.num_pool
    if facts.num_planned and facts.num_planned >= MOST * num_pool:
        yield (
            f"{facts.num_planned:,} of {num_pool:,} images are to be labelled. Above half of the "
            "pool, all strategies have labelled much the same images, and their curves meet."
        )
    if facts.resolution:
        yield from _of_resolution(facts.resolution)


def _of_resolution(found: Resolution) -> Iterator[str]:
    if (found.below_default_box or 0) >= MIN_SMALL:
        yield (
            f"{percent(found.below_default_box or 0)} of {boxes_of(found)} are smaller than the "
            f"smallest default box of {found.model}, at any input size. It finds such objects late "
            "or never: cut the images into tiles, or take a detector with smaller ones."
        )
    if found.below_cell >= MIN_SMALL:
        advice = f"At {found.size_needed} px, nine of ten have them."
        if found.size_needed > found.image_side:
            advice += (
                f" The images themselves have {found.image_side:.0f} px, so beyond that only tiles "
                "of larger originals show more."
            )
        yield (
            f"{percent(found.below_cell)} of {boxes_of(found)} have a side of fewer than {CELL} px "
            f"at the input size of {found.size} px, and can hardly be learned. {advice} Change it "
            "before any label is paid for: no strategy makes up for it."
        )


def boxes_of(found: Resolution) -> str:
    """Return in words which boxes were measured."""
    return "the boxes of test images" if found.are_of_test_images else "the labelled boxes"


WORDS: dict[Condition, str] = {
    "redundant": "many images are alike",
    "rare": "some classes are rare",
    "empty": "many images show no object",
}


def verdict_of(advice: Advice) -> str:
    """Return in a sentence or two whether a selection should do better than random picks."""
    open_ones = _either([WORDS[each] for each in advice.unknown])
    if not advice.holds and advice.unknown:
        return f"Random is as good, unless {open_ones}. That is not known yet."
    if not advice.holds:
        return (
            "Random is as good: few images are alike, no class is rare, and few images are empty. "
            "No saving is to be expected of any strategy."
        )
    told = f"A selection should save labels: {listing([WORDS[each] for each in advice.holds])}."
    return f"{told} Whether {open_ones} is not known yet." if advice.unknown else told


def _either(words: list[str]) -> str:
    """Return words as "a, b or c"."""
    return " or ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
