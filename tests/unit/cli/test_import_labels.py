"""`al-job import labels`: what people drew in a tool that is not talked to."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from job.annotation.book import Book
from job.storage.local import LocalStore
from tests.conftest import AlJob

SILENCE = (
    "note: the file cannot say whether somebody has looked at an image without boxes; if all of "
    "the work is done, give --complete, and they count as empty"
)


@pytest.fixture
def state(al_job: AlJob, tiny: str, tmp_path: Path) -> Path:
    """A store whose experiment asks people, and has the picks of round 0."""
    (tmp_path / "people.yaml").write_text(f"{tiny}annotation: {{annotator: files}}\n")
    store = ("--store", tmp_path / "state")
    assert al_job("init", tmp_path / "people.yaml", *store).code == 0
    assert al_job("select", "--round", 0, *store).code == 0
    return tmp_path / "state"


@pytest.fixture
def files(al_job: AlJob, state: Path, tmp_path: Path) -> list[str]:
    """The names of the picks' files, by rank."""
    out = tmp_path / "to-cvat"
    assert al_job("export", "picks", "--format", "cvat", "--out", out, "--store", state).code == 0
    return sorted(path.name for path in (out / "images").iterdir())


def cvat(path: Path, images: Sequence[tuple[str, str]]) -> Path:
    """A file of CVAT, by the name of each image and what is in it."""
    inner = "".join(
        f'<image id="0" name="{name}" width="64" height="64">{each}</image>'
        for name, each in images
    )
    path.write_text(f"<annotations><version>1.1</version>{inner}</annotations>")
    return path


def box(label: str, right: float = 30) -> str:
    """A box of 20 pixels' height."""
    return f'<box label="{label}" xtl="10" ytl="10" xbr="{right}" ybr="30"/>'


def boxes_in_book(state: Path) -> dict[str, list[str]]:
    """The classes of the boxes in the book, by image."""
    answers = Book(LocalStore(state), "tiny").answers()
    return {key: [each.label for each in said[-1].answer.boxes] for key, said in answers.items()}


def test_labels_are_taken_once(
    al_job: AlJob, state: Path, files: list[str], tmp_path: Path
) -> None:
    """With a line for each image that is not answered; the same file again changes nothing."""
    images = [(files[0], box("ring")), (files[1], ""), (files[2], box("dgo"))]
    path = cvat(tmp_path / "a.xml", [*images, ("other.jpg", box("ring"))])
    command = ("import", "labels", path, "--round", 0, "--store", state)
    first = al_job(*command)
    assert first.code == 0
    assert first.out.splitlines() == [
        f"{path}: CVAT 1.1, 4 images",
        "answers: 2 new",
        f"without boxes: {files[1]}",
        f"wrong: {files[2]}: 'dgo' is not a class",
        *(f"missing: {name}" for name in files[3:]),
        f"unknown: {path}: image 3 'other.jpg'",
        "round 0: 1 of 6 picks are answered; 1 to be corrected",
        SILENCE,
        "note: CVAT 1.1: no seconds are measured, so they are assumed",
    ]
    assert sorted(boxes_in_book(state).values()) == [["dgo"], ["ring"]]
    objects = sorted((state / "experiments/tiny/answers").iterdir())
    second = al_job(*command)
    assert second.out.splitlines()[1] == "answers: 2 as before"
    assert sorted((state / "experiments/tiny/answers").iterdir()) == objects


def test_answered_picks_need_not_be_exported_again(
    al_job: AlJob, state: Path, files: list[str], tmp_path: Path
) -> None:
    """Wrong ones are."""
    command = ("import", "labels", "--round", 0, "--store", state)
    picks = ("export", "picks", "--unlabelled", "--format", "coco", "--store", state)
    al_job(*command, cvat(tmp_path / "a.xml", [(files[0], box("ring")), (files[1], box("dgo"))]))
    assert al_job(*picks, "--out", tmp_path / "out").out.splitlines()[1] == "5 of 6 images"
    assert sorted(each.name for each in (tmp_path / "out/images/default").iterdir()) == files[1:]
    al_job(*command, cvat(tmp_path / "b.xml", [(name, box("ring")) for name in files]))
    ended = al_job(*picks, "--out", tmp_path / "none")
    assert ended.error == "al-job: all 6 picks have labels already; none waits for them"


def test_a_changed_answer_is_told_and_counts(
    al_job: AlJob, state: Path, files: list[str], tmp_path: Path
) -> None:
    """Also one that is changed back."""
    command = ("import", "labels", "--round", 0, "--store", state)
    one = cvat(tmp_path / "one.xml", [(files[0], box("ring"))])
    two = cvat(tmp_path / "two.xml", [(files[0], box("ring") + box("disc", 40))])
    al_job(*command, one)
    changed = al_job(*command, two).out.splitlines()
    assert changed[1:3] == ["answers: 1 changed", f"changed: {files[0]}: 2 boxes, before 1 box"]
    assert [*boxes_in_book(state).values()] == [["ring", "disc"]]
    assert al_job(*command, one).out.splitlines()[1] == "answers: 1 changed"
    other = cvat(tmp_path / "other.xml", [(files[0], box("disc"))])
    assert al_job(*command, other).out.splitlines()[2] == (
        f"changed: {files[0]}: other boxes than before"
    )
    al_job(*command, one)
    assert [*boxes_in_book(state).values()] == [["ring"]]


def test_what_a_layout_cannot_say_is_said_by_options(
    al_job: AlJob, state: Path, files: list[str], tmp_path: Path
) -> None:
    """An image without boxes is empty in complete work, and a refused one is named."""
    path = cvat(tmp_path / "a.xml", [(name, "") for name in files])
    command = ("import", "labels", path, "--round", 0, "--store", state, "--complete")
    ended = al_job(*command, "--refuse", files[0])
    assert ended.out.splitlines()[1:] == [
        "answers: 6 new",
        "round 0: 6 of 6 picks are answered",
        "note: CVAT 1.1: no seconds are measured, so they are assumed",
    ]
    refused = [
        said[-1].answer.is_refused for said in Book(LocalStore(state), "tiny").answers().values()
    ]
    assert sorted(refused) == [False] * 5 + [True]
    ended = al_job(*command, "--refuse", "nothing.jpg")
    assert (ended.code, ended.error) == (
        64,
        "al-job: --refuse nothing.jpg: is not one of the picks of this round",
    )


def test_nothing_is_taken_from_files_that_are_wrong(
    al_job: AlJob, state: Path, files: list[str], tmp_path: Path
) -> None:
    """One of them damaged, or none of their images picked."""
    good = cvat(tmp_path / "a.xml", [(files[0], box("ring"))])
    other = cvat(tmp_path / "b.xml", [("other.jpg", box("ring"))])
    (tmp_path / "c.xml").write_text("<annotations>")
    command = ("import", "labels", "--round", 0, "--store", state)
    ended = al_job(*command, good, tmp_path / "c.xml")
    assert (ended.code, "c.xml: malformed XML" in ended.error) == (65, True)
    ended = al_job(*command, other)
    assert (ended.code, ended.error) == (
        65,
        f"al-job: {other}: none of its images is one of the 6 picks of this round",
    )
    assert not boxes_in_book(state)


def test_labels_for_the_oracle_are_refused(al_job: AlJob, begun: Path, tmp_path: Path) -> None:
    """Nobody would read them."""
    path = cvat(tmp_path / "a.xml", [])
    ended = al_job("import", "labels", path, "--round", 0, "--store", begun)
    assert ended.code == 64
    assert "its annotation.annotator is oracle, and only `files` and `label_studio` " in ended.error
    assert al_job("import").code == 64


def test_people_are_shown_the_proposals_of_the_setting(
    al_job: AlJob, state: Path, tmp_path: Path
) -> None:
    """The accounts of a round go by it; another confidence is refused."""
    out = ("--format", "cvat", "--out", tmp_path / "out", "--store", state)
    ended = al_job("export", "picks", "--proposals", 0.5, *out)
    assert (ended.code, ended.error) == (
        64,
        "al-job: --proposals 0.5: annotation.proposals of the experiment has none in this round",
    )
