"""What the reader of a comparison has to know, whatever the comparison shows."""

from job.report.analysis.comparison import Comparison
from job.report.analysis.statistics import MAX_FLIPPED
from job.report.wording import counted, listing

_TESTS = (
    "What is claimed rests on corrected tests. The primary one is of the area under the curve"
    " against images, corrected for all arms; budgets and savings are asked only of arms that it"
    " shows ahead or behind. An interval beside a test is Student's, of the same quantity, and is"
    " not corrected."
)


def notes_on(comparison: Comparison) -> tuple[str, ...]:
    """Return, as sentences, how to read the figures and what is missing from them."""
    result = ["A point is a hundredth of mAP.", *[_TESTS] * (len(comparison.arms) > 1)]
    most = max((len(each.seeds) for each in comparison.differences), default=0)
    if 1 < most <= MAX_FLIPPED:
        result.append(
            "Beside the t-test stands the exact permutation test: with"
            f" {counted(most, 'seed')} its p cannot be below 1/{2 ** (most - 1)}."
        )
    if comparison.baseline != "random" and len(comparison.arms) > 1:
        result.append(f"Arms are compared with {comparison.baseline}, not with random.")
    if comparison.interpolated:
        result.append(
            "Arms or seeds have different numbers of images at the same round: they are compared at"
            " points on straight lines between their rounds."
        )
    half = [each.x for each in comparison.differences if each.beyond_half]
    if half and comparison.pool_images:
        result.append(
            f"Budgets from {min(half):,.0f} images on are more than half of the pool"
            f" ({comparison.pool_images:,} images): there all arms have mostly the same images."
        )
    return (*result, *_to_come(comparison), *_gaps(comparison))


def _to_come(comparison: Comparison) -> list[str]:
    missing = comparison.missing
    if not missing.by_arm:
        return []
    arms = [f"{counted(number, 'round')} of {arm}" for arm, number in missing.by_arm.items()]
    tests = " Tests are corrected for those that are to come as well." * bool(
        comparison.num_compared
    )
    note = f"Not finished: {listing(arms)} to come (see Runs).{tests}"
    if missing.is_final:
        note = (
            f"Reported as final without {listing(arms)} (see Runs). What is claimed holds if it"
            " was not the results that ended the experiment."
        )
    return [note]


def _gaps(comparison: Comparison) -> list[str]:
    longest = max((max(each.num_rounds) for each in comparison.coverage), default=0)
    shorter = [
        f"{each.arm}: {'seed' if len(seeds) == 1 else 'seeds'} {listing(seeds)} of fewer rounds"
        f" than the longest, which has {longest}: areas and savings are taken over what all seeds"
        " of an arm have."
        for each in comparison.coverage
        if (
            seeds := [
                seed
                for seed, num in zip(each.seeds, each.num_rounds, strict=True)
                if num < longest and seed not in each.short
            ]
        )
    ]
    return shorter + [
        f"{each.arm}: {'seed' if len(numbers) == 1 else 'seeds'} {listing(numbers)} {what}."
        for each in comparison.coverage
        for numbers, what in ((each.missing, "missing"), (each.short, "ended early"))
        if numbers
    ]
