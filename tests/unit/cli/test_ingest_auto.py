"""`al-job ingest auto`: what a folder looks like, and the command that ingests it."""

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import AlJob
from tests.unit.data.conftest import Coco, Voc, Yolo

Make = Callable[[Path], None]


def voc(root: Path) -> None:
    made = Voc(root)
    for name in ("train", "val", "cat_train"):
        made.add(name, f"{name}1")


def voc_with_test(root: Path) -> None:
    made = Voc(root)
    for name in ("train", "trainval", "test"):
        made.add(name, f"{name}1")


def devkit(root: Path) -> None:
    made = Voc(root / "VOCdevkit")
    for name in ("2007/trainval", "2007/test", "2012/train", "2012/trainval"):
        made.add(name, name.replace("/", "-"))


def coco(root: Path) -> None:
    made = Coco(root)
    for split, file_name in (("pool", "a.jpg"), ("test", "b.jpg")):
        made.add(split, file_name)
    made.write()


def coco_2017(root: Path) -> None:
    """The names of the official archives, with captions beside the instances."""
    made = Coco(root)
    for split, name in (("pool", "train2017"), ("test", "val2017")):
        made.add(split, "0001.jpg" if split == "pool" else "0002.jpg")
        (root / "annotations").mkdir(exist_ok=True)
        (root / split).rename(root / name)
        for kind in ("instances", "person_keypoints"):
            path = root / f"annotations/{kind}_{name}.json"
            path.write_text(json.dumps(made.content[split]))
        (root / f"annotations/captions_{name}.json").write_text('{"images": []}')


def yolo(root: Path) -> None:
    made = Yolo(root)
    made.add("images/train/a.jpg")
    made.add("images/val/b.jpg")
    made.describe("train: images/train\nval: images/val\ntest: images/test")


def yolo_of_another_machine(root: Path) -> None:
    yolo(root)
    (root / "data.yaml").rename(root / "mine.yml")
    text = (root / "mine.yml").read_text()
    (root / "mine.yml").write_text(f"path: ../datasets/mine\n{text}")


def yolo_without_val(root: Path) -> None:
    made = Yolo(root)
    made.add("images/train/a.jpg")
    made.add("images/test/b.jpg")
    made.describe("train: images/train\ntest: images/test")


def darknet(root: Path) -> None:
    made = Yolo(root)
    for name in ("train", "valid"):
        made.add(f"obj/{name}.jpg", labels=f"obj/{name}.txt")
        (root / f"{name}.txt").write_text(f"data/obj/{name}.jpg\n")
    (root / "obj.names").write_text("ant\nbee\n")
    (root / "obj.data").write_text(
        "names=data/obj.names\ntrain=data/train.txt\nvalid=data/valid.txt"
    )


def roboflow_yolo(root: Path) -> None:
    made = Yolo(root)
    for folder in ("train", "valid"):
        made.add(
            f"{folder}/images/{folder}_jpg.rf.1.jpg",
            labels=f"{folder}/labels/{folder}_jpg.rf.1.txt",
        )
    made.describe("train: ../train/images\nval: ../valid/images")


def roboflow_coco(root: Path) -> None:
    made = Coco(root)
    for split, folder in (("pool", "train"), ("test", "test")):
        made.add(split, f"{folder}.jpg")
        (root / split).rename(root / folder)
        (root / folder / "_annotations.coco.json").write_text(json.dumps(made.content[split]))


def no_test_list(root: Path) -> None:
    Voc(root).add("train", "a")


def no_test_split(root: Path) -> None:
    yolo(root)
    (root / "data.yaml").write_text("names: [ant, bee]\ntrain: images/train")


def lone_coco(root: Path) -> None:
    coco(root)
    (root / "test.json").unlink()


def lone_roboflow(root: Path) -> None:
    roboflow_coco(root)
    (root / "test").rename(root / "other")


def val_is_train(root: Path) -> None:
    yolo(root)
    (root / "data.yaml").write_text("names: [ant, bee]\ntrain: images/train\nval: images/train")


CASES: list[tuple[Make, str]] = [
    (voc, "voc --root D --pool train --test val"),
    (voc_with_test, "voc --root D --pool trainval --test test"),
    (devkit, "voc --root D --pool 2007/trainval+2012/trainval --test 2007/test"),
    (
        coco,
        (
            "coco --pool-images D/pool --pool-annotations D/pool.json "
            "--test-images D/test --test-annotations D/test.json"
        ),
    ),
    (
        coco_2017,
        (
            "coco --pool-images D/train2017 "
            "--pool-annotations D/annotations/instances_train2017.json "
            "--test-images D/val2017 --test-annotations D/annotations/instances_val2017.json"
        ),
    ),
    (yolo, "yolo --data D/data.yaml"),
    (yolo_of_another_machine, "yolo --data D/mine.yml"),
    (yolo_without_val, "yolo --data D/data.yaml --test test"),
    (darknet, "yolo --data D/obj.data"),
    (roboflow_yolo, "roboflow --root D"),
    (roboflow_coco, "roboflow --root D --test test"),
    (no_test_list, "voc --root D --pool train"),
    (no_test_split, "yolo --data D/data.yaml --test none"),
    (val_is_train, "yolo --data D/data.yaml --test none"),
    (lone_coco, "coco --pool-images D/pool --pool-annotations D/pool.json"),
    (lone_roboflow, "roboflow --root D --test none"),
]
WITHOUT_TEST = (no_test_list, no_test_split, val_is_train, lone_coco, lone_roboflow)


def told(al_job: AlJob, folder: Path, *more: object) -> list[str]:
    """The lines that a look at a folder prints."""
    ended = al_job("ingest", "auto", folder, "--dry-run", *more)
    assert ended.code == 0, ended.err
    lines: list[str] = ended.out.splitlines()
    return lines


@pytest.mark.parametrize(
    ("make", "expected"), CASES, ids=lambda case: getattr(case, "__name__", "")
)
def test_the_command_that_is_printed_ingests_the_folder(
    al_job: AlJob, tmp_path: Path, make: Make, expected: str
) -> None:
    """There is one line that says why, and one to paste."""
    folder = tmp_path / "my data"
    make(folder)
    (why, command) = told(al_job, folder)
    kind = expected.partition(" ")[0]
    assert why.startswith(f"{folder} looks like {kind}: ")
    assert why.endswith("; no test set") == (make in WITHOUT_TEST)
    words = f"al-job ingest {expected} --name my-data".split()
    assert shlex.split(command) == [re.sub(r"\bD\b", str(folder), word) for word in words]
    ended = al_job(*shlex.split(command)[1:], "--store", tmp_path / "state")
    assert ended.code == 0, ended.err


def test_without_a_dry_run_it_refuses_with_the_command(al_job: AlJob, tmp_path: Path) -> None:
    """Nothing is ingested by a guess."""
    yolo(tmp_path / "set")
    ended = al_job("ingest", "auto", tmp_path / "set", "--name", "mine")
    assert ended.code == 64
    command = f"al-job ingest yolo --data {tmp_path}/set/data.yaml --name mine"
    assert ended.error == f"al-job: ingest auto only looks; run: {command}"


def test_the_command_has_no_keys_in_urls(al_job: AlJob, tmp_path: Path) -> None:
    """Screens and logs keep what is printed; `me` and `secret` are of the store's URL."""
    voc_with_test(tmp_path / "data")
    store = "http://me:secret@s3.example/bucket"
    ended = al_job("ingest", "auto", str(tmp_path / "data"), "--dry-run", "--store", store)
    assert "--store 'http://***@s3.example/bucket'" in ended.out
    assert "secret" not in ended.out


def test_all_data_sets_of_a_folder_are_told(al_job: AlJob, tmp_path: Path) -> None:
    """They are looked for below it, since archives often have a folder around all."""
    voc(tmp_path / "all/here/first")
    yolo(tmp_path / "all/here/second")
    lines = told(al_job, tmp_path / "all", "--store", "s3://b/p")
    assert [line.partition(" looks like ")[2][:4] for line in lines[::2]] == ["voc:", "yolo"]
    assert lines[1].endswith("--name first --store s3://b/p")
    assert lines[3].endswith("--name second --store s3://b/p")
    ended = al_job("ingest", "auto", tmp_path / "all")
    assert "looks like voc, yolo: --dry-run prints the commands" in ended.error


def no_lists(root: Path) -> None:
    voc(root)
    for path in (root / "ImageSets/Main").iterdir():
        path.unlink()


def no_description(root: Path) -> None:
    yolo(root)
    (root / "data.yaml").unlink()


def bad_description(root: Path) -> None:
    yolo(root)
    (root / "data.yaml").write_text("names: ant\ntrain: images/train")


def no_pool_list(root: Path) -> None:
    Voc(root).add("holdout", "a")


def coco_elsewhere(root: Path) -> None:
    coco(root)
    (root / "test").rename(root.parent / "elsewhere")


def only_images(root: Path) -> None:
    Yolo(root).add("deep/er/a.jpg", None)


@pytest.mark.parametrize(
    ("make", "advice", "command"),
    [
        (only_images, "replace NAMES by the classes to be", "images --pool {} --classes NAMES"),
        (no_lists, "put images into JPEGImages, XML files into Annotations, and the ids", None),
        (no_description, "write a data.yaml with names (the classes in the order of", None),
        (no_pool_list, "name the list of the pool", "--pool LIST"),
        (coco_elsewhere, "name the folder of the images of test.json", "--test-images FOLDER"),
        (bad_description, "names: expected a list of classes, or a mapping from", None),
    ],
)
def test_what_is_missing_is_told(
    al_job: AlJob, tmp_path: Path, make: Make, advice: str, command: str | None
) -> None:
    """What cannot be known is a word in capitals, or there is no command yet."""
    make(tmp_path / "set")
    lines = told(al_job, tmp_path / "set")
    assert advice in lines[1]
    assert lines[1].startswith("  first: ")
    assert len(lines) == 2 if command is None else command.format(tmp_path / "set") in lines[2]
    assert "--dry-run prints the commands" in al_job("ingest", "auto", tmp_path / "set").error


def test_a_folder_that_is_not_a_data_set_is_refused(al_job: AlJob, tmp_path: Path) -> None:
    """The formats that were looked for are named, and a folder that is missing."""
    (tmp_path / "notes.txt").write_text("nothing")
    ended = al_job("ingest", "auto", tmp_path, "--dry-run")
    assert ended.code == 65
    assert "does not look like a data set in any format: coco, " in ended.error
    ended = al_job("ingest", "auto", tmp_path / "nowhere", "--dry-run")
    assert ended.code == 64
    assert ended.error == f"al-job: {tmp_path / 'nowhere'}: no such folder"


SHADES = (Path(__file__).parents[3] / "docs/examples/shades.py").read_text()
LOOKS = '''
    @classmethod
    def recognise(cls, contents):
        """Any folder with a file of that name."""
        if contents.has("shades"):
            yield Recognised("a file shades", {"num_shades": "3"})
'''


def test_formats_of_other_packages_take_part(
    al_job: AlJob, tmp_path: Path, install_plugin: Callable[..., None]
) -> None:
    """A broken one is left out, as it is elsewhere."""
    code = SHADES.replace("import LoadedSample", "import LoadedSample, Recognised") + LOOKS
    install_plugin("shades", code, "al_voc.formats", "shades = shades:Shades")
    install_plugin("bad_format", "1 / 0", "al_voc.formats", "bad = bad_format:Bad")
    (tmp_path / "set").mkdir()
    (tmp_path / "set/shades").touch()
    assert told(al_job, tmp_path / "set") == [
        f"{tmp_path / 'set'} looks like shades: a file shades",
        "  al-job ingest shades --num-shades 3 --name set",
    ]
