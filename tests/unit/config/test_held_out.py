"""The settings of a test set from the pool: what is refused, how it grows, what depends on it."""

import pytest

from job.config import loading
from job.config.changes import grown, refuse_changes, with_grown_test
from job.config.schema import Config
from job.errors import ConfigError
from job.keys import RoundRef, StageRef

ROUND = RoundRef("tiny", 0, "brust", 1)
MEASURE, TRAIN = ROUND.stage("evaluate"), ROUND.stage("train")
DRAW = RoundRef.of_test("tiny", 0).stage("select")


def with_test(tiny: str, test: str) -> Config:
    return loading.parse(f"{tiny}test: {test}\n", "tiny")


@pytest.mark.parametrize(
    ("test", "words"),
    [
        ("{from: pool}", "test.size: `from: pool` needs it: how many images to draw"),
        ("{from: none, size: 5}", "test.size: this is of `from: pool`; leave it out"),
        ("{from: pool, size: 5, grown_from: [5]}", "test.size: 5 follows 5 in grown_from"),
        ("{from: pools, size: 5}", "test.from: input should be 'pool' or 'none'"),
        ("{size: 5}", "test.from: field required"),
        ("{from: pool, siz: 5}", "test.siz: unknown key; did you mean 'size'? known: from"),
        ("{from: pool, size: 0}", "test.size: input should be greater than 0"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_name(tiny: str, test: str, words: str) -> None:
    """Settings are named as they are written in the file."""
    with pytest.raises(ConfigError) as error:
        with_test(tiny, test)
    assert words in str(error.value)


def test_an_experiment_without_the_setting_is_written_as_ever(tiny: str) -> None:
    """Its YAML and its digests have no trace of it."""
    config = loading.parse(tiny, "tiny")
    assert "\ntest:" not in config.to_yaml()
    assert config.test_sizes == ()
    written = Config.model_validate(config.model_dump(mode="json"))
    assert "test" not in written.model_fields_set


def test_a_test_set_grows_and_remembers_its_sizes(tiny: str) -> None:
    """The file has the new size alone; what is stored has those before it, too."""
    begun = with_test(tiny, "{from: pool, size: 5}")
    now = with_grown_test(begun, with_test(tiny, "{from: pool, size: 8}"))
    refuse_changes(begun, now)
    stored = grown(begun, now)
    assert stored.test_sizes == (5, 8)
    assert "grown_from:\n  - 5\n" in stored.to_yaml()
    later = with_grown_test(stored, with_test(tiny, "{from: pool, size: 9}"))
    assert later.test_sizes == (5, 8, 9)
    same = with_grown_test(stored, with_test(tiny, "{from: pool, size: 8}"))
    assert same.test_sizes == (5, 8)


@pytest.mark.parametrize(
    ("test", "words"),
    [
        ("{from: pool, size: 4}", "test.size: 5 -> 4"),
        ("{from: none}", "test.from: pool -> none"),
        (None, "test.size: 5 -> unset"),
    ],
)
def test_a_test_set_neither_shrinks_nor_changes(tiny: str, test: str | None, words: str) -> None:
    """Results of finished rounds are of the one that there is."""
    begun = with_test(tiny, "{from: pool, size: 5}")
    wanted = with_test(tiny, test) if test else loading.parse(tiny, "tiny")
    with pytest.raises(ConfigError) as error:
        refuse_changes(begun, with_grown_test(begun, wanted))
    assert words in str(error.value)


def test_no_test_set_is_drawn_later(tiny: str) -> None:
    """Rounds may have selected what it would draw."""
    with pytest.raises(ConfigError, match=r"test\.from: unset -> pool; test\.size: unset -> 5"):
        refuse_changes(loading.parse(tiny, "tiny"), with_test(tiny, "{from: pool, size: 5}"))


def test_full_supervision_leaves_nothing_to_grow_by(tiny: str) -> None:
    """It labels all that is not in the test set."""
    text = f"{tiny}full_supervision: true\n"
    begun, now = (with_test(text, f"{{from: pool, size: {size}}}") for size in (5, 8))
    with pytest.raises(ConfigError, match=r"test\.size: 5 -> 8: the arm fully-supervised labels"):
        refuse_changes(begun, with_grown_test(begun, now))


def test_growth_concerns_the_new_draw_and_what_is_measured(tiny: str) -> None:
    """Nothing is drawn, selected or trained again; every model is measured again."""
    begun = with_test(tiny, "{from: pool, size: 5}")
    now = with_grown_test(begun, with_test(tiny, "{from: pool, size: 8}"))

    def is_same(stage: StageRef) -> bool:
        return begun.stage_digest(stage) == now.stage_digest(stage)

    assert [is_same(stage) for stage in (DRAW, TRAIN, MEASURE)] == [True, True, False]
    second = RoundRef.of_test("tiny", 1).stage("select")
    assert now.stage_digest(second) != now.stage_digest(DRAW)
    assert now.test
    before = now.model_copy(update={"test": now.test.version(1)})
    assert before.stage_digest(MEASURE) == begun.stage_digest(MEASURE)
