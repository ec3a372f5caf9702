"""Example pictures of classes, from what is labelled."""

from io import BytesIO

from PIL import Image

from job.annotation.examples import examples_of
from job.artifacts.experiment_file import load_experiment
from job.artifacts.round_reader import RoundReader
from job.data.decoding import decode_rgb
from job.keys import RoundRef
from job.plan import Plan
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore

INK = (230, 159, 0)


def reader(store: LocalStore | MemoryStore, name: str, index: int) -> RoundReader:
    """What a round of an experiment is given."""
    plan = Plan(load_experiment(store, name))
    return RoundReader(store, plan, RoundRef(name, 0, "brust", index))


def test_an_example_shows_the_largest_box_of_its_class(finished: LocalStore) -> None:
    """Outlined, on its image; a class of which nothing is labelled has none."""
    io = reader(finished, "tiny", 1)
    labelled = io.unrecorded(io.earlier[0]).labelled_so_far()
    name = labelled[0].annotation.labels[0]
    largest = max(
        (
            ((box[2] - box[0]) * (box[3] - box[1]), image, box)
            for image in labelled
            for box, label in zip(
                image.annotation.boxes_xyxy.tolist(), image.annotation.labels, strict=True
            )
            if label == name
        ),
        key=lambda each: each[0],
    )
    found = examples_of(io, [name, "unicorn"])
    assert list(found) == [name]
    picture = Image.open(BytesIO(found[name])).convert("RGB")
    _, image, (left, top, right, bottom) = largest
    assert picture.size == decode_rgb(image.read().data).size
    middle = (left + right) / 2, (top + bottom) / 2
    edge = picture.getpixel((int(middle[0]), int(top) + 1))
    assert isinstance(edge, tuple)
    assert max(abs(a - b) for a, b in zip(edge, INK, strict=True)) < 70


def test_nothing_is_read_if_no_class_lacks_one(finished: LocalStore) -> None:
    """After the first rounds it is so in every pass."""
    io = reader(finished, "tiny", 1)
    assert examples_of(io, []) == {}
    assert "dataset" not in vars(io)


def test_before_round_0_examples_are_labels_that_came_along(grown: MemoryStore) -> None:
    """Of images that were labelled when they came into the pool."""
    plan = Plan(load_experiment(grown, "growing"))
    io = RoundReader(grown, plan, RoundRef("growing", 0, None, 0))
    given = io.dataset.known_images(io.dataset.given_ids())
    names = {label for image in given for label in image.annotation.labels}
    assert examples_of(io, io.dataset.classes).keys() == names
