"""Predict: look at images with a model, and write what it finds."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO

from PIL import Image

from job.data.shards import EncodedImage
from job.detection.exported.models import Model
from job.detection.inference.network_input import InputTransform, NetworkInput
from job.errors import BadDataError
from job.export.target import NewFiles
from job.predict.coco import Predictions
from job.predict.found import Found, by_image
from job.predict.images import ImageFile
from job.predict.pictures import picture
from job.runtime import log
from job.runtime.parallel import in_threads
from job.storage.files import file_errors

PREDICTIONS = "predictions.json"
PICTURES = "pictures/"
_THREADS = 4
"""Pictures that are drawn at the same time."""


@dataclass(frozen=True)
class Summary:
    """What came of the images."""

    num_images: int
    num_boxes: int
    broken: dict[str, str]
    """Names of images that could not be read -> why."""


@dataclass
class _Reading:
    """Reads images, and keeps their sizes and what is wrong with them."""

    sizes_wh: dict[str, tuple[int, int]] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)

    def encoded(self, images: Sequence[ImageFile]) -> Iterator[EncodedImage]:
        """Yield the files of images; an empty one for one that cannot be read."""
        for image in images:
            data = b""
            try:
                data = image.path.read_bytes()
            except OSError as error:
                self.broken[image.name] = f"{image.name}: {error.strerror or error}"
            yield EncodedImage(image.name, image.path.suffix, data)

    def wrap(self, transform: InputTransform) -> InputTransform:
        """Return the transform with a white pixel for an image that cannot be decoded."""

        def tolerant(image: EncodedImage) -> NetworkInput:
            try:
                seen = transform(image)
            except BadDataError as error:
                self.broken.setdefault(image.id, str(error))
                return transform(image._replace(data=_one_pixel()))  # what it finds is dropped
            self.sizes_wh[image.id] = seen.size_wh
            return seen

        return tolerant


def predict(  # noqa: PLR0913 - each says one thing
    model: Model,
    images: Sequence[ImageFile],
    files: NewFiles,
    *,
    description: str,
    min_confidence: float,
    with_pictures: bool,
) -> Summary:
    """Write `predictions.json`, and a picture of each image with its boxes.

    An image that cannot be read is left out, and a line of the log says why.

    Args:
        model: What looks at the images.
        images: Any number.
        files: Where the results go. The JSON file is written last.
        description: Which model it is, in words.
        min_confidence: A detection counts from this score on.
        with_pictures: Whether pictures are drawn.
    """
    reading, paths = _Reading(), {image.name: image.path for image in images}
    predictions = Predictions(model.classes, description)

    def draw(found: Found) -> Found:
        if with_pictures and found.name not in reading.broken:
            with file_errors(path := paths[found.name]):
                data = path.read_bytes()
            files.write(f"{PICTURES}{found.name}", picture(data, found, model.classes))
        return found

    seen = model.detections(reading.encoded(images), reading.wrap)
    with closing(seen) as detections:
        found = (each for part in detections for each in by_image(part, min_confidence))
        drawn = in_threads(draw, found, _THREADS, 2 * _THREADS)
        with closing(drawn):
            for each in log.track(drawn, "predict", len(images), "images"):
                if each.name in reading.broken:
                    log.get().warning("image.broken", reason=reading.broken[each.name])
                else:
                    predictions.add(each, reading.sizes_wh[each.name])
    files.write(PREDICTIONS, predictions.to_json())
    return Summary(predictions.num_images, predictions.num_boxes, reading.broken)


@cache
def _one_pixel() -> bytes:
    """Return the file of an image that can be decoded."""
    file = BytesIO()
    Image.new("L", (1, 1)).save(file, "PNG")
    return file.getvalue()
