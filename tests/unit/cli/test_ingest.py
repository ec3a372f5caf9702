"""`al-job ingest`: the commands that are made from the data formats."""

import re
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import AlJob

OF_EVERY_FORMAT = [
    "--name",
    "--labelled",
    "--append",
    "--groups",
    "--group-by",
    "--skip-bad",
    "--dry-run",
    "--store",
    "--help",
]


@pytest.mark.parametrize(
    ("name", "own"),
    [
        (
            "voc",
            [
                *("--root", "--pool", "--test", "--download", "--missing-annotation"),
                *("--pixels-from", "--source-endpoint", "--source-profile"),
            ],
        ),
        (
            "coco",
            [
                *("--pool-images", "--pool-annotations", "--test-images", "--test-annotations"),
                *("--pool-prefix", "--test-prefix", "--source-endpoint", "--source-profile"),
            ],
        ),
        (
            "yolo",
            [
                *("--data", "--root", "--pool", "--test", "--missing-annotation"),
                *("--pool-prefix", "--test-prefix", "--source-endpoint", "--source-profile"),
            ],
        ),
        (
            "roboflow",
            [
                *("--root", "--pool", "--test", "--ungrouped"),
                *("--source-endpoint", "--source-profile"),
            ],
        ),
        (
            "images",
            [
                *("--pool", "--classes", "--test", "--pool-prefix"),
                *("--source-endpoint", "--source-profile"),
            ],
        ),
        ("synthetic", ["--num-pool", "--num-test", "--size", "--seed"]),
    ],
)
def test_a_formats_options_are_its_fields(al_job: AlJob, name: str, own: list[str]) -> None:
    """Then come those of every format; nothing can be bad in a drawn data set."""
    told = al_job("ingest", name, "--help").out
    common = [each for each in OF_EVERY_FORMAT if name != "synthetic" or each != "--skip-bad"]
    assert re.findall(r"^  (--[\w-]+)", told, re.MULTILINE) == [*own, *common]


def test_an_unknown_format_is_answered_with_the_known_ones(al_job: AlJob) -> None:
    """And with the closest one."""
    ended = al_job("ingest", "vok", "--root", ".")
    assert ended.code == 64
    assert "did you mean 'voc'? known: auto, coco, " in " ".join(ended.err.split())


@pytest.mark.parametrize("option", ["--num-pool=0", "--size=31", "--seed=-1"])
def test_a_number_below_its_limit_is_refused(al_job: AlJob, option: str) -> None:
    """The limits are those of the configuration's `dataset.synthetic`."""
    ended = al_job("ingest", "synthetic", "--name", "d", option)
    assert ended.code == 64
    assert option.partition("=")[0] in ended.err


@pytest.mark.slow
def test_one_format_does_not_wait_for_the_others() -> None:
    """Each is imported when it is asked for, and none of them loads torch."""
    code = (
        "import sys, atexit; from job.cli.main import main\n"
        "sys.argv = ['al-job', 'ingest', 'coco', '--help']\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr)); main()"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)  # noqa: S603 - our own code
    loaded = set(done.stderr.split())
    assert "job.data.formats.coco" in loaded
    assert not loaded & {"job.data.formats.voc", "job.data.formats.synthetic", "torch"}


def test_ingest_synthetic_prints_the_summary(al_job: AlJob, store: Path) -> None:
    """Images, boxes and classes of pool and test; a dry run writes nothing."""
    options = ["--name", "drawn", "--num-pool", 6, "--num-test", 3, "--store", store]
    dry = al_job("ingest", "synthetic", *options, "--dry-run")
    assert dry.code == 0
    assert not store.exists()
    assert al_job("ingest", "synthetic", *options).code == 0
    assert (store / "datasets/drawn/dataset.json").is_file()
    assert "there already" in al_job("ingest", "synthetic", *options).out


def write_voc(root: Path, *ids: str) -> str:
    """Write a VOC folder of gray images with a cat each, and return its options."""
    for folder in ("JPEGImages", "Annotations", "ImageSets/Main"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "ImageSets/Main/all.txt").write_text("\n".join(ids))
    for image_id in ids:
        Image.new("L", (40, 30), zlib.crc32(image_id.encode()) % 256).save(
            root / f"JPEGImages/{image_id}.png"
        )
        box = "<xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax>"
        (root / f"Annotations/{image_id}.xml").write_text(
            f"<annotation><object><name>cat</name><bndbox>{box}</bndbox></object></annotation>"
        )
    return f"voc --root {root} --pool all"


def test_a_data_set_grows_by_labelled_images_appends_and_labels(
    al_job: AlJob, store: Path, tmp_path: Path, tiny: str
) -> None:
    """Photographs with a label along, more photographs, a label, a correction; `doctor` tells."""
    write_voc(tmp_path / "photos", "a", "b", "c")
    along = write_voc(tmp_path / "along", "a")
    own = ["--pool", tmp_path / "photos/JPEGImages", "--store", store]
    first = al_job("ingest", "images", *own, "--name", "d", "--labelled", along)
    assert (first.code, first.out.splitlines()[0]) == (0, "d: written")
    write_voc(tmp_path / "photos", "a", "b", "c", "e")
    more = al_job("ingest", "images", *own, "--name", "d", "--append")
    assert more.out.startswith("d: version 2 written, with 1 images added to the pool\n")
    labels = ["ingest", "labels", *write_voc(tmp_path / "export", "a", "b").split()]
    added = al_job(*labels, "--dataset", "d", "--store", store)
    assert (added.code, added.out.splitlines()[:2]) == (
        0,
        ["d: version 3 written", "added                1"],
    )
    xml = tmp_path / "export/Annotations/a.xml"
    xml.write_text(xml.read_text().replace("<xmax>9<", "<xmax>19<"))
    refused = al_job(*labels, "--dataset", "d", "--store", store)
    assert refused.code == 65
    assert "a.png: 'a' has another label; --correct replaces it" in refused.error
    dry = al_job(*labels, "--dataset", "d", "--store", store, "--dry-run")
    assert (dry.code, "d: ingest would refuse this source" in dry.error) == (65, True)
    corrected = al_job(*labels, "--dataset", "d", "--store", store, "--correct")
    assert corrected.out.splitlines()[0] == "d: version 4 written"
    config = tmp_path / "tiny.yaml"
    without_test = re.sub("synthetic: .*", "", tiny).replace("name: drawn", "name: d")
    config.write_text(f"{without_test}test: {{from: none}}\n")
    told = al_job("doctor", config, "--store", store).out
    assert "data set: d: 4 + 0 images, 1 classes, 2 labelled, version 4" in told


Install = Callable[..., None]
SHADES = (Path(__file__).parents[3] / "docs/examples/shades.py").read_text()


@pytest.mark.parametrize("code", ["import nosuch_package", "raise ValueError('half written')"])
def test_a_broken_format_does_not_take_the_others_away(
    al_job: AlJob, install_plugin: Install, code: str
) -> None:
    """It is listed as broken, the others with their helps; only its own command fails."""
    install_plugin("bad_format", code, "al_voc.formats", "bad = bad_format:Bad")
    listed = al_job("ingest", "--help")
    assert listed.code == 0
    assert "A data set in COCO's layout." in listed.out
    assert "Broken: `al-job ingest bad` says why." in listed.out
    ended = al_job("ingest", "bad", "--name", "d")
    assert ended.code == 78
    assert "'bad' of bad_format cannot be imported" in ended.error


@pytest.mark.parametrize("field", ["name", "store", "dry_run", "skip_bad", "help"])
def test_a_field_cannot_take_the_name_of_a_common_option(
    al_job: AlJob, install_plugin: Install, field: str
) -> None:
    """One line says which field to rename."""
    code = SHADES.replace("num_shades: int", f"{field}: int = 1\n    num_shades: int")
    install_plugin("clashing", code, "al_voc.formats", "shades = clashing:Shades")
    ended = al_job("ingest", "shades", "--name", "d")
    assert ended.code == 78
    assert f"data format 'shades': {field} is an option of every format" in ended.error


def test_a_field_may_have_an_option_name_that_another_command_had(
    al_job: AlJob, install_plugin: Install, tmp_path: Path
) -> None:
    """`--shard` was an option of `score` only."""
    code = SHADES.replace("num_shades: int", "shard: int = 1\n    num_shades: int")
    install_plugin("sharded", code, "al_voc.formats", "shades = sharded:Shades")
    ended = al_job("ingest", "shades", "--name", "d", "--shard", 1, "--store", tmp_path / "state")
    assert ended.code == 0, ended.err


def test_a_dry_run_that_finds_problems_fails(
    al_job: AlJob, install_plugin: Install, tmp_path: Path
) -> None:
    """So a script can use it as a check; with `--skip-bad`, what would be left out is accepted."""
    label = '"stranger" if split == "pool" and number else "corner"'
    code = SHADES.replace('"corner", "1"', f'{label}, "1"')
    install_plugin("strange", code, "al_voc.formats", "shades = strange:Shades")
    options = ["--name", "d", "--store", tmp_path / "state", "--dry-run"]
    ended = al_job("ingest", "shades", *options)
    assert ended.code == 65
    assert "its class 'stranger' is not one of" in ended.out
    assert "would refuse this source" in ended.error
    assert al_job("ingest", "shades", *options, "--skip-bad").code == 0
    assert not (tmp_path / "state").exists()
