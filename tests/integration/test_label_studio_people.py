"""People in Label Studio: two of them at browsers, and an experiment of three rounds."""

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from job.annotation.answers import DrawnBox
from job.artifacts.experiment_file import load_experiment
from job.artifacts.round_reader import RoundReader
from job.data.dataset import Dataset
from job.data.ground_truth import read_ground_truth
from job.keys import RoundRef
from job.plan import Plan
from job.records.annotation import Annotation
from job.storage.local import LocalStore
from tests.integration.processes import AlJobProcess, al_job_process
from tests.label_studio.asking import CLASSES, Place, read_images
from tests.label_studio.double import LEGACY
from tests.label_studio.person import BOX, Person, person
from tests.label_studio.server import RealServer

pytestmark = pytest.mark.label_studio
BOXES: tuple[BOX, BOX] = ((0.55, 0.6, 0.8, 0.9), (0.6, 0.65, 0.95, 0.85))
"""Of the two people, away from the boxes that are proposed."""


@contextmanager
def two_people(place: Place) -> Iterator[tuple[Person, Person]]:
    """Each at a browser of their own."""
    ends = uuid4().hex[:6]
    with person(place, f"ann-{ends}@b.org") as ann, person(place, f"bob-{ends}@b.org") as bob:
        yield ann, bob


def label(somebody: Person, box: BOX, num_tasks: int) -> dict[int, BOX]:
    """Draw one box in each task, submit it, and return what was drawn where."""
    drawn: dict[int, BOX] = {}
    while len(drawn) < num_tasks and (number := somebody.task()) is not None:
        somebody.draw("2", box)
        somebody.press("submit")
        drawn[number] = box
    return drawn


def close(box: DrawnBox, share: BOX, width: int, height: int) -> bool:
    """Whether a box is where the mouse was, to two pixels of the screen, which shows 700 a side."""
    scale = (width, height, width, height)
    pairs = zip(box.corners_xyxy, share, scale, strict=True)
    return all(abs(corner - part * size) < size * 2 / 500 for corner, part, size in pairs)


def test_two_people_at_once_never_have_the_same_task(label_studio: RealServer) -> None:
    """Every box comes back where it was drawn, with who drew it and how long that took."""
    place = Place(label_studio.url, f"two-{uuid4().hex[:8]}")
    place.tool(instructions="Draw.").push(place.batch(), read_images)
    with two_people(place) as people, ThreadPoolExecutor(2) as pool:
        for somebody in people:
            somebody.start(place.projects[0])
        labels = [pool.submit(label, *each, 5) for each in zip(people, BOXES, strict=True)]
        first, second = (each.result() for each in labels)
    assert not first.keys() & second.keys()
    assert first
    assert second
    drawn = first | second
    assert len(drawn) == len(place.asked)
    for task in place.tool().tasks():
        (answer,) = task.answers
        share = drawn[int(task.link.rpartition("=")[2])]
        assert answer.by.startswith("ann" if share == BOXES[0] else "bob")
        assert answer.seconds
        assert answer.seconds > 0
        (box,) = [each for each in answer.boxes if each.label == CLASSES[1]]
        assert close(box, share, 100, 80)
        proposed = [each.proposal for each in answer.boxes if each is not box]
        assert proposed == (["proposal-0"] if task.image_id in {"p/0", "p/2", "p/4"} else [])


EXPERIMENT = """
experiment: {name}
dataset:
  name: drawn
  synthetic: {{num_pool: 24, num_test: 6, size: 64}}
rounds: 3
budget: {{initial: 6, per_round: 4}}
cold_start: {{strategy: random}}
arms:
  entropy: {{strategy: entropy}}
detector: {{size: 64, width: 0.25, backbone: scratch}}
train:
  init: warm_start
  steps: 4
  batch_size: 4
  optimizer: adamw
  learning_rate: 0.001
score: {{images_per_part: 5}}
runtime: {{threads: 1}}
annotation:
  annotator: label_studio
  label_studio: {{url: "{url}"}}
  proposals: 0.05
  poll_seconds: 0.5
  instructions: Draw a tight box around each object.
"""


class Crowd:
    """People who answer by the API: they draw what is there, and remember it."""

    def __init__(self, place: Place, store: LocalStore) -> None:
        self.place = place
        self.store = store
        self.drawn: dict[str, Annotation] = {}
        self.refused: list[str] = []

    @property
    def truth(self) -> Mapping[str, Annotation]:
        """What the images really show."""
        dataset = Dataset.open(self.store, "drawn")
        return read_ground_truth(dataset, dataset.ids("pool"))

    def open_ids(self) -> list[str]:
        """The images that nobody has answered, in the order in which people get them."""
        if not self.place.projects:
            return []
        return [
            task.image_id
            for task in self.place.tool(classes=self.classes).tasks()
            if not task.answers
        ]

    @property
    def classes(self) -> tuple[str, ...]:
        """Those of the data set."""
        return Dataset.open(self.store, "drawn").classes

    def wait_for(self, num_open: int) -> None:
        """Wait until so many images are asked for."""
        until = time.monotonic() + 120
        while not self.place.projects or len(self.open_ids()) < num_open:
            assert time.monotonic() < until, "nobody is asked"
            time.sleep(0.2)

    def answer(self, num_images: int) -> None:
        """Label so many of those that are open."""
        truth = self.truth
        for image_id in self.open_ids()[:num_images]:
            annotation = truth[image_id]
            size = {"original_width": annotation.width, "original_height": annotation.height}
            boxes = [
                _region(box, name, size)
                for box, name in zip(annotation.boxes_xyxy.tolist(), annotation.labels, strict=True)
            ]
            self.place.annotate(image_id, boxes)
            self.drawn[image_id] = annotation

    def refuse(self) -> None:
        """Skip the first image that is open."""
        image_id = self.open_ids()[0]
        self.place.annotate(image_id, [], was_cancelled=True, lead_time=3)
        self.refused.append(image_id)


def _region(box: list[float], name: str, size: Mapping[str, int]) -> dict[str, Any]:
    width, height = size["original_width"], size["original_height"]
    value = {
        "x": 100 * box[0] / width,
        "y": 100 * box[1] / height,
        "width": 100 * (box[2] - box[0]) / width,
        "height": 100 * (box[3] - box[1]) / height,
        "rotation": 0,
        "rectanglelabels": [name],
    }
    names = {"type": "rectanglelabels", "from_name": "label", "to_name": "image"}
    return {"id": uuid4().hex[:10], **names, **size, "image_rotation": 0, "value": value}


Run = Callable[[], Any]


@pytest.fixture
def crowd(label_studio: RealServer, tmp_path: Path) -> Crowd:
    """People, of an experiment that has not begun."""
    place = Place(label_studio.url, f"three-{uuid4().hex[:8]}", dataset="drawn")
    text = EXPERIMENT.format(name=place.name, url=place.url)
    (tmp_path / "experiment.yaml").write_text(text)
    return Crowd(place, LocalStore(tmp_path / "state"))


def run(tmp_path: Path) -> Any:
    """A process that runs the experiment."""
    command = ("run", tmp_path / "experiment.yaml", "--store", tmp_path / "state")
    return al_job_process(*command, environment={"AL_LABEL_STUDIO_TOKEN": LEGACY})


def killed(process: AlJobProcess, number: signal.Signals = signal.SIGKILL) -> None:
    process.send_signal(number)


def test_three_rounds_end_with_the_boxes_that_people_drew(crowd: Crowd, tmp_path: Path) -> None:
    """Killed and resumed in between, with two people at browsers and the others by the API."""
    place = crowd.place
    with run(tmp_path) as process:
        crowd.wait_for(6)
        with two_people(place) as people, ThreadPoolExecutor(2) as pool:
            for somebody in people:
                somebody.start(place.projects[0])
            labels = [pool.submit(label, *each, 2) for each in zip(people, BOXES, strict=True)]
            by_mouse = labels[0].result() | labels[1].result()
        killed(process)
    crowd.answer(6)  # while nobody looks
    with run(tmp_path) as process:
        crowd.wait_for(1)
        killed(process)  # perhaps within the push of round 1
    with run(tmp_path) as process:
        crowd.wait_for(4)
        crowd.refuse()
        crowd.answer(1)
        killed(process, signal.SIGTERM)
    with run(tmp_path) as process:
        crowd.answer(4)
        crowd.wait_for(4)  # of round 2
        crowd.answer(4)
    assert process.returncode == 0
    assert len(place.asked) == len(set(place.asked)) == 6 + 4 + 4
    config = load_experiment(crowd.store, place.name)
    reader = RoundReader(crowd.store, Plan(config), RoundRef(place.name, 0, "entropy", 2))
    labelled = {image.id: image.annotation for image in reader.labelled_so_far()}
    assert labelled.keys() | {*crowd.refused} == {*place.asked}
    by_number = {row["id"]: row["data"]["al_id"] for row in place.rows}
    mouse = {by_number[number]: box for number, box in by_mouse.items()}
    assert labelled.keys() == crowd.drawn.keys() | mouse.keys()
    assert len(mouse) == 4
    for image_id, annotation in crowd.drawn.items():
        found = labelled[image_id]
        assert found.labels == annotation.labels
        assert found.boxes_xyxy == pytest.approx(annotation.boxes_xyxy, abs=0.01)
    for image_id, share in mouse.items():
        found = labelled[image_id]
        box = DrawnBox(found.labels[0], tuple(found.boxes_xyxy[0].tolist()))
        assert close(box, share, found.width, found.height)
    assert (tmp_path / f"state/experiments/{place.name}/report/index.html").exists()
