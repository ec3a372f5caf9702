"""Training: al-voc, torchvision's reference recipe written plainly, forward + backward alone.

The first step of each is not counted. The recipe's worker processes draw ahead while it lasts,
which is in its favour.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any, cast

import first  # noqa: F401
import torch
from bench.lines import parser, say
from bench.timing import Seconds, in_turn
from measure import as_others
from torch.utils.data import DataLoader, Dataset
from torchvision import tv_tensors
from torchvision.transforms import v2

from job.config.detector import DetectorConfig
from job.config.train import TrainConfig
from job.data.dataset import Dataset as Stored
from job.data.formats.synthetic import SyntheticSource
from job.data.ingest.ingest import ingest
from job.data.shards import LabelledImage
from job.detection.detectors.base import Target, build_detector
from job.detection.detectors.raw_output import ImageBatch
from job.detection.detectors.ssd import SsdDetector
from job.detection.training.context import TrainingContext
from job.detection.training.inputs import LabelledImages
from job.detection.training.loop import fit
from job.storage.local import LocalStore

BATCH = 16


def detector_of(classes: tuple[str, ...]) -> SsdDetector:
    """Return the detector that all of them train."""
    return cast(
        "SsdDetector", build_detector(DetectorConfig(size=320, backbone="scratch"), classes, seed=0)
    )


class Drawn(Dataset[Any]):
    """The samples with the transforms of torchvision's reference recipe for SSD."""

    def __init__(self, images: list[LabelledImage], classes: tuple[str, ...], length: int) -> None:
        self._samples, self._classes, self._length = LabelledImages(tuple(images)), classes, length
        self._transform = v2.Compose(
            [
                v2.ToImage(),
                v2.RandomPhotometricDistort(),
                v2.RandomZoomOut(fill={tv_tensors.Image: (123.0, 117.0, 104.0), "others": 0}),
                v2.RandomIoUCrop(),
                v2.RandomHorizontalFlip(p=0.5),
                v2.SanitizeBoundingBoxes(),
                v2.ToDtype(torch.float32, scale=True),
            ]
        )

    def __len__(self) -> int:
        """How many are drawn."""
        return self._length

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image, annotation = self._samples[index % len(self._samples)]
        boxes = tv_tensors.BoundingBoxes(
            annotation.boxes_xyxy.copy(), format="XYXY", canvas_size=(image.height, image.width)
        )
        labels = torch.tensor([self._classes.index(name) + 1 for name in annotation.labels])
        sample: tuple[Any, Any] = self._transform(image, {"boxes": boxes, "labels": labels})
        return sample


def plain(
    images: list[LabelledImage], classes: tuple[str, ...], steps: int, workers: int, device: str
) -> float:
    """Seconds an image of the recipe."""
    ssd = detector_of(classes).ssd.train().to(device)
    optimizer = torch.optim.SGD(ssd.parameters(), lr=1e-4, momentum=0.9, weight_decay=5e-4)
    drawn = Drawn([image for image in images if image.annotation.labels], classes, steps * BATCH)
    loader = DataLoader(
        drawn, BATCH, num_workers=workers, collate_fn=lambda each: tuple(zip(*each, strict=True))
    )
    arrived = []
    for pixels, targets in loader:
        arrived.append(time.perf_counter())
        losses = ssd(
            [each.to(device) for each in pixels],
            [{key: value.to(device) for key, value in each.items()} for each in targets],
        )
        optimizer.zero_grad()
        sum(losses.values()).backward()
        optimizer.step()
    return (arrived[-1] - arrived[1]) / ((steps - 2) * BATCH)


def ours(
    images: list[LabelledImage], classes: tuple[str, ...], steps: int, workers: int, device: str
) -> float:
    """Seconds an image of `job.detection.training.loop.fit`."""
    detector, arrived = detector_of(classes), list[float]()

    def stop() -> bool:
        arrived.append(time.perf_counter())  # it is asked when a batch has come
        return False

    run = TrainingContext(
        detector,
        LabelledImages(tuple(images)),
        TrainConfig(batch_size=BATCH, learning_rate=1e-4),
        steps=steps,
        seed=(0, 0),
        device=torch.device(device),
        workers=workers,
    )
    fit(run, save_checkpoint=lambda _: None, stop=stop)
    return (arrived[-1] - arrived[1]) / ((steps - 2) * BATCH)


def alone(classes: tuple[str, ...], steps: int, device: str) -> float:
    """Seconds an image of forward + backward on a batch that is there."""
    detector = detector_of(classes).train()
    detector.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    pixels = torch.randint(0, 256, (BATCH, 3, 320, 320), dtype=torch.uint8, device=device)
    target: Target = {
        "boxes": torch.tensor([[20.0, 20.0, 160.0, 160.0]]),
        "labels": torch.tensor([1]),
    }
    begun = 0.0
    for step in range(steps + 1):
        if step == 1:
            begun = time.perf_counter()
        losses = detector.losses(ImageBatch.filled(pixels), [target] * BATCH)
        losses.total.backward()  # type: ignore[no-untyped-call]
        detector.zero_grad()
    if device == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - begun) / (steps * BATCH)


def main() -> None:
    """Measure, and print."""
    offered = parser(__doc__)
    offered.add_argument("--steps", type=int, default=5)
    offered.add_argument("--threads", type=int, default=2)
    offered.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    offered.add_argument("--plain", type=Path, help=argparse.SUPPRESS)
    arguments = offered.parse_args()
    device, steps = arguments.device, arguments.steps
    options = ("--steps", steps, "--threads", arguments.threads, "--device", device)
    workers = 0 if device == "cpu" else arguments.threads
    torch.set_num_threads(arguments.threads)
    if arguments.plain:
        dataset = Stored.open(LocalStore(arguments.plain), "drawn")
        images, classes = dataset.test_images(), dataset.classes
        print(plain(images, classes, steps, arguments.threads, device))
        return
    with tempfile.TemporaryDirectory() as folder:
        store = LocalStore(Path(folder))
        source = SyntheticSource(num_pool=1, num_test=128, size=400)
        ingest(store, source, "drawn", skip_bad=True)
        dataset = Stored.open(store, "drawn")
        images, classes = dataset.test_images(), dataset.classes
        samples = in_turn(
            {
                "ours": lambda: Seconds(ours(images, classes, steps, workers, device)),
                "plain": lambda: Seconds(as_others(__file__, "--plain", folder, *options)),
                "alone": lambda: Seconds(alone(classes, steps, device)),
            }
        )
    peers = {"torchvision's reference recipe": "plain", "forward + backward alone": "alone"}
    what = f"train, 320 px, batches of {BATCH}"
    say([samples.compare(what, "ours", peer, peers[peer], rate) for peer in peers], arguments)


def rate(seconds: float) -> str:
    """A speed."""
    return f"{1 / seconds:.2f} images/s"


if __name__ == "__main__":
    main()
