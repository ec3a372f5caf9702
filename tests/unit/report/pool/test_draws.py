"""Reading the random draws of an experiment."""

from dataclasses import replace

import pytest

from job.artifacts.outcome import ImageOutcome, RoundOutcome
from job.artifacts.reader import Reader
from job.config.schema import Config
from job.keys import RoundRef
from job.plan import Plan
from job.report.pool.draws import read_draws
from job.report.pool.sampling import LabelledRound
from job.storage.local import LocalStore


def test_an_arm_that_draws_at_random_has_a_draw_in_each_round(
    store: LocalStore, settings: Config
) -> None:
    """Of the pool of 24 images, 6 and then 4."""
    draws, _ = read_draws(Reader.listed(store, "tiny"), Plan(settings))
    assert (draws.arm, draws.seed, draws.before, draws.num_without) == ("random", 0, (), 0)
    assert [(len(each.drawn), each.num_left) for each in draws.rounds] == [(6, 24), (4, 18)]
    assert draws.num_rest == 14
    assert set(draws.truth) == {each for of in draws.rounds for each in of.drawn}


def test_what_a_strategy_picks_is_no_draw(store: LocalStore, settings: Config) -> None:
    """Of the other arm, round 0 alone is drawn."""
    _, draws = read_draws(Reader.listed(store, "tiny"), Plan(settings))
    assert draws.arm == "brust"
    assert [(len(each.drawn), len(each.others)) for each in draws.rounds] == [(6, 0), (0, 4)]


def test_images_without_a_label_are_counted(
    store: LocalStore, settings: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that people refuse and one that they leave open are not of the sample."""

    def outcome(reader: Reader, ref: RoundRef) -> RoundOutcome | None:
        if ref.index != 1:
            return None
        first, second, *others = reader.picks(ref)
        return RoundOutcome(
            "files",
            1,
            (
                ImageOutcome(first.id, "refused"),
                ImageOutcome(second.id, "open"),
                *(ImageOutcome(each.id, "labelled") for each in others),
            ),
        )

    monkeypatch.setattr(Reader, "outcome", outcome)
    draws, _ = read_draws(Reader.listed(store, "tiny"), Plan(settings))
    (_, last) = draws.rounds
    assert (len(last.drawn), last.num_left, draws.num_without) == (2, 17, 2)


def test_the_sample_after_a_round_is_of_what_was_unlabelled_then(
    store: LocalStore, settings: Config
) -> None:
    """After round 0, that is the draw of round 1; after round 1 there is none."""
    draws, _ = read_draws(Reader.listed(store, "tiny"), Plan(settings))
    sample = draws.sample_after(0)
    assert sample
    assert sample.ids == draws.rounds[1].drawn
    assert sample.num_pool == 18
    assert draws.sample_after(1) is None
    nothing = replace(draws, rounds=(LabelledRound((), ("a",), 9),))
    assert nothing.sample is None
