"""Ingest of a Pascal VOC folder: beside copying its files, and beside decoding its images."""

import io
import shutil
import tempfile
from pathlib import Path
from xml.sax.saxutils import escape

from bench.lines import parser, say
from bench.timing import Seconds, in_turn, seconds_of
from measure import Repeated
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
    options = parser(__doc__)
    options.add_argument("--images", type=int, default=2000)
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root, copy = Path(folder) / "voc", Path(folder) / "copy"
        write_voc(root, arguments.images)
        paths = sorted((root / "JPEGImages").iterdir())
        ours = Path(folder) / "state"

        def take_in() -> Seconds:
            shutil.rmtree(ours, ignore_errors=True)
            source = VocSource(root=root, pool="train", test="test")
            return Seconds(seconds_of(lambda: ingest(LocalStore(ours), source, "voc")))

        def copy_files() -> Seconds:
            shutil.rmtree(copy, ignore_errors=True)
            return Seconds(seconds_of(lambda: shutil.copytree(root, copy)))

        samples = in_turn(
            {
                "ours": take_in,
                "copy": copy_files,
                "decode": lambda: list(in_threads(decode, paths, 2, 4)),
            }
        )
    what = f"ingest {arguments.images:,} images of 400 px with VOC annotations"

    def rate(seconds: float) -> str:
        return f"{arguments.images / seconds:,.0f} images/s"

    peers = {"decoding the images, two threads": "decode", "copying the files": "copy"}
    say([samples.compare(what, "ours", peer, peers[peer], rate) for peer in peers], arguments)


if __name__ == "__main__":
    main()
