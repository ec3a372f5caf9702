"""A data set that grows: drawn images, of which some have labels and some get them later."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import ClassVar

from job import experiment
from job.artifacts.picks import load_picks
from job.config import loading
from job.config.schema import Config
from job.data.formats.base import LoadedSample, Sample, Source
from job.data.formats.synthetic import SHAPES, SyntheticSource
from job.data.ingest.ingest import ingest
from job.data.ingest.labels import ingest_labels
from job.errors import MissingLabelsError
from job.experiment import Outcome
from job.keys import Split
from job.storage import Store
from tests.outputs import is_output

GROWING = """
experiment: growing
dataset: {name: photos}
test: {from: none}
rounds: 3
budget: {initial: 2, per_round: 2}
cold_start: {strategy: random}
arms: {entropy: {strategy: entropy}}
detector: {size: 64, width: 0.25, backbone: scratch}
train: {steps: 2, batch_size: 2, optimizer: adamw, learning_rate: 0.001}
score: {images_per_part: 5}
runtime: {threads: 1}
"""
GIVEN, PHOTOS, MORE, MORE_GIVEN = range(4), range(4, 16), range(16, 22), range(22, 24)


class Drawn(Source):
    """Some of 24 drawn images of 64 x 64 pixels; the image 7 has the id `000007`."""

    kind: ClassVar[str] = "drawn"

    numbers: tuple[int, ...]
    annotated: bool = True
    num_test: int = 0
    wider: float = 0.0
    """How many pixels the boxes begin further to the left: another label of the same image."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The shapes' names."""
        return tuple(shape.name for shape in SHAPES)

    @property
    def has_test(self) -> bool:
        """Whether there is a test set."""
        return self.num_test > 0

    @property
    def annotates_pool(self) -> bool:
        """Whether the images come with annotations."""
        return self.annotated

    def identity(self) -> dict[str, str | int]:
        """Which images, and how they are annotated."""
        return {"what": self.model_dump_json()}

    def num_images(self, split: Split) -> int:
        """How many there are."""
        return self.num_test if split == "test" else len(self.numbers)

    def samples(self, split: Split) -> Iterator[Sample]:
        """Each image, drawn when it is asked for."""
        every = list(SyntheticSource(num_pool=24, num_test=6, size=64).samples(split))
        for sample in (
            every[: self.num_test] if split == "test" else map(every.__getitem__, self.numbers)
        ):
            yield Sample(sample.id, partial(self._load, sample, split))

    def _load(self, sample: Sample, split: Split) -> LoadedSample:
        loaded = sample.load()
        boxes = [
            replace(
                box,
                corners_xyxy=(max(box.corners_xyxy[0] - self.wider, 0.0), *box.corners_xyxy[1:]),
            )
            for box in loaded.boxes
        ]
        kept = boxes if self.annotated or split == "test" else []
        return replace(loaded, boxes=tuple(kept))


def drawn(numbers: Iterable[int], **options: object) -> Drawn:
    """Return a source of the images of these numbers."""
    return Drawn.model_validate({"numbers": tuple(numbers), **options})


def begin(store: Store, *, num_test: int = 0) -> Config:
    """Ingest 12 images without labels and 4 with; return an experiment on them."""
    photos = drawn(PHOTOS, annotated=False, num_test=num_test)
    ingest(store, photos, "photos", labelled=drawn(GIVEN))
    text = GROWING.replace("test: {from: none}\n", "") if num_test else GROWING
    return loading.parse(text, "growing")


def grow(store: Store) -> None:
    """Add 6 images without labels and 2 with, as a new version."""
    more = drawn(MORE, annotated=False)
    ingest(store, more, "photos", labelled=drawn(MORE_GIVEN), append=True)


def correct(store: Store, numbers: Iterable[int]) -> None:
    """Correct the labels of some images, as a new version: their boxes are 3 pixels wider."""
    ingest_labels(store, drawn(numbers, wider=3), "photos", correct=True)


def label_picks(store: Store) -> None:
    """Label what all rounds have picked, as people do: a new version of the data set."""
    keys = [key for key in store.list("experiments/") if is_output(key) and "/select/picks-" in key]
    ids = {pick.id for key in keys for pick in load_picks(store.read(key), key)}
    unlabelled = sorted(int(each) for each in ids if int(each) >= len(GIVEN))
    ingest_labels(store, drawn(unlabelled), "photos", skip_bad=True)


def run_with_people(store: Store, config: Config) -> Outcome:
    """Run an experiment to its end; people label what it waits for."""
    while True:
        try:
            return experiment.run(store, config)
        except MissingLabelsError:
            label_picks(store)
