"""Ingest of a Pascal VOC folder: beside copying its files, and beside decoding its images."""

import argparse
import io
import shutil
import tempfile
from pathlib import Path
from xml.sax.saxutils import escape

from measure import Repeated, Row, fastest, table
from PIL import Image

from job.data.formats.voc import VocSource
from job.data.ingest.ingest import ingest
from job.runtime.parallel import in_threads
from job.storage.local import LocalStore

OBJECT = (
    "<object><name>{}</name><bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax>"
    "</bndbox></object>"
)


def write_voc(root: Path, num_images: int) -> None:
    """Write drawn images in VOC's layout, each with bytes of its own."""
    for name in ("JPEGImages", "Annotations", "ImageSets/Main"):
        (root / name).mkdir(parents=True)
    source = Repeated(num_pool=num_images, size=400)
    names: dict[str, list[str]] = {"train": [], "test": []}
    for number in range(num_images):
        content = source.contents[number % len(source.contents)]
        name = f"{number:06d}"
        # What follows the end of a JPEG is read by nobody, and makes it another file.
        (root / f"JPEGImages/{name}.jpg").write_bytes(content.data + name.encode())
        objects = "".join(
            OBJECT.format(escape(box.label), *(round(value) + 1 for value in box.corners_xyxy))
            for box in content.boxes
        )
        size = "<size><width>400</width><height>400</height><depth>3</depth></size>"
        text = f"<annotation>{size}{objects}</annotation>"
        (root / f"Annotations/{name}.xml").write_text(text)
        names["test" if number % 10 == 0 else "train"].append(name)
    for split, members in names.items():
        (root / f"ImageSets/Main/{split}.txt").write_text("\n".join(members) + "\n")


def decode(path: Path) -> int:
    """What a check cannot do without: all of the file through the decoder."""
    with Image.open(io.BytesIO(path.read_bytes())) as image:
        image.load()
        return image.width


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=2000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root, copy = Path(folder) / "voc", Path(folder) / "copy"
        write_voc(root, arguments.images)
        paths = sorted((root / "JPEGImages").iterdir())
        ours = Path(folder) / "state"

        def take_in() -> None:
            shutil.rmtree(ours, ignore_errors=True)
            ingest(LocalStore(ours), VocSource(root=root, pool="train", test="test"), "voc")

        def copy_files() -> None:
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(root, copy)

        seconds = fastest(
            {
                "ours": take_in,
                "copy": copy_files,
                "decode": lambda: list(in_threads(decode, paths, 2, 4)),
            },
            repeats=3,
        )
    rates = {name: arguments.images / each for name, each in seconds.items()}
    print(
        table(
            [
                Row(
                    f"ingest {arguments.images:,} images of 400 px with VOC annotations",
                    f"{rates['ours']:,.0f} images/s",
                    f"copying the files {rates['copy']:,.0f}; "
                    f"decoding the images, two threads {rates['decode']:,.0f}",
                    f"{100 * rates['ours'] / rates['copy']:.0f} %; "
                    f"{100 * rates['ours'] / rates['decode']:.0f} %",
                    "50 % of copying",
                )
            ]
        )
    )


if __name__ == "__main__":
    main()
