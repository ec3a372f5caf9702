"""The plan: the arms, which stages there are, and what each of them needs."""

import pytest

from job.acquisition.strategies.random import Random
from job.config import loading
from job.config.held_out import HeldOutConfig
from job.config.runtime import RuntimeConfig
from job.config.schema import ArmConfig, Config
from job.errors import ConfigError, UsageError
from job.keys import RoundRef, StageRef
from job.plan import Plan, Subset


@pytest.fixture
def settings(tiny: str) -> Config:
    return loading.parse(tiny, "tiny")


@pytest.fixture
def supervised(settings: Config) -> Config:
    """The same with the fully supervised arm."""
    return settings.model_copy(update={"full_supervision": True})


def names(refs: list[StageRef]) -> list[str]:
    return [f"{ref.round.arm or '-'} {ref.round.index} {ref.stage}" for ref in refs]


# Arms


def test_an_arm_knows_what_its_rounds_are_like(settings: Config) -> None:
    """The tiny experiment has 3 rounds, of 6 and of 4 images, and warm starts."""
    plan = Plan(settings)
    random, brust = plan.arms
    assert [arm.name for arm in plan.arms] == ["random", "brust"]
    assert [list(arm.rounds) for arm in (plan.cold_start, random, brust)] == [[0], [1, 2], [1, 2]]
    assert [settings.budget.of_round(index) for index in range(3)] == [6, 4, 4]
    assert not any(arm.labels_all for arm in (plan.cold_start, random, brust))
    assert [arm.warm_start for arm in (plan.cold_start, random, brust)] == [False, True, True]
    assert [arm.needs_scores for arm in (plan.cold_start, random, brust)] == [False, False, True]
    assert all(arm.is_compared for arm in plan.arms)


def test_the_fully_supervised_arm_is_an_arm_that_is_not_compared(supervised: Config) -> None:
    """It labels all that is left in its only round, and trains afresh on it."""
    arm = Plan(supervised).arm("fully-supervised")
    assert (list(arm.rounds), arm.labels_all, arm.is_compared) == ([1], True, False)
    assert not arm.warm_start
    assert not arm.needs_scores
    assert isinstance(arm.strategy, Random)


def test_a_round_is_of_its_arm_and_round_0_of_the_cold_start(supervised: Config) -> None:
    """Whatever arm asks for round 0 gets the round that all arms share."""
    plan = Plan(supervised)
    assert plan.arm_of(RoundRef("tiny", 0, "brust", 0)) is plan.cold_start
    assert plan.arm_of(RoundRef("tiny", 0, "brust", 1)) is plan.arm("brust")


def test_the_plan_writes_every_setting_of_a_strategy_out(settings: Config) -> None:
    """Settings that the file leaves open have their defaults in what the plan writes out."""
    assert "aggregation" not in settings.arms["brust"].settings
    config = Plan(settings).written_out()
    written = config.arms["brust"].settings
    assert (written["aggregation"], written["class_weights"]) == ("sum", True)
    assert Plan(config).written_out() == config


@pytest.mark.parametrize(
    ("where", "selection", "message"),
    [
        ("arms", {"strategy": "burst"}, r"^arms\.brust: strategy: unknown 'burst'; did you mean"),
        ("arms", {"strategy": "entropy", "tops": 1}, r"^arms\.brust: strategy 'entropy': tops: "),
        ("cold_start", {"strategy": "entropy"}, "^cold_start: entropy needs scores .* round 0 has"),
        ("cold_start", {"strategy": "x"}, "^cold_start: strategy: unknown 'x'"),
        (
            "arms",
            {"strategy": "enms_divproto"},
            r"^arms\.brust: .* set score\.box_features",
        ),
    ],
)
def test_a_wrong_arm_is_answered_with_its_place(
    settings: Config, where: str, selection: dict[str, object], message: str
) -> None:
    """An unknown strategy or setting, or one that reads what will not be there."""
    arm = ArmConfig.model_validate(selection)
    changes = {"cold_start": arm} if where == "cold_start" else {"arms": {"brust": arm}}
    with pytest.raises(ConfigError, match=message):
        Plan(settings.model_copy(update=changes))


def test_round_0_may_be_selected_by_what_then_reads_embeddings_only(settings: Config) -> None:
    """As the default does, although it reads scores later; and it is an arm's default too."""
    config = settings.model_copy(update={"cold_start": ArmConfig(), "arms": {"mine": ArmConfig()}})
    plan = Plan(config)
    assert plan.cold_start.strategy_name == plan.arm("mine").strategy_name == "recommended"
    assert not plan.cold_start.needs_scores
    assert plan.arm("mine").needs_scores


# Rounds and stages


def test_every_arm_has_its_rounds_with_round_0(supervised: Config) -> None:
    """The round that all arms share comes once for each arm that is compared."""
    found = [(arm.name, ref.arm, ref.index) for arm, ref in Plan(supervised).rounds()]
    assert found == [
        ("random", None, 0),
        ("random", "random", 1),
        ("random", "random", 2),
        ("brust", None, 0),
        ("brust", "brust", 1),
        ("brust", "brust", 2),
        ("fully-supervised", "fully-supervised", 1),
    ]


def test_round_zero_is_run_once_for_all_arms(settings: Config) -> None:
    """Round 0 belongs to the seed: it is there once, without an arm."""
    first = [ref for ref in Plan(settings).stages() if ref.round.index == 0]
    assert names(first) == [
        "- 0 select",
        "- 0 annotate",
        "- 0 train",
        "- 0 evaluate",
        "- 0 score",
    ]


def test_only_what_is_read_is_scored(settings: Config) -> None:
    """An arm that reads no scores is not scored, and nothing is in the last round."""
    scored = [ref for ref in Plan(settings).stages() if ref.stage == "score"]
    assert names(scored) == ["- 0 score", "brust 1 score"]


def test_random_alone_scores_nothing(settings: Config) -> None:
    """Round 0 is scored for the arms that need it, and if none does it is not."""
    arms = {"random": settings.arms["random"]}
    alone = settings.model_copy(update={"arms": arms})
    assert all(ref.stage != "score" for ref in Plan(alone).stages())


def test_the_plan_names_each_stage_after_what_it_needs(settings: Config) -> None:
    """Whoever runs the plan in order never meets a stage whose inputs are missing."""
    seen: set[StageRef] = set()
    for ref in Plan(settings).stages():
        assert seen.issuperset(Plan(settings).needs(ref))
        assert ref not in seen
        seen.add(ref)


def test_select_waits_for_labels_and_scores_of_the_previous_round(settings: Config) -> None:
    """Selecting by score needs the previous round's scores, of its own arm or of round 0."""
    select = RoundRef("tiny", 0, "brust", 2).stage("select")
    assert names(Plan(settings).needs(select)) == ["brust 1 annotate", "brust 1 score"]
    first = RoundRef("tiny", 0, "brust", 1).stage("select")
    assert names(Plan(settings).needs(first)) == ["- 0 annotate", "- 0 score"]
    blind = RoundRef("tiny", 0, "random", 2).stage("select")
    assert names(Plan(settings).needs(blind)) == ["random 1 annotate"]


@pytest.mark.parametrize(("start", "expected"), [("warm_start", 2), ("backbone", 1)])
def test_training_waits_for_the_model_it_starts_from(
    settings: Config, start: str, expected: int
) -> None:
    """A warm start needs the previous round's model, a fresh one does not."""
    train = settings.train.model_copy(update={"init": start})
    warm = settings.model_copy(update={"train": train})
    ref = RoundRef("tiny", 0, "random", 1).stage("train")
    assert len(Plan(warm).needs(ref)) == expected


def test_all_arms_of_a_seed_come_before_the_next_seed(settings: Config) -> None:
    """An early look compares arms on the same seeds; the fully supervised arm comes last."""
    two = settings.model_copy(update={"seeds": (3, 1), "full_supervision": True})
    seeds = [ref.round.own_seed for ref in Plan(two).stages()]
    assert seeds == sorted(seeds, reverse=True)
    first = [ref for ref in Plan(two).stages() if ref.round.seed == 3]
    assert {ref.round.arm for ref in first} == {None, "random", "brust", "fully-supervised"}
    assert names(first[-4:]) == [
        "fully-supervised 1 select",
        "fully-supervised 1 annotate",
        "fully-supervised 1 train",
        "fully-supervised 1 evaluate",
    ]


def test_the_fully_supervised_arm_starts_afresh(supervised: Config) -> None:
    """A few more steps from a model of 6 images would not show what the pool can give."""
    ref = RoundRef("tiny", 0, "fully-supervised", 1).stage("train")
    assert names(Plan(supervised).needs(ref)) == ["fully-supervised 1 annotate"]


def test_with_proposals_every_round_is_scored_that_another_follows(tiny: str) -> None:
    """People begin with what the previous model sees in the picks, whatever selects them."""
    people = "annotation: {annotator: files, proposals: 0.5}\n"
    plan = Plan(loading.parse(f"{tiny}{people}", "tiny"))
    scored = [ref for ref in plan.stages() if ref.stage == "score"]
    assert names(scored) == ["- 0 score", "random 1 score", "brust 1 score"]
    first, second = (RoundRef("tiny", 0, "random", index).stage("annotate") for index in (0, 2))
    assert names(plan.needs(first)) == ["- 0 select"]
    assert names(plan.needs(second)) == ["random 2 select", "random 1 score"]


# Parts


def with_test(settings: Config, **test: object) -> Config:
    return settings.model_copy(update={"test": HeldOutConfig.model_validate(test)})


def test_a_test_set_from_the_pool_comes_first_and_is_never_scored(settings: Config) -> None:
    """Each version has a round of two stages, before the first seed, whatever part is run."""
    plan = Plan(with_test(settings, **{"from": "pool", "size": 9, "grown_from": [5]}))
    first = [str(ref) for ref in plan.stages()][:5]
    assert first == [
        "round test select",
        "round test annotate",
        "round test-2 select",
        "round test-2 annotate",
        "seed 0 round 0 select",
    ]
    part = plan.only(Subset(arms=("random",), seeds=(0,)))
    assert [str(ref) for ref in part.stages()][:5] == first
    assert all(ref.seed is not None for _, ref in plan.rounds())
    assert [ref.label for ref in plan.test_rounds()] == ["test", "test-2"]
    assert plan.arm_of(plan.test_rounds()[0]) is plan.test
    assert plan.test not in plan.arms


def test_selecting_waits_for_the_draw_and_measuring_for_the_labels(settings: Config) -> None:
    """So no arm selects a test image, and rounds continue while people label the test set."""
    plan = Plan(with_test(settings, **{"from": "pool", "size": 9, "grown_from": [5]}))
    tests = plan.test_rounds()
    for ref in (RoundRef("tiny", 0, None, 0), RoundRef("tiny", 0, "brust", 1)):
        needs = plan.needs(ref.stage("select"))
        assert needs[:2] == [test.stage("select") for test in tests]
        needs = plan.needs(ref.stage("evaluate"))
        assert needs == [ref.stage("train"), *(test.stage("annotate") for test in tests)]
        assert plan.needs(ref.stage("train"))[0] == ref.stage("annotate")
    assert plan.needs(tests[0].stage("select")) == []
    assert plan.needs(tests[1].stage("select")) == [tests[0].stage("select")]
    assert plan.needs(tests[1].stage("annotate")) == [tests[1].stage("select")]


def test_without_a_test_set_from_the_pool_there_is_no_such_round(settings: Config) -> None:
    """Neither if it is the data set's own, nor if nothing is measured."""
    for config in (settings, with_test(settings, **{"from": "none"})):
        assert Plan(config).test_rounds() == []
        assert next(iter(Plan(config).stages())).round.seed == 0


def test_a_part_has_its_arms_and_seeds_only(supervised: Config) -> None:
    """Round 0 is always part of it, and is scored only if an arm of the part reads that."""
    plan = Plan(supervised.model_copy(update={"seeds": (0, 1)}))
    part = plan.only(Subset(arms=("random",), seeds=(1,)))
    refs = list(part.stages())
    assert {ref.round.seed for ref in refs} == {1}
    assert {ref.round.arm for ref in refs} == {None, "random"}
    assert all(ref.stage != "score" for ref in refs)
    whole = plan.only(Subset(arms=("fully-supervised",)))
    assert {(ref.round.arm, ref.round.index) for ref in whole.stages()} == {
        (None, 0),
        ("fully-supervised", 1),
    }
    assert list(plan.only(Subset()).stages()) == list(plan.stages())


@pytest.mark.parametrize(
    ("subset", "message"),
    [
        (
            Subset(arms=("burst",)),
            r"--only-arm: unknown 'burst'; did you mean 'brust'\? known: brust",
        ),
        (Subset(arms=("fully-supervised",)), "--only-arm: unknown 'fully-supervised'"),
        (Subset(seeds=(7,)), "--only-seed: unknown '7'; known: 0"),
    ],
)
def test_a_part_that_is_not_there_is_refused(
    settings: Config, subset: Subset, message: str
) -> None:
    """The message names the closest and the known ones."""
    with pytest.raises(UsageError, match=message):
        Plan(settings).only(subset)


def test_runtime_settings_leave_the_arms_as_they_are(settings: Config) -> None:
    """The arms are validated once, whatever the settings of an invocation are."""
    plan = Plan(settings)
    changed = plan.with_runtime(RuntimeConfig(threads=7))
    assert (changed.config.runtime.threads, plan.config.runtime.threads) == (7, 1)
    assert changed.arms is plan.arms
