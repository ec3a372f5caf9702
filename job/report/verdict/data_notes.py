"""What the reader has to know of the data: what came along, later versions, labels, odd picks."""

from collections.abc import Iterator

from job.report.analysis.facts import Facts
from job.report.wording import counted, listing


def notes_on_data(facts: Facts) -> tuple[str, ...]:
    """Return, as sentences, what was labelled from the start, what changed, and what is odd."""
    return (*_test(facts), *_given(facts), *_moves(facts), *_corrected(facts), *_odd_picks(facts))


def _test(facts: Facts) -> Iterator[str]:
    """Yield what a test set of images of the pool is, and what its labels took."""
    if not facts.test_costs:
        return
    costs = facts.test_costs
    grown = ", ".join(str(each.images) for each in costs[:-1])
    version = f", version {len(costs)} (before it: {grown})" if grown else ""
    yield (
        f"Models are measured on {counted(costs[-1].images, 'image')} of the pool{version}: drawn "
        f"at random, never selected. Their {counted(costs[-1].boxes, 'box', 'boxes')} took "
        f"{costs[-1].seconds / 3600:,.1f} hours and {costs[-1].money:,.2f} of money, which are in "
        "no arm's cost."
    )
    if facts.num_held_out > costs[-1].images:
        yield (
            f"With the groups of the test set, {facts.num_held_out:,} images of the pool are kept "
            "from all arms."
        )
    if grown:
        yield (
            "What the test set grew by was drawn from the images that no arm had selected, so it "
            "shows a little less of what the arms look for."
        )
    if facts.num_outdated:
        left_out = counted(facts.num_outdated, "result is", "results are")
        yield (
            f"{left_out} left out, of an earlier version of the test set: only what was measured "
            "on the same images is compared."
        )


def _given(facts: Facts) -> Iterator[str]:
    rounds = {each.round: each.num_given for each in facts.rounds if each.num_given}
    before = 0
    for index in sorted(rounds):
        if rounds[index] > before:
            yield (
                f"{counted(rounds[index] - before, 'image')} came along with labels in round "
                f"{index}: they count as labelled images and boxes, and cost neither time nor "
                "money."
            )
            before = rounds[index]


def _moves(facts: Facts) -> Iterator[str]:
    for from_round, version, pool_images in facts.moves:
        yield (
            f"From round {from_round} on, version {version} of the data set is used, with "
            f"{counted(pool_images, 'image')} in its pool"
            f"{' and the same test set' * facts.has_test}."
        )


def _corrected(facts: Facts) -> Iterator[str]:
    corrected = [each for each in facts.rounds if each.num_corrected]
    if not corrected:
        return
    first = min(each.round for each in corrected)
    most = {
        arm: max(each.num_corrected for each in corrected if each.arm == arm)
        for arm in dict.fromkeys(each.arm for each in corrected)
    }
    yield (
        f"Labels were corrected: from round {first} on, training uses the right ones: in one round "
        f"up to {listing([f'{number} of {arm}' for arm, number in most.items()])}. Earlier rounds "
        "keep what they were trained on, and the corrections are not part of the cost."
    )


def _odd_picks(facts: Facts) -> Iterator[str]:
    """Yield a sentence for each arm of which some picks look wrong; round 0 is the cold start's."""
    for arm in facts.arms:
        mine = [each for each in facts.rounds if each.arm == arm and each.round and each.picks]
        odd = [each for each in mine if each.cautions]
        if odd:
            yield (
                f"The picks of {arm} look odd in {len(odd)} of {counted(len(mine), 'round')}, such "
                f"as in round {odd[0].round} of seed {odd[0].seed}: {'; '.join(odd[0].cautions)}."
            )
