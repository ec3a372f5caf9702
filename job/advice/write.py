"""Advice as lines for people, and as JSON."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from job.acquisition.strategies.recommended import Choice
from job.advice.facts import CELL, Facts, Labels
from job.advice.judgement import Advice, boxes_of, rare_classes, verdict_of
from job.report.wording import counted, listing, percent
from job.storage.documents import dump_json

_MAX_NAMES = 5
_WIDTH = 16
"""Letters of the widest name of a fact, and two blanks."""


def lines_of(facts: Facts, advice: Advice) -> Iterator[str]:
    """Yield what was found and what to do, line by line."""
    now = facts.situation
    labelled = f"{now.num_labelled:,} labelled" if now.num_labelled else "none labelled"
    classes = counted(facts.num_classes, "class", "classes")
    yield f"{facts.dataset}: {now.num_pool:,} images, {labelled}, {classes}"
    for name, told in _facts(facts):
        yield f"  {name:{_WIDTH}}{told}"
    yield ""
    yield verdict_of(advice)
    yield from (f"- {each}" for each in _to_take(facts, advice))
    yield from (f"- evidence: {each.says} ({each.source})" for each in advice.evidence)
    yield from (f"- note: {each}" for each in advice.remarks)


def _facts(facts: Facts) -> Iterator[tuple[str, str]]:
    now, labels = facts.situation, facts.labels
    yield "seen by", facts.seen_by
    yield "redundancy", _redundancy(facts)
    if now.num_groups:
        yield "groups", f"{now.num_groups:,}"
    yield "without objects", _empty(facts)
    yield "classes", _balance(labels) if labels else "unknown: nothing is labelled"
    yield "budget", _budget(facts)
    yield "box sizes", _sizes(facts)


def _redundancy(facts: Facts) -> str:
    found = facts.situation.redundancy
    if not found.num_compared:
        return "no unlabelled image is left"
    which = f"{found.num_compared:,} images"
    if found.num_compared < facts.num_unlabelled:
        which += f" that were compared, of {facts.num_unlabelled:,} unlabelled ones,"
    if not facts.situation.tells_images_apart:
        return f"unknown: {found.num_equal:,} of {which} have the same embedding"
    return (
        f"{percent(found.near_duplicate_share)} of {which} are near-duplicates of another one; "
        f"all of them show as much as {found.effective_number:,.0f} different images"
    )


def _empty(facts: Facts) -> str:
    if facts.situation.empty_share is not None:
        estimated = percent(facts.situation.empty_share)
        return f"{estimated} of the unlabelled images, as estimated from scores and labels"
    if facts.labels:
        share, number = facts.labels.empty_share, facts.labels.num_images
        return f"{percent(share)} of {counted(number, 'labelled image')}"
    return "unknown: nothing is labelled or scored"


def _balance(labels: Labels) -> str:
    counts = labels.class_counts
    told = f"{sum(counts.values()):,} boxes in {counted(labels.num_images, 'labelled image')}"
    if len(counts) == 1:
        return told
    rare, most = rare_classes(labels), max(counts, key=lambda each: counts[each])
    if rare is None:
        return f"{told}: too few to say which are rare"
    few = [f"{name} ({counts[name]:,})" for name in rare[:_MAX_NAMES]]
    more = [f"{len(rare) - _MAX_NAMES} more"] if len(rare) > _MAX_NAMES else []
    least = f"rare: {listing([*few, *more])}" if rare else "none is rare"
    return f"{told}; most frequent: {most} ({counts[most]:,}); {least}"


def _budget(facts: Facts) -> str:
    start = "pretrained weights" if facts.is_pretrained else "random weights"
    if facts.num_planned is None:
        return f"unknown: no experiment is named; training begins from {start}"
    now = facts.situation
    each = f"{now.images_per_class:,.0f} a class"
    if not now.budget:
        return f"{now.num_labelled:,} labelled images ({each}), and no round is left"
    in_the_end = f"{facts.num_planned / max(facts.num_classes, 1):,.0f} a class"
    return (
        f"{now.num_labelled + now.budget:,} labelled images after the next round ({each}), "
        f"{facts.num_planned:,} in the end ({in_the_end}); training begins from {start}"
    )


def _sizes(facts: Facts) -> str:
    found = facts.resolution
    if not found:
        return "unknown: no box is labelled"
    told = (
        f"at {found.size} px, {percent(found.below_cell)} of {boxes_of(found)} have a side of "
        f"fewer than {CELL} px"
    )
    if found.below_default_box is not None:
        below = percent(found.below_default_box)
        told += f", and {below} are smaller than the smallest default box of {found.model}"
    return told


def _to_take(facts: Facts, advice: Advice) -> Iterator[str]:
    if not facts.next_round:
        yield f"cold start: {_chosen(advice.cold_start)}"
    arms = "arms: `recommended`, the default, which then selects by"
    if advice.holds or advice.unknown:
        yield f"{arms} {_chosen(advice.next_rounds)}"
    else:
        yield f"{arms} `{advice.next_rounds.arm.strategy}`; or `random`, which needs no scores"


def _chosen(choice: Choice) -> str:
    return f"`{choice.arm.strategy}`, as {choice.why}"


def to_json(facts: Facts, advice: Advice) -> bytes:
    """Return all of it as JSON."""
    now, labels = facts.situation, facts.labels
    content: dict[str, Any] = {
        "dataset": facts.dataset,
        "verdict": verdict_of(advice),
        "selection_pays": bool(advice.holds),
        "because": list(advice.holds),
        "unknown": list(advice.unknown),
        "cold_start": _as_mapping(advice.cold_start),
        "next_rounds": _as_mapping(advice.next_rounds),
        "evidence": [asdict(each) for each in advice.evidence],
        "remarks": list(advice.remarks),
        "facts": {
            "seen_by": facts.seen_by,
            "is_pretrained": facts.is_pretrained,
            "num_pool": now.num_pool,
            "num_labelled": now.num_labelled,
            "num_unlabelled": facts.num_unlabelled,
            "num_groups": now.num_groups,
            "redundancy": asdict(now.redundancy),
            "empty_share": facts.empty_share,
            "labels": labels
            and {
                "num_images": labels.num_images,
                "num_empty": labels.num_empty,
                "class_counts": dict(labels.class_counts),
                "rare_classes": rare_classes(labels),
            },
            "budget": {"next_round": now.budget, "planned": facts.num_planned},
            "resolution": facts.resolution and asdict(facts.resolution),
        },
    }
    return dump_json(content)


def _as_mapping(choice: Choice) -> dict[str, Any]:
    return {**choice.arm.model_dump(mode="json"), "why": choice.why}
