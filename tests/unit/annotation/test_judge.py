"""What the answers to an image amount to."""

import numpy as np
import pytest

from job.annotation.answers import Answer, DrawnBox
from job.annotation.judge import Judge, Verdict
from job.config.annotation import AnnotationConfig
from tests.unit.annotation.answering import CAT, DOG, answer, said

COW = DrawnBox("cow", (0, 0, 9, 9))
SKIP = answer(is_refused=True)


def judged(*answers: Answer, **settings: object) -> Verdict:
    """The verdict on answers that came one after the other."""
    people = {"annotator": "label_studio", "label_studio": {"url": "http://h"}}
    config = AnnotationConfig.model_validate(people | settings)
    return Judge(("cat", "dog"), config).verdict(said(*answers), (40, 30))


def by_bob(*boxes: DrawnBox, **rest: object) -> Answer:
    """An answer of another annotator."""
    return answer(*boxes, by="bob", **rest)  # type: ignore[arg-type]


def labels(verdict: Verdict) -> tuple[str, ...]:
    """The classes of a labelled image's boxes."""
    assert verdict.fate == "labelled"
    assert verdict.annotation
    return verdict.annotation.labels


def test_an_answer_labels_an_image() -> None:
    """One without a box, too: it shows nothing."""
    assert labels(judged(answer(DOG))) == ("dog",)
    assert labels(judged(answer())) == ()
    assert judged().fate == "open"


def test_a_skipped_image_is_refused() -> None:
    """It cannot be labelled; its answer stays, because its time counts."""
    verdict = judged(SKIP)
    assert (verdict.fate, verdict.annotation, len(verdict.said)) == ("refused", None, 1)


def test_a_wrong_answer_leaves_it_open() -> None:
    """The reasons are named."""
    verdict = judged(answer(DOG, COW, DrawnBox("dog", (5, 5, 5, 5))))
    assert (verdict.fate, verdict.annotation) == ("open", None)
    assert verdict.problem == "'cow' is not a class; a box is wrong: inverted or empty"


def test_a_right_answer_takes_the_place_of_a_wrong_one() -> None:
    """And a wrong one after a right one has to be looked at."""
    assert labels(judged(answer(COW), by_bob(DOG))) == ("dog",)
    assert judged(answer(DOG), by_bob(COW)).problem == "'cow' is not a class"


def test_as_many_as_are_asked_for_have_to_answer() -> None:
    """The last of them counts; wrong ones are none."""
    assert judged(answer(DOG), per_image=2) == Verdict("open", tuple(said(answer(DOG))))
    assert labels(judged(answer(DOG), by_bob(CAT), per_image=2)) == ("cat",)
    assert judged(answer(COW), by_bob(CAT), per_image=2).problem == "'cow' is not a class"


def test_the_last_one_decides_whether_it_is_refused() -> None:
    """By the policy `latest`."""
    assert judged(answer(DOG), by_bob(is_refused=True)).fate == "refused"
    assert labels(judged(SKIP, by_bob(DOG))) == ("dog",)


def test_ground_truth_settles_it() -> None:
    """Whoever comes later, however many are missing, and whatever is wrong with others."""
    true = answer(DOG, is_ground_truth=True)
    assert labels(judged(true, by_bob(CAT))) == ("dog",)
    assert labels(judged(true, per_image=3)) == ("dog",)
    assert labels(judged(true, by_bob(COW))) == ("dog",)
    assert judged(answer(COW, is_ground_truth=True)).fate == "open"
    refused = answer(is_refused=True, is_ground_truth=True)
    assert judged(refused, by_bob(CAT)).fate == "refused"
    assert judged(true, by_bob(is_refused=True, is_ground_truth=True)).fate == "refused"


CONSENSUS = {"several": "consensus", "per_image": 2}


def test_consensus_is_what_most_drew() -> None:
    """Both drew the dog, of which the mean counts; one alone the cat."""
    shifted = DrawnBox("dog", (12, 10, 32, 30))
    verdict = judged(answer(DOG, CAT), by_bob(shifted), **CONSENSUS)
    assert labels(verdict) == ("dog",)
    assert verdict.annotation
    np.testing.assert_allclose(verdict.annotation.boxes_xyxy, [[11, 10, 31, 30]])
    assert verdict.agreement == pytest.approx(2 / 3)


def test_consensus_needs_a_majority_to_refuse() -> None:
    """One of two does not refuse an image, and two of three do."""
    assert labels(judged(SKIP, by_bob(DOG), **CONSENSUS)) == ("dog",)
    assert labels(judged(answer(DOG), by_bob(is_refused=True), **CONSENSUS)) == ("dog",)
    third = answer(by="cid", is_refused=True)
    assert judged(SKIP, by_bob(DOG), third, **CONSENSUS).fate == "refused"


def test_agreement_is_of_those_who_labelled() -> None:
    """By any policy; one alone agrees with nobody."""
    assert judged(answer(DOG), by_bob(DOG)).agreement == 1.0
    assert judged(answer(DOG), by_bob(is_refused=True)).agreement is None
    assert judged(answer(DOG)).agreement is None
