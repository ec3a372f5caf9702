"""Writing labelled images as a data set that other tools read."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial

from job.artifacts.round_reader import RoundReader
from job.data.decoding import exif_orientation
from job.data.shards import LabelledImage
from job.errors import UsageError
from job.export.formats import LabelFormat, Subset
from job.export.formats.base import boxes_of
from job.export.target import NewFiles
from job.runtime import log
from job.runtime.parallel import in_threads

THREADS = 8
"""Images that are read and written at the same time."""

TURNED = (
    "are turned by EXIF: sizes and boxes are those of the upright image, so a tool that does not "
    "turn images draws them at the wrong place"
)


def images_to_test_on(io: RoundReader) -> list[LabelledImage]:
    """Return the test images of an experiment.

    Raises:
        UsageError: It has none.
    """
    if images := io.test_images():
        return images
    message = f"--with-test: the experiment {io.round.experiment!r} has no test set"
    raise UsageError(message)


def write_labels(
    files: NewFiles,
    layout: LabelFormat,
    labelled: Sequence[LabelledImage],
    test: Sequence[LabelledImage] = (),
) -> list[str]:
    """Write a data set.

    Args:
        files: Where it goes.
        layout: Which files it consists of. Those that make it complete are written last.
        labelled: The labelled images of the pool, in the order in which they are numbered.
        test: The test images, which may be left out.

    Returns:
        What there is, and what the layout cannot say, in lines.
    """
    images: dict[Subset, Sequence[LabelledImage]] = {"labelled": labelled}
    if test:
        images["test"] = test
    counts = {subset: Counter[str]() for subset in images}
    with log.progress("export", sum(map(len, images.values())), "images") as bar:
        for subset, of_subset in images.items():
            jobs = ((image, layout.add(subset, image)) for image in of_subset)
            write = partial(_write_image, files, layout, subset)
            with closing(in_threads(write, jobs, THREADS, THREADS)) as written:
                for image, is_turned in zip(of_subset, written, strict=True):
                    counts[subset] += _counts(image)
                    counts[subset]["turned"] += is_turned
                    bar.advance()
    for name, data in layout.last_files().items():
        files.write(name, data)
    return [
        *(
            f"{subset}: {len(images[subset]):,} images, {of_subset['boxes']:,} boxes"
            for subset, of_subset in counts.items()
        ),
        *_notes(layout, sum(counts.values(), Counter())),
    ]


def _write_image(
    files: NewFiles,
    layout: LabelFormat,
    subset: Subset,
    job: tuple[LabelledImage, Mapping[str, bytes]],
) -> bool:
    """Write an image as it is, and the files beside it; return whether EXIF turns it."""
    image, beside = job
    data = image.read().data
    files.write(layout.image_file(subset, image), data)
    for name, content in beside.items():
        files.write(name, content)
    return exif_orientation(data) != 1


def _counts(image: LabelledImage) -> Counter[str]:
    boxes = boxes_of(image)
    return Counter(
        boxes=sum(not box.crowd for box in boxes),
        crowd=sum(box.crowd for box in boxes),
        difficult=sum(box.difficult and not box.crowd for box in boxes),
    )


def _notes(layout: LabelFormat, counts: Counter[str]) -> Iterator[str]:
    """Yield what the layout cannot say of these labels, and what readers have to know."""
    notes = {
        "difficult": layout.difficult and f"boxes that are marked difficult {layout.difficult}",
        "crowd": layout.crowd and f"crowd regions {layout.crowd}",
        "turned": f"images {TURNED}",
    }
    for what, note in notes.items():
        if note and counts[what]:
            yield f"note: {counts[what]:,} {note}"
