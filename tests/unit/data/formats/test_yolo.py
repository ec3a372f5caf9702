"""Reading YOLO's layouts."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from job.data.formats.base import Source
from job.data.formats.yolo import YoloSource
from job.data.ingest.ingest import ingest
from job.data.ingest.validate import validate
from job.errors import AlJobError, BadDataError, UsageError
from job.keys import Split
from job.records.annotation import Annotation
from job.storage.memory import MemoryStore

if TYPE_CHECKING:
    from tests.unit.data.conftest import Yolo


def annotations(source: Source, split: Split = "pool") -> dict[str, Annotation]:
    """What is read of a split; nothing may be wrong with it."""
    found = {}
    for sample in source.samples(split):
        result = validate(sample, source.classes)
        assert result.image, result.problems
        assert not result.problems
        found[sample.id] = result.image.annotation
    assert len(found) == source.num_images(split)
    return found


def remarks(source: Source) -> list[str]:
    """What is noted of the pool's images."""
    images = [validate(sample).image for sample in source.samples("pool")]
    return [remark for image in images if image for remark in image.remarks]


def problems(source: Source) -> list[str]:
    """What is wrong with the pool."""
    return [problem for sample in source.samples("pool") for problem in validate(sample).problems]


def test_shares_become_pixels(yolo: "Yolo") -> None:
    """The image has 40 x 30 pixels: 0.5 and 0.2 of its width are 20 and 8."""
    yolo.add("images/train/a.png", "1 0.5 0.4 0.2 0.4\n0 .5 .5 1 1\n")
    source = yolo.source()
    assert source.classes == ("ant", "bee")
    assert annotations(source)["a"].boxes_xyxy.tolist() == [[16, 6, 24, 18], [0, 0, 40, 30]]
    assert annotations(source)["a"].labels == ("bee", "ant")


def test_a_box_of_a_pixel_is_not_taken_for_a_share(yolo: "Yolo") -> None:
    """All boxes of a VOC file in the first pixel would be; here they are shares anyway."""
    yolo.add("images/train/a.jpg", "0 0.01 0.01 0.02 0.02")
    assert annotations(yolo.source())["a"].boxes_xyxy[0, 2] == pytest.approx(0.8)


def test_train_is_the_pool_and_val_the_test_set(yolo: "Yolo") -> None:
    """Other splits are named; several are joined by a plus."""
    yolo.add("images/more/c.jpg")
    yolo.describe("train: images/train\nval: images/val\ntest: images/more")
    source = yolo.source()
    assert list(annotations(source)) == ["good"]
    assert list(annotations(source, "test")) == ["other"]
    other = yolo.source(pool="train+valid", test="test")
    assert list(annotations(other)) == ["train/good", "val/other"]
    assert list(annotations(other, "test")) == ["c"]


@pytest.mark.parametrize(
    ("train", "image"),
    [
        ("images/train", "images/train/a.jpg"),
        ("images/train/", "images/train/sub/a.jpg"),
        ("train/images", "train/images/a.jpg"),
        ("./train", "train/images/a.jpg"),
        ("[images/train, images/more]", "images/more/a.jpg"),
        ("images/images", "images/images/a.jpg"),
    ],
)
def test_labels_are_below_labels_instead_of_the_last_images(
    empty_yolo: "Yolo", train: str, image: str
) -> None:
    """This is Ultralytics' rule, wherever the two folders are."""
    (empty_yolo.root / "images/train").mkdir(parents=True)
    before, _, after = f"/{image}".rpartition("/images/")
    empty_yolo.add(image, labels=f"{before}/labels/{after}"[1:].replace(".jpg", ".txt"))
    empty_yolo.add("images/val/b.jpg")
    empty_yolo.describe(f"train: {train}\nval: images/val")
    (annotation,) = annotations(empty_yolo.source()).values()
    assert annotation.labels == ("ant",)


def test_labels_may_be_beside_the_images(yolo: "Yolo") -> None:
    """Darknet has them there, and Ultralytics, too, if no folder is called images."""
    yolo.add("plain/a.jpg", labels="plain/a.txt")
    yolo.describe("train: plain\nval: images/val")
    assert annotations(yolo.source())["a"].labels == ("ant",)


def test_hidden_and_other_files_are_not_images(yolo: "Yolo") -> None:
    """Archives made on a Mac have `._good.jpg` beside `good.jpg`."""
    for name in ("._good.jpg", ".cache/x.jpg", "good.json", "train.cache"):
        path = yolo.root / "images/train" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    assert list(annotations(yolo.source())) == ["good"]


def test_an_image_of_a_kind_that_cannot_be_read_is_a_problem(yolo: "Yolo") -> None:
    """It is not passed over, as if the folder were smaller."""
    (yolo.root / "images/train/a.tiff").write_bytes(b"II")
    (problem,) = problems(yolo.source())
    assert "a.tiff: an image's name ends in one of .jpg" in problem


def test_a_label_file_without_an_image_is_a_problem(yolo: "Yolo") -> None:
    """The image may be lost; LabelImg's list of classes is not a label file."""
    for name in ("lost.txt", "classes.txt"):
        (yolo.root / "labels/train" / name).write_text("0 .5 .5 1 1")
    source = yolo.source()
    path = yolo.root / "labels/train/lost.txt"
    assert problems(source) == [f"{path}: there is no image of this name"]
    assert source.num_images("pool") == 2


def test_an_image_without_a_label_file_has_no_objects(yolo: "Yolo") -> None:
    """This is the rule of the format; it is noted, since the files may be lost."""
    yolo.add("images/train/a.jpg", None)
    source = yolo.source()
    assert len(annotations(source)["a"].labels) == 0
    (remark,) = remarks(source)
    assert remark.startswith("have no label file, in labels instead of images or beside them, and")


def test_a_folder_of_labels_that_is_not_found_is_told(yolo: "Yolo") -> None:
    """If it has another name, no image has boxes: the refusal says why."""
    (yolo.root / "labels").rename(yolo.root / "Labels")
    with pytest.raises(BadDataError, match=r"pool: no boxes: 1 images have no label file, in labe"):
        ingest(MemoryStore(), yolo.source(), "d")


def test_an_image_without_a_label_file_can_be_refused(yolo: "Yolo") -> None:
    """`--missing-annotation refuse` names the file that is missing."""
    yolo.add("images/train/a.jpg", None)
    (problem,) = problems(yolo.source(missing_annotation="refuse"))
    path = yolo.root / "labels/train/a.txt"
    assert problem.startswith(f"{path}: no such label file; --missing-annotation empty takes")


def test_a_bad_row_is_named_with_its_file(yolo: "Yolo") -> None:
    """The box that lies outside is named in the file's own numbers, too."""
    yolo.add("images/train/a.jpg", "0 .5 .5\n1 .9 .5 .4 .5\n")
    path = yolo.root / "labels/train/a.txt"
    first, second = problems(yolo.source())
    assert first.startswith(f"{path}: line 1: 3 values: a label has 5")
    told = "line 2 'bee' (.9 .5 .4 .5): outside the image of 40 x 30 pixels by 4"
    assert second == f"{path}: {told}"


def test_a_list_names_images_from_the_data_sets_folder(yolo: "Yolo") -> None:
    """Ids are paths below the deepest folder that holds all of its images."""
    yolo.add("images/train/sub/c.jpg")
    (yolo.root / "train.txt").write_text("images/train/good.jpg\r\n\nimages/train/sub/c.jpg\n")
    yolo.describe("train: train.txt\nval: images/val")
    assert list(annotations(yolo.source())) == ["good", "sub/c"]


def test_lines_that_begin_with_a_dot_begin_at_the_lists_folder(yolo: "Yolo") -> None:
    """This is Ultralytics' rule; COCO's lists are like this."""
    yolo.add("lists/images/a.jpg", labels="lists/labels/a.txt")
    yolo.add("images/a.jpg", "1 .5 .5 1 1")
    (yolo.root / "lists/train.txt").write_text("./images/a.jpg\n")
    yolo.describe("train: lists/train.txt\nval: images/val")
    assert annotations(yolo.source())["a"].labels == ("ant",)


@pytest.mark.parametrize(
    "lines",
    [
        "data/obj/a.jpg\ndata/obj/b.jpg\n",
        "/content/set/obj/a.jpg\n/content/set/obj/b.jpg\n",
        "C:\\set\\obj\\a.jpg\nC:\\set\\obj\\b.jpg\n",
        "../../obj/a.jpg\n../../obj/b.jpg\n",
    ],
)
def test_a_list_from_another_machine_is_found_by_its_endings(
    empty_yolo: "Yolo", lines: str
) -> None:
    """The paths are those of where it was made; the note says that they were not taken as such."""
    for name in ("a", "b"):
        empty_yolo.add(f"obj/{name}.jpg", labels=f"obj/{name}.txt")
    empty_yolo.add("images/val/c.jpg")
    (empty_yolo.root / "train.txt").write_text(lines)
    empty_yolo.describe("train: train.txt\nval: images/val")
    source = empty_yolo.source()
    assert list(annotations(source)) == ["a", "b"]
    moved = "were found below the data set's folder, and not where its description says"
    assert remarks(source) == [moved, moved]


def test_an_image_that_a_list_names_in_vain_is_a_problem(yolo: "Yolo") -> None:
    """The line names the file that was looked for."""
    (yolo.root / "train.txt").write_text("images/train/good.jpg\nimages/train/gone.jpg\n")
    yolo.describe("train: train.txt\nval: images/val")
    (problem,) = problems(yolo.source())
    assert problem == f"{yolo.root / 'images/train/gone.jpg'}: no such image"


@pytest.mark.parametrize(
    "train", ["../images/train", "/content/set/images/train", "set/images/train"]
)
def test_a_folder_from_another_machine_is_found_by_its_ending(yolo: "Yolo", train: str) -> None:
    """Roboflow writes `../train/images` beside the folder train."""
    yolo.describe(f"train: {train}\nval: images/val")
    source = yolo.source()
    assert list(annotations(source)) == ["good"]
    assert len(remarks(source)) == 1


def test_a_folder_is_where_the_description_says_if_it_is_there(yolo: "Yolo") -> None:
    """Above the description or absolute, nothing is to be noted."""
    (yolo.root / "configs").mkdir()
    yolo.data = yolo.root / "configs/mine.yml"
    yolo.describe(f"train: ../images/train\nval: {yolo.root}/images/val")
    source = yolo.source()
    assert list(annotations(source)) == ["good"]
    assert list(annotations(source, "test")) == ["other"]
    assert remarks(source) == []


@pytest.mark.parametrize("path", ["..", "../../yolo", "{root}"])
def test_paths_begin_at_the_path_of_the_description(yolo: "Yolo", path: str) -> None:
    """It is relative to the description, or absolute."""
    (yolo.root / "configs").mkdir()
    yolo.data = yolo.root / "configs/mine.yaml"
    yolo.describe(f"path: {path.format(root=yolo.root)}\ntrain: images/train\nval: images/val")
    assert list(annotations(yolo.source())) == ["good"]


@pytest.mark.parametrize(
    ("folder", "path"),
    [
        ("", "../datasets/mine"),
        ("", "/content/mine"),
        ("", "C:\\\\data\\\\mine"),
        ("mine", "mine"),
        ("", "./data/sub"),
    ],
)
def test_a_path_that_is_not_here_is_passed_over(empty_yolo: "Yolo", folder: str, path: str) -> None:
    """Most were written for another machine or another working folder; the note says so."""
    below = "sub/" if path.endswith("sub") else ""
    for name in ("train/a", "val/b"):
        image = f"{folder}/{below}images/{name}.jpg".lstrip("/")
        empty_yolo.add(image, labels=image.replace("images", "labels").replace("jpg", "txt"))
    (empty_yolo.root / f"{below}list.txt").write_text("images/train/a.jpg")
    empty_yolo.data = empty_yolo.root / folder / "data.yaml"
    empty_yolo.describe(f'path: "{path}"\ntrain: images/train\nval: images/val\ntest: list.txt')
    source = empty_yolo.source()
    assert list(annotations(source)) == ["a"]
    assert list(annotations(source, "test")) == ["b"]
    assert len(remarks(source)) == 1
    if not folder:
        assert list(annotations(empty_yolo.source(pool="test"))) == ["a"]


def test_the_option_wins_over_the_path(yolo: "Yolo", tmp_path: Path) -> None:
    """With `--root`, train and val begin at that folder, and the description may be elsewhere."""
    yolo.data = tmp_path / "mine.yaml"
    yolo.describe("path: yolo/images\ntrain: images/train\nval: images/val")
    source = yolo.source(root=yolo.root)
    assert list(annotations(source)) == ["good"]
    assert remarks(source) == []


@pytest.mark.parametrize("split", ["train", "val"])
def test_a_split_that_the_description_does_not_have_is_answered_with_the_known_ones(
    yolo: "Yolo", split: str
) -> None:
    """An empty entry is none."""
    yolo.describe(f"{split}: images/{split}\ntest:\n")
    missing = {"train": "val", "val": "train"}[split]
    told = f"split unknown '{missing}'; known: {split}; name them with .*--test none: no test set"
    with pytest.raises(UsageError, match=told):
        yolo.source().identity()


def test_pool_and_test_are_not_the_same_images(yolo: "Yolo") -> None:
    """Ultralytics' small examples validate on what they train on; the way out is told."""
    yolo.describe("train: images/train\nval: images/train")
    with pytest.raises(UsageError, match=r"both made of images/train, and .*; --test none makes a"):
        yolo.source().identity()


def test_a_source_may_have_no_test_set(yolo: "Yolo") -> None:
    """Labels that come along have none."""
    yolo.describe("train: images/train")
    source = yolo.source(test="none")
    assert not source.has_test
    assert (source.num_images("test"), annotations(source, "test")) == (0, {})
    assert sorted(source.identity()) == ["classes_digest", "pool_digest"]
    assert yolo.source().has_test


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "train: images/nowhere",
            "images/nowhere: no such folder of images, also below .*; put them there, or name the",
        ),
        ("train: nowhere.txt", "nowhere.txt: no such list of images; --root names its folder"),
        ("train: labels", "labels: no images, whose names end in .jpg"),
        ("train: [1]", r"train: \[1\] is not a folder, a list file, or several of them"),
    ],
)
def test_a_split_without_images_is_refused(yolo: "Yolo", text: str, reason: str) -> None:
    """The message says where they were looked for."""
    yolo.describe(f"val: images/val\n{text}\n")
    with pytest.raises(AlJobError, match=reason):
        yolo.source().identity()


@pytest.mark.parametrize(
    "names", ["[ant, bee]", "{0: ant, 1: bee}", "{1: bee, 0: ant}", "{'0': ant, '1': bee}"]
)
def test_names_are_a_list_or_a_mapping(yolo: "Yolo", names: str) -> None:
    """The numbers decide, and not the order in the file."""
    yolo.data.write_text(f"train: images/train\nval: images/val\nnc: 2\nnames: {names}\n")
    assert yolo.source().classes == ("ant", "bee")


def test_a_name_may_be_a_whole_number(yolo: "Yolo") -> None:
    """Sets of digits have no other names."""
    yolo.data.write_text("train: images/train\nval: images/val\nnames: [7, 0]\n")
    assert yolo.source().classes == ("7", "0")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nc: 2", "names: expected a list of classes, or a mapping from their numbers"),
        ("names: {1: ant, 2: bee}", "names: the classes are not numbered from 0 to 1"),
        ("names: {ant: 0}", "names: the classes are not numbered from 0 to 0"),
        ("names: [ant, bee]\nnc: 3", "it has 3 classes, but names 2"),
        ("names: []", "it has no classes"),
        ("names: [ant, ant]", "the class 'ant' occurs twice: 0, 1"),
        ("names: [ant, 1.50]", "class 1 is 1.5, which is not a name; put it in quotes"),
        ("names: [ant, '']", "class 1 is '', which is not a name"),
        ("names: [ant, null]", "class 1 is None, which is not a name"),
        ('names: [ant, "b\\tc"]', "which is not a name"),
        ("names: [ant\n", "not YAML"),
        ("names: [ant]\nkpt_shape: 17", "kpt_shape: 17 is not a number of points and of their"),
        ("names: [ant]\npath: 3", "path: 3 is not a folder"),
        ("just words", "expected a mapping"),
    ],
)
def test_a_description_that_is_wrong_is_refused(yolo: "Yolo", text: str, reason: str) -> None:
    """One line names the file and what is wrong with it."""
    yolo.data.write_text(f"{text}\n")
    with pytest.raises(BadDataError, match=re.escape(f"{yolo.data}: ")) as error:
        yolo.source().identity()
    assert reason in str(error.value)


def test_poses_are_read_by_the_shape_of_the_description(yolo: "Yolo") -> None:
    """Without it, a box with two points of two values would be an outline."""
    yolo.add("images/train/a.jpg", "0 .5 .5 .5 .5 .1 .1 .9 .9")
    yolo.describe("train: images/train\nval: images/val\nkpt_shape: [2, 2]")
    assert annotations(yolo.source())["a"].boxes_xyxy.tolist() == [[10, 7.5, 30, 22.5]]


@pytest.mark.parametrize("name", ["data.json", "data"])
def test_another_file_is_not_a_description(yolo: "Yolo", name: str) -> None:
    """The message names the two kinds."""
    yolo.data = yolo.root / name
    with pytest.raises(UsageError, match=r"name a data.yaml of Ultralytics, or an obj.data of Dar"):
        yolo.source().identity()


def darknet(
    root: Path, data: str = "classes = 2\nnames = data/obj.names\nbackup = backup/"
) -> Path:
    """CVAT's export: `data/` stands before paths, and is not a folder."""
    (root / "obj.names").write_text("ant\nbee\n\n")
    for name in ("train", "valid"):
        (root / f"{name}.txt").write_text(f"data/obj_{name}_data/{name}1.jpg\n")
    path = root / "obj.data"
    path.write_text(f"{data}\n# old = x\ntrain = data/train.txt\nvalid = data/valid.txt\n")
    return path


def test_darknets_layout_is_read(empty_yolo: "Yolo") -> None:
    """Lists name the images, a file the classes, and labels lie beside images."""
    for name in ("train", "valid"):
        image = f"obj_{name}_data/{name}1"
        empty_yolo.add(f"{image}.jpg", "1 .5 .5 1 1", labels=f"{image}.txt")
    source = YoloSource(data=str(darknet(empty_yolo.root)))
    assert source.classes == ("ant", "bee")
    assert annotations(source)["train1"].labels == ("bee",)
    assert list(annotations(source, "test")) == ["valid1"]


def test_darknets_labels_of_jpegimages_are_in_labels(empty_yolo: "Yolo") -> None:
    """Its script for Pascal VOC writes them there."""
    empty_yolo.add("obj_train_data/JPEGImages/a.jpg", labels="obj_train_data/labels/a.txt")
    empty_yolo.add("obj_valid_data/valid1.jpg", labels="obj_valid_data/valid1.txt")
    path = darknet(empty_yolo.root)
    (empty_yolo.root / "train.txt").write_text("obj_train_data/JPEGImages/a.jpg")
    assert annotations(YoloSource(data=str(path)))["a"].labels == ("ant",)


@pytest.mark.parametrize(
    ("data", "names", "reason"),
    [
        ("classes = 2", "ant\nbee", "obj.data: it names no file of classes: it needs a line such"),
        ("names = obj.names\nclasses = 3", "ant\nbee", "obj.names: it has 3 classes, but names 2"),
        ("names = obj.names", "ant\n\nbee", "obj.names: class 1 is '', which is not a name"),
        ("names = none.names", "ant", "none.names: no such file of classes; "),
    ],
)
def test_a_wrong_description_of_darknet_is_refused(
    empty_yolo: "Yolo", data: str, names: str, reason: str
) -> None:
    """One line names the file and what is wrong with it."""
    path = darknet(empty_yolo.root, data)
    (empty_yolo.root / "obj.names").write_text(names)
    with pytest.raises(BadDataError, match=re.escape(reason)):
        YoloSource(data=str(path)).identity()


def test_a_source_is_told_by_its_content_and_not_by_its_place(yolo: "Yolo", tmp_path: Path) -> None:
    """A copy elsewhere is the same; a label, a class or an option that changed makes another."""
    before = yolo.source().identity()
    yolo.root.rename(tmp_path / "moved")
    yolo.root, yolo.data = tmp_path / "moved", tmp_path / "moved/data.yaml"
    assert yolo.source().identity() == before
    assert yolo.source(missing_annotation="refuse").identity() != before
    (yolo.root / "labels/train/good.txt").write_text("1 .5 .5 1 1")
    changed = yolo.source().identity()
    assert changed["pool_digest"] != before["pool_digest"]
    assert changed["test_digest"] == before["test_digest"]
    yolo.data.write_text(yolo.data.read_text().replace("bee", "fly"))
    assert yolo.source().identity()["classes_digest"] != before["classes_digest"]


def test_equal_names_differ_by_a_prefix(yolo: "Yolo") -> None:
    """A prefix is put before the ids of one split, and is part of what the source is."""
    yolo.add("images/val/good.jpg")
    source = yolo.source(test_prefix="test/")
    assert list(annotations(source)) == ["good"]
    assert list(annotations(source, "test")) == ["test/good", "test/other"]
    assert source.identity() == yolo.source().identity() | {"test_prefix": "test/"}


def test_a_split_may_be_the_whole_folder(yolo: "Yolo") -> None:
    """A dot is the folder that paths begin at."""
    yolo.describe("train: .\nval: images/val")
    assert list(annotations(yolo.source())) == ["images/train/good", "images/val/other"]
