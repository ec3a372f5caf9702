"""What may change in an experiment that has begun."""

import pytest

from job.config import loading
from job.config.changes import grown, refuse_changes, with_old_defaults
from job.config.schema import Config
from job.errors import ConfigError
from job.keys import RoundRef

ROUND_0 = RoundRef("tiny", 0, None, 0).stage("train")
BRUST_1 = RoundRef("tiny", 0, "brust", 1).stage("train")


def changed(tiny: str, old: str, new: str) -> str:
    assert old in tiny
    return tiny.replace(old, new)


@pytest.fixture
def begun(tiny: str) -> Config:
    return loading.parse(tiny, "tiny")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rounds: 3", "rounds: 4"),
        ("rounds: 3", "rounds: 3\nseeds: [0, 1]"),
        ("  random: {", "  entropy: {strategy: entropy}\n  random: {"),
        ("threads: 1", "threads: 4"),
        ("rounds: 3", "rounds: 3\ntracking: {tensorboard: true}"),
    ],
)
def test_an_experiment_may_grow_and_move(tiny: str, begun: Config, old: str, new: str) -> None:
    """More rounds, seeds and arms, and another machine, leave what is done as it is."""
    now = loading.parse(changed(tiny, old, new), "tiny")
    refuse_changes(begun, now)
    assert now.stage_digest(BRUST_1) == begun.stage_digest(BRUST_1)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("steps: 4", "steps: 5", "train.steps: 4 -> 5"),
        ("class_weights: true", "class_weights: false", "arms.brust.class_weights: True -> False"),
        ("class_weights: true", "aggregation: max", "arms.brust.aggregation: unset -> max"),
        ("rounds: 3", "rounds: 2", "rounds: 3 -> 2"),
        ("rounds: 3", "rounds: 3\nseeds: [1]", "seeds: 0 dropped"),
        (
            "rounds: 3",
            "rounds: 3\nreport: {smallest_effect: 0.5}",
            "report.smallest_effect: 1.0 -> 0.5",
        ),
        ("  random: {strategy: random}\n", "", "arms.random.strategy: random -> unset"),
    ],
)
def test_all_else_is_refused(tiny: str, begun: Config, old: str, new: str, words: str) -> None:
    """A change of what finished rounds were made with fails, with both values."""
    with pytest.raises(ConfigError) as error:
        refuse_changes(begun, loading.parse(changed(tiny, old, new), "tiny"))
    assert words in str(error.value)


def test_no_stage_depends_on_what_the_report_takes_for_large(tiny: str, begun: Config) -> None:
    """So an experiment that names it has the digests of one that does not."""
    named = loading.parse(f"{tiny}\nreport: {{smallest_effect: 0.5}}\n", "tiny")
    assert named.stage_digest(BRUST_1) == begun.stage_digest(BRUST_1)


def with_totals(tiny: str, totals: str) -> Config:
    text = changed(tiny, "rounds: 3\n", "")
    text = changed(text, "budget: {initial: 6, per_round: 4}", f"budget: {{totals: {totals}}}")
    return loading.parse(text, "tiny")


def test_totals_may_grow_at_the_end(tiny: str) -> None:
    """A further total is a further round: what is done stays done."""
    begun, now = with_totals(tiny, "[6, 10]"), with_totals(tiny, "[6, 10, 20]")
    refuse_changes(begun, now)
    assert now.stage_digest(BRUST_1) == begun.stage_digest(BRUST_1)
    larger = grown(begun, now)
    assert (larger.rounds, larger.budget.totals) == (3, (6, 10, 20))


@pytest.mark.parametrize("totals", ["[6, 11, 20]", "[6]", "[7, 10]"])
def test_other_totals_are_refused(tiny: str, totals: str) -> None:
    """Rounds that may be done have the budget with which they were made."""
    begun, now = with_totals(tiny, "[6, 10]"), with_totals(tiny, totals)
    with pytest.raises(ConfigError, match=r"budget\.totals"):
        refuse_changes(begun, now)
    if totals != "[6]":
        assert now.stage_digest(BRUST_1) != begun.stage_digest(BRUST_1)


def test_full_supervision_changes_no_stage(tiny: str) -> None:
    """It may be asked for when all arms are done, and nothing is run again."""
    without, supervised = (
        loading.parse(tiny, "a"),
        loading.parse(tiny + "full_supervision: true\n", "b"),
    )
    assert without.stage_digest(BRUST_1) == supervised.stage_digest(BRUST_1)
    assert without.stage_digest(ROUND_0) == supervised.stage_digest(ROUND_0)
    refuse_changes(without, supervised)


# Defaults that were others when the experiment began

OLD = "annotation: {seconds_per_image: 0, seconds_per_box: 5, price_per_image: 0, price_per_box: 9}"


def test_unset_costs_are_those_of_the_time_when_an_experiment_began(tiny: str) -> None:
    """5 s a box was the default then; a price of 9 was nobody's, so the file has to have it."""
    begun = loading.parse(f"{tiny}{OLD}\n", "tiny")
    costs = with_old_defaults(begun, loading.parse(tiny, "tiny")).annotation
    assert (costs.seconds_per_image, costs.seconds_per_box, costs.price_per_image) == (0, 5, 0)
    assert costs.price_per_box == 0.0826


@pytest.mark.parametrize("given", ["{seconds_per_box: 5.9}", "{preset: professional}"])
def test_costs_that_are_set_stay_as_they_are_set(tiny: str, given: str) -> None:
    """Also to what is the default today: the change is refused then."""
    begun = loading.parse(f"{tiny}{OLD}\n", "tiny")
    now = loading.parse(f"{tiny}annotation: {given}\n", "tiny")
    assert with_old_defaults(begun, now).annotation.seconds_per_box == 5.9


ARMS = """
arms:
  plain: {strategy: brust, batch_size: 7}
  other: {strategy: entropy}
  wrapped: {strategy: product, objectives: [{of: {strategy: brust}}, {of: {strategy: pal}}]}
"""
ARMS_THEN = """
cold_start: {strategy: coreset}
arms:
  plain: {strategy: brust, batch_size: 3, aggregation: max}
  other: {strategy: random, least: 4}
  wrapped:
    strategy: product
    objectives: [{of: {strategy: brust, top: 2}, power: 2.0}, {of: {strategy: entropy, top: 2}}]
  dropped: {strategy: random}
"""
HEAD = "experiment: a\ndataset: {name: d}\n"


def test_unset_settings_of_strategies_are_as_the_experiment_began() -> None:
    """Also of strategies inside; another strategy has its own, and no arm comes back."""
    begun = loading.parse(HEAD + ARMS_THEN, "begun")
    now = with_old_defaults(begun, loading.parse(HEAD + ARMS, "now"))
    assert now.cold_start.strategy == "coreset"
    assert list(now.arms) == ["plain", "other", "wrapped"]
    assert now.arms["plain"].settings == {"batch_size": 7, "aggregation": "max"}
    assert now.arms["other"].settings == {}
    assert now.arms["wrapped"].settings["objectives"] == [
        {"of": {"strategy": "brust", "top": 2}, "power": 2.0},
        {"of": {"strategy": "pal"}},
    ]


def test_a_cold_start_that_is_set_is_that_of_the_file() -> None:
    """Another one than that of the experiment is refused then."""
    begun = loading.parse(HEAD + ARMS_THEN, "begun")
    written = f"{HEAD}{ARMS}cold_start: {{strategy: random}}\n"
    assert with_old_defaults(begun, loading.parse(written, "now")).cold_start.strategy == "random"


# People

STUDIO = "annotator: label_studio, label_studio: {url: http://labels:8080}"


def asking(tiny: str, annotation: str) -> Config:
    """Return the tiny experiment with annotators."""
    return loading.parse(f"{tiny}annotation: {{{annotation}}}\n", "tiny")


@pytest.mark.parametrize(
    "annotation",
    [
        "annotator: label_studio, label_studio: {url: https://elsewhere}",
        f"{STUDIO}, enough: {{share: 0.9, after: 48h}}, per_image: 2, several: consensus",
        f"{STUDIO}, instructions: Draw all of it., poll_seconds: 5",
        f"{STUDIO}, seconds_per_box: 3, price_per_image: 1, max_seconds_per_image: 60",
        "annotator: files",
    ],
)
def test_how_people_are_asked_may_change(tiny: str, annotation: str) -> None:
    """What they have labelled stays done, and what is asked next is asked in the new way."""
    begun, now = asking(tiny, STUDIO), asking(tiny, annotation)
    refuse_changes(begun, now)
    assert now.stage_digest(BRUST_1) == begun.stage_digest(BRUST_1)
    assert grown(begun, now).annotation == now.annotation


@pytest.mark.parametrize("now", ["0.5", "null"])
def test_proposals_may_change_and_end(tiny: str, now: str) -> None:
    """Each round that a later one follows was scored, so all of them can be had."""
    refuse_changes(
        asking(tiny, f"{STUDIO}, proposals: 0.3"), asking(tiny, f"{STUDIO}, proposals: {now}")
    )


def test_proposals_cannot_begin_later(tiny: str) -> None:
    """Rounds that ended long ago would be scored for them, by models that may be pruned."""
    with pytest.raises(ConfigError, match=r"annotation\.proposals: None -> 0\.5"):
        refuse_changes(asking(tiny, STUDIO), asking(tiny, f"{STUDIO}, proposals: 0.5"))


@pytest.mark.parametrize("turned", [False, True])
def test_people_do_not_take_the_place_of_the_oracle(tiny: str, *, turned: bool) -> None:
    """Nor the oracle theirs: finished rounds would have labels of another kind."""
    begun, now = asking(tiny, "annotator: oracle"), asking(tiny, "annotator: files")
    if turned:
        begun, now = now, begun
    with pytest.raises(ConfigError, match=r"annotation\.annotator: (oracle|files) -> "):
        refuse_changes(begun, now)
    assert now.stage_digest(BRUST_1) != begun.stage_digest(BRUST_1)
    assert grown(begun, now).annotation == begun.annotation


def test_with_the_oracle_costs_stay_as_they_began(tiny: str) -> None:
    """Nobody who answers at once has a price that changes."""
    begun, now = asking(tiny, "seconds_per_box: 5"), asking(tiny, "seconds_per_box: 6")
    with pytest.raises(ConfigError, match=r"annotation\.seconds_per_box: 5\.0 -> 6\.0"):
        refuse_changes(begun, now)


def test_settings_of_people_are_in_no_digest_of_the_oracle(tiny: str) -> None:
    """An experiment has the digests that it had before there were such settings."""
    costs = "seconds_per_image: 63, seconds_per_box: 5.9, price_per_image: 1, price_per_box: 2"
    old = asking(tiny, f"annotator: oracle, {costs}")
    new = asking(
        tiny, f"annotator: oracle, {costs}, per_image: 1, proposals: null, poll_seconds: 60"
    )
    assert new.stage_digest(BRUST_1) == old.stage_digest(BRUST_1)
