"""The inputs of a training, also as JSON for other processes, and its result."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from PIL import Image

from job.config.schema import Config
from job.data.decoding import decode_rgb
from job.data.shards import LabelledImage, read_labelled, with_labels
from job.detection.detectors.base import Detector, save_model
from job.detection.device import resolve_device
from job.detection.training.context import TrainingContext
from job.detection.training.loop import fit
from job.detection.training.process_group import Group
from job.records.annotation import Annotation
from job.records.pace import NO_PACE, Pace


@dataclass(frozen=True)
class LabelledImages:
    """The labelled images of all rounds, decoded when asked for."""

    images: tuple[LabelledImage, ...]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Image.Image, Annotation]:
        """Return an RGB image and its annotation."""
        image = self.images[index]
        return decode_rgb(image.read().data, image.id), image.annotation


@dataclass(frozen=True)
class Trained:
    """What a training gives."""

    model: bytes
    """As `save_model` writes it."""
    history: bytes
    """JSON, a line each `fit.STEPS_PER_ROW` steps."""
    figures: dict[str, object]
    """For the stage's closing log line."""
    pace: Pace = NO_PACE
    """How fast it went, since it began or was resumed last."""
    processes: int = 1
    """How many processes trained together."""
    nodes: int = 1
    """On how many machines."""


@dataclass(frozen=True)
class TrainingInputs:
    """What is trained on, and how; the detector that training starts from comes beside it."""

    config: Config
    shards: tuple[Path, ...]
    """Local files of the labelled images."""
    warm_start: bool
    """Whether the detector is the previous round's model."""
    seed: tuple[int, int]
    corrections: Mapping[str, Annotation] = field(default_factory=dict)
    """Labels that take the place of those in the shards, by the ids of their images."""
    digest: str = ""
    """Of all that was read from the store, by which other machines tell that they read the same."""

    def to_json(self) -> bytes:
        """Return the inputs in a form that `from_json` reads, in any process of this machine."""
        content = {
            "config": self.config.model_dump(mode="json"),
            "shards": [str(path.absolute()) for path in self.shards],
            "warm_start": self.warm_start,
            "seed": self.seed,
            "corrections": {
                image_id: json.loads(annotation.to_json())
                for image_id, annotation in self.corrections.items()
            },
            "digest": self.digest,
        }
        return json.dumps(content).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "TrainingInputs":
        """Return the inputs that `to_json` wrote."""
        content = json.loads(data)
        return cls(
            config=Config.model_validate(content["config"]),
            shards=tuple(map(Path, content["shards"])),
            warm_start=content["warm_start"],
            seed=tuple(content["seed"]),
            corrections={
                image_id: Annotation.from_mapping(annotation)
                for image_id, annotation in content["corrections"].items()
            },
            digest=content["digest"],
        )

    def train(
        self,
        detector: Detector,
        checkpoint: bytes | None,
        save_checkpoint: Callable[[bytes], None],
        stop: Callable[[], bool],
        group: Group | None = None,
    ) -> Trained:
        """Train in this process, alone or as one of a group; the arguments are those of `fit`."""
        labelled = (image for path in self.shards for image in read_labelled(path))
        images = tuple(with_labels(labelled, self.corrections))
        context = TrainingContext(
            detector,
            LabelledImages(images),
            self.config.train,
            self.config.train.num_steps(len(images), warm_start=self.warm_start),
            self.seed,
            resolve_device(self.config.runtime),
            self.config.runtime.num_workers(),
            group,
        )
        history = fit(context, save_checkpoint=save_checkpoint, stop=stop, checkpoint=checkpoint)
        last = history[-1]
        return Trained(
            model=save_model(detector),
            history="".join(json.dumps(asdict(row)) + "\n" for row in history).encode(),
            figures={
                "images": len(images),
                "steps": context.steps,
                "loss": round(last.loss, 4),
            },
            pace=context.meter.pace(),
        )
