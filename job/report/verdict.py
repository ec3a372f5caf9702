"""The comparison in words: what is shown, and what is not."""

from collections.abc import Sequence
from dataclasses import dataclass

from job.report.comparison import SIGNIFICANT, Comparison, Difference, Saving

LEAST_SEEDS = 5
"""With fewer paired seeds nothing is claimed."""
WORDS = {
    "images": "images",
    "boxes": "boxes",
    "annotation_seconds": "hours of annotation",
    "money": "money for annotation",
    "wall_seconds": "hours of computing",
}


@dataclass(frozen=True)
class Verdict:
    """What the experiment says of one arm."""

    arm: str
    is_better: bool | None
    """None: neither better nor worse is shown."""
    sentence: str
    details: tuple[str, ...]


def verdicts(comparison: Comparison) -> list[Verdict]:
    """Return a verdict for each arm but the baseline."""
    return [_verdict(comparison, arm) for arm in comparison.arms if arm != comparison.baseline]


def _verdict(comparison: Comparison, arm: str) -> Verdict:
    differences, baseline = comparison.of(arm), comparison.baseline
    if not differences:
        return Verdict(arm, None, f"{arm}: no round to compare with {baseline} yet.", ())
    last = differences[-1]
    details = [_last(last, baseline), *_savings(comparison, arm)]
    if last.num_seeds < LEAST_SEEDS:
        seeds = "1 seed is" if last.num_seeds == 1 else f"{last.num_seeds} seeds are"
        sentence = (
            f"{arm} against {baseline}: not shown. {seeds} fewer than the {LEAST_SEEDS} from "
            "which anything is claimed here."
        )
        return Verdict(arm, None, sentence, tuple(details))
    for is_better, word in ((True, "better"), (False, "worse")):
        first = _from_when(differences, is_better=is_better)
        if first is not None:
            sentence = (
                f"{arm} is {word} than {baseline} from {first.images:,.0f} images on: "
                f"{100 * last.mean:+.1f} points of mAP in the end (p = {last.p_holm:.2g})."
            )
            return Verdict(arm, is_better, sentence, tuple(details))
    sentence = (
        f"{arm} against {baseline}: not shown. In the end {100 * last.mean:+.1f} points of mAP, "
        "within what seeds differ by."
    )
    return Verdict(arm, None, sentence, tuple(details))


def _from_when(differences: Sequence[Difference], *, is_better: bool) -> Difference | None:
    """Return the first round from which on all differences are of one sign and the last is sure."""
    sign = 1 if is_better else -1
    last = differences[-1]
    if last.p_holm is None or last.p_holm >= SIGNIFICANT or sign * last.mean <= 0:
        return None
    first = last
    for each in reversed(differences):
        if sign * each.mean <= 0:
            break
        first = each
    return first


def _last(last: Difference, baseline: str) -> str:
    around = ""
    if last.interval:
        low, high = last.interval
        around = f", 95 % interval {100 * low:+.1f} to {100 * high:+.1f}"
    seeds = "1 seed" if last.num_seeds == 1 else f"{last.num_seeds} seeds"
    return (
        f"After round {last.round} ({last.images:,.0f} images): {100 * last.mean:+.1f} points of "
        f"mAP against {baseline}{around}, {seeds}."
    )


def _savings(comparison: Comparison, arm: str) -> list[str]:
    return [
        _saving(each, comparison.baseline)
        for each in comparison.savings
        if each.arm == arm and each.axis in {"images", "boxes", "money"}
    ]


def _saving(saving: Saving, baseline: str) -> str:
    what = WORDS[saving.axis]
    goal = f"To reach {baseline}'s final mAP of {saving.target:.3f}"
    if saving.saved_share is None:
        return f"{goal} in {what}: never reached."
    word = "fewer" if saving.saved_share >= 0 else "more"
    never = f"; in {saving.num_never} more it is never reached" if saving.num_never else ""
    around = ""
    if saving.interval:
        low, high = saving.interval
        around = f" (95 % interval {100 * low:.0f} to {100 * high:.0f} % saved)"
    share = f"{abs(100 * saving.saved_share):.0f} % {word} {what}{around}"
    seeds = "1 seed" if saving.num_seeds == 1 else f"{saving.num_seeds} seeds"
    return f"{goal}: {share}, {seeds}{never}."
