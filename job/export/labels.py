"""Writing labelled images as a data set that other tools read."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial

from job.data.decoding import exif_orientation
from job.data.shards import LabelledImage
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


def write_labels(
    files: NewFiles, layout: LabelFormat, images: Mapping[Subset, Sequence[LabelledImage]]
) -> list[str]:
    """Write a data set.

    Args:
        files: Where it goes.
        layout: Which files it consists of. Those that make it complete are written last.
        images: The images of each subset, in the order in which they are numbered.

    Returns:
        What there is, and what the layout cannot say, in lines.
    """
    counts: Counter[str] = Counter()
    total = sum(map(len, images.values()))
    with log.progress("export", total, "images") as bar:
        for subset, of_subset in images.items():
            jobs = ((image, layout.add(subset, image)) for image in of_subset)
            write = partial(_write_image, files, layout, subset)
            with closing(in_threads(write, jobs, THREADS, THREADS)) as written:
                for image, is_turned in zip(of_subset, written, strict=True):
                    counts += _counts(image)
                    counts["turned"] += is_turned
                    bar.advance()
    for name, data in layout.last_files().items():
        files.write(name, data)
    return [f"{total:,} images, {counts['boxes']:,} boxes", *_notes(layout, counts)]


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
