"""What is known of the picks of a round."""

import pytest

from job.errors import BadDataError, UsageError
from job.keys import RoundRef
from job.serve.looks import Experiment, Look
from job.serve.picks import Picks
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.stores import filled
from tests.unit.serve.people import AT_WORK, DONE


@pytest.fixture
def look(people: MemoryStore) -> Look:
    return Experiment(people, "tiny").look()


def test_labelled_picks_have_their_labels(finished: LocalStore) -> None:
    """In the order of rank, with the classes' colours."""
    look, ref = Experiment(finished, "tiny").look(), RoundRef("tiny", 0, "brust", 1)
    shown = Picks().of_round(look, ref)
    assert [each.image.id for each in shown] == [pick.id for pick in look.reader.picks(ref)]
    labelled = {each.id: each.annotation for each in look.reader.labelled_images(ref)}
    for each in shown:
        annotation = labelled[each.image.id]
        assert each.state == "labelled"
        assert [box.title for box in each.outlines] == list(annotation.labels)
        assert [list(box.corners_xyxy) for box in each.outlines] == annotation.boxes_xyxy.tolist()
        assert not any(box.is_dashed for box in each.outlines)


def test_picks_say_what_became_of_them(look: Look) -> None:
    """By whom they were labelled, which were refused, and which returned to the pool."""
    shown = Picks().of_round(look, DONE)
    assert [each.state for each in shown] == ["labelled", "refused", "open", "labelled"]
    assert [bool(each.outcome and each.outcome.annotators) for each in shown] == [
        True,
        True,
        False,
        True,
    ]


def test_picks_that_wait_have_the_proposals(look: Look) -> None:
    """Dashed, with their confidence; what needs attention is known by its link."""
    first, second, *_ = Picks().of_round(look, AT_WORK)
    assert first.state == second.state == "waiting"
    (box,) = first.outlines
    assert (box.corners_xyxy, box.name, box.is_dashed) == ((4, 8, 24, 40), "circle 0.75", True)
    assert second.attention
    assert second.attention.reason == "an unknown class: sircle"
    assert not second.outlines


def test_a_batch_of_other_picks_is_not_shown(people: MemoryStore) -> None:
    """The round has selected anew, and nobody was asked since."""
    store = filled(MemoryStore(), people)
    key = AT_WORK.stage("annotate").key("batch.json")
    store.write(key, store.read(key).replace(b'"id": "', b'"id": "9'))
    shown = Picks().of_round(Experiment(store, "tiny").look(), AT_WORK)
    assert len(shown) == 4
    assert not any(each.outlines for each in shown)


def test_picks_are_read_once(look: Look, people: MemoryStore) -> None:
    """Until the round is annotated, or something else needs attention."""
    picks = Picks()
    first = picks.of_round(look, AT_WORK)
    assert picks.of_round(Experiment(people, "tiny").look(), AT_WORK) is first


def test_a_round_without_picks_is_refused(begun: tuple[MemoryStore, object]) -> None:
    """The message has the command to run."""
    look = Experiment(begun[0], "tiny").look()
    with pytest.raises(UsageError, match="is not done yet"):
        Picks().of_round(look, RoundRef("tiny", 0, None, 0))


def test_a_damaged_image_is_told(people: MemoryStore) -> None:
    """Its bytes are held against the index of the data set."""
    store = filled(MemoryStore(), people)
    for key in list(store.list("datasets/drawn/pool/")):
        if key.endswith(".tar"):
            store.write(key, b"\0" * len(store.read(key)))
    look, picks = Experiment(store, "tiny").look(), Picks()
    with pytest.raises(BadDataError, match="other bytes than when ingested"):
        picks.picture(look, AT_WORK, 0, 320)
    assert picks.picture(look, AT_WORK, 99, 320) is None
