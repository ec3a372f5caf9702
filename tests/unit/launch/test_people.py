"""Stages that wait for people: looked at now and then, and in nobody's way."""

from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from job.artifacts.annotating import Attention
from job.config.schema import Config
from job.errors import ConfigError, MissingLabelsError, TemporaryError
from job.keys import RoundRef
from job.launch.people import People
from job.plan import Plan
from job.storage.memory import MemoryStore
from tests.unit.launch.people import LINK, Passes, asking, begun, end

FIRST, SECOND = (RoundRef("tiny", seed, None, 0).stage("annotate") for seed in (0, 1))


@pytest.fixture
def settings(tiny: str) -> Config:
    """The tiny experiment with two seeds and people."""
    return asking(tiny, "seeds: [0, 1]\n")


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> Passes:
    """Passes of which none finds anything to wait for, until a script says so."""
    made = Passes()
    made.install(monkeypatch, "job.launch.people")
    return made


@pytest.fixture
def people(settings: Config, passes: Passes) -> People:  # noqa: ARG001 - it has to come before
    """Nobody waits yet."""
    return People(begun(MemoryStore(), settings), Plan(settings))


def reasons(people: People) -> list[str]:
    return [f"{each.state}: {each.reason}" for each in people.states.values()]


def test_only_annotate_by_people_is_theirs(people: People, settings: Config) -> None:
    """Other stages compute, and other annotators answer at once."""
    assert people.asks(FIRST)
    assert not people.asks(FIRST.round.stage("train"))
    oracle = settings.model_copy(update={"annotation": type(settings.annotation)()})
    assert not People(MemoryStore(), Plan(oracle)).asks(FIRST)


def test_a_stage_is_looked_at_every_minute_until_it_is_done(people: People, passes: Passes) -> None:
    """At once, and then after each 60 seconds."""
    passes.scripts[FIRST] = [6, 2]
    people.start(FIRST)
    assert people.wait_until_done() == [FIRST]
    assert passes.made == [(0, FIRST), (60, FIRST), (120, FIRST)]
    assert not people.is_asking


def test_a_look_that_is_not_due_asks_nobody(people: People, passes: Passes) -> None:
    """Whoever looks more often, as a driver does, makes no more passes."""
    passes.scripts[FIRST] = [6, 6]
    people.start(FIRST)
    assert people.look() == []
    passes.now = 59
    assert people.look() == []
    assert len(passes.made) == 1
    people.wait(0.5)
    assert passes.now == 59.5
    people.wait()
    assert passes.now == 60


def test_who_is_woken_looks_soon(people: People, passes: Passes) -> None:
    """Somebody has submitted: the minute is not waited for, but two looks are 5 seconds apart."""
    passes.scripts[FIRST] = [2, 1]
    people.start(FIRST)
    people.look()
    passes.now = 10
    people.wake()
    people.wait()
    assert people.look() == []
    people.wake()
    people.wait()
    assert people.wait_until_done() == [FIRST]
    assert [now for now, _ in passes.made] == [0, 10, 15]


def test_a_webhook_wakes_the_look(
    settings: Config, passes: Passes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The listener is there when the first stage is, and only one for all of them."""
    studio = {"url": "http://labels", "webhook": "http://here:8471"}
    annotation = settings.annotation.model_validate(
        {"annotator": "label_studio", "label_studio": studio}
    )
    wakers: list[Callable[[], None]] = []

    def listen(wake: Callable[[], None]) -> object:
        wakers.append(wake)
        return object()

    monkeypatch.setattr("job.launch.people.listen", listen)
    config = settings.model_copy(update={"annotation": annotation})
    people = People(begun(MemoryStore(), config), Plan(config))
    assert not wakers
    passes.scripts[FIRST] = [1]
    people.start(FIRST)
    people.start(SECOND)
    people.look()
    [wake] = wakers
    wake()
    passes.now = 6
    assert people.look() == [FIRST]


def test_the_state_is_what_the_last_look_has_found(people: People, passes: Passes) -> None:
    """With counts and link; a stage that is done has none."""
    passes.scripts[FIRST] = [6, 2]
    people.start(FIRST)
    people.start(SECOND)
    assert people.look() == [SECOND]
    assert reasons(people) == [f"annotating: 6 of 6 to go: {LINK}"]
    passes.now = 60
    people.look()
    assert reasons(people) == [f"annotating: 2 of 6 to go: {LINK}"]


def test_a_stage_that_another_process_has_ended_stays_as_it_is(
    settings: Config, passes: Passes
) -> None:
    """A pass would remove its marker, and take what people say after it."""
    store = begun(MemoryStore(), settings)
    people = People(store, Plan(settings))
    passes.scripts[FIRST] = [2, 1]
    people.start(FIRST)
    assert people.look() == []
    end(store, settings, FIRST)
    passes.now = 60
    assert people.look() == [FIRST]
    assert len(passes.made) == 1


def test_a_server_that_is_down_is_a_reason_and_no_failure(people: People, passes: Passes) -> None:
    """It may be down for a day; the other stages ask the same one, and wait as long."""
    away = "http://labels does not answer"
    passes.scripts[FIRST] = [2, TemporaryError(away), 1]
    passes.scripts[SECOND] = [3]
    people.start(FIRST)
    people.start(SECOND)
    people.look()
    passes.now = 60
    assert people.look() == []
    assert reasons(people) == [f"annotating: {away}", f"annotating: 3 of 6 to go: {LINK}"]
    assert passes.made[2:] == [(60, FIRST)]
    passes.now = 120
    assert people.look() == [SECOND]
    assert passes.made[3:] == [(120, FIRST), (120, SECOND)]


def test_any_other_error_is_a_failure(people: People, passes: Passes) -> None:
    """A token that is refused is not accepted a minute later."""
    passes.scripts[FIRST] = [ConfigError("the token is refused")]
    people.start(FIRST)
    with capture_logs() as lines, pytest.raises(ConfigError):
        people.look()
    assert [(each["event"], each["stage"]) for each in lines] == [("stage.failed", "annotate")]


def test_a_look_goes_by_what_the_experiment_says_by_now(settings: Config, passes: Passes) -> None:
    """`al-job init` has taken another interval; whoever waits need not be started again."""
    store = begun(MemoryStore(), settings)
    people = People(store, Plan(settings))
    passes.scripts[FIRST] = [6, 6]
    people.start(FIRST)
    people.look()
    sooner = settings.annotation.model_copy(update={"poll_seconds": 10.0})
    begun(store, settings.model_copy(update={"annotation": sooner}))
    assert people.wait_until_done() == [FIRST]
    assert [now for now, _ in passes.made] == [0, 60, 70]


def test_proposals_are_those_of_the_plan(settings: Config, passes: Passes) -> None:
    """Rounds that were not scored for them have none, and no model is asked where people are."""
    store = begun(MemoryStore(), settings)
    people = People(store, Plan(settings))
    changed = settings.annotation.model_copy(update={"proposals": 0.5, "instructions": "All"})
    begun(store, settings.model_copy(update={"annotation": changed}))
    people.start(FIRST)
    people.look()
    [asked] = passes.asked
    assert (asked.proposals, asked.instructions) == (None, "All")


def test_what_is_not_new_is_not_logged_again(people: People, passes: Passes) -> None:
    """A weekend leaves no thousand lines; an image that needs attention has one of its own."""
    passes.scripts[FIRST] = [6, 6, 6]
    passes.attention = (Attention("000007", "a polygon", f"{LINK}/1"),)
    with capture_logs() as lines:
        people.start(FIRST)
        people.wait_until_done()
    told = [(each["event"], each.get("image")) for each in lines]
    assert told == [
        ("stage.begin", None),
        ("stage.waits", None),
        ("annotation.needs_attention", "000007"),
    ]


def test_a_parked_stage_is_told_and_raised_at_the_end(people: People) -> None:
    """The next command continues it, after people have added labels."""
    people.raise_what_is_parked()
    people.park(FIRST, MissingLabelsError("2 images have no label yet"))
    assert reasons(people) == ["needs labels: 2 images have no label yet"]
    with pytest.raises(MissingLabelsError, match="2 images"):
        people.raise_what_is_parked()
