"""Images without annotations."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from job.cli.source_options import parse_source
from job.data.dataset import Dataset
from job.data.formats.images import ImagesSource
from job.data.formats.voc import VocSource
from job.data.ingest.ingest import ingest
from job.data.ingest.validate import validate
from job.errors import AlJobError, BadDataError, UsageError
from job.storage.memory import MemoryStore

if TYPE_CHECKING:
    from tests.unit.data.conftest import Voc

IMAGES = ("b.png", "a/2.JPG", "a/1.jpg")
OTHERS = ("notes.txt", "a/Thumbs.db", ".hidden/c.jpg", "a/._1.jpg", "README")


@pytest.fixture
def folder(tmp_path: Path, encoded: Callable[..., bytes]) -> Path:
    """Three images, in the folder and below it, among other files."""
    for number, name in enumerate((*IMAGES, *OTHERS), start=100):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(number, suffix=".png" if name == "b.png" else ".jpg"))
    return tmp_path / "photos"


def ids(source: ImagesSource) -> list[str]:
    return [sample.id for sample in source.samples("pool")]


def test_all_images_of_a_folder_and_those_below_are_the_pool(folder: Path) -> None:
    """Ids are paths without suffix, in code point order; other files are no problem."""
    source = ImagesSource(pool=folder, classes="cat")
    assert ids(source) == ["a/1", "a/2", "b"]
    assert source.num_images("pool") == 3
    assert (source.num_images("test"), list(source.samples("test"))) == (0, [])
    loaded = [sample.load() for sample in source.samples("pool")]
    assert [(each.suffix, each.boxes) for each in loaded] == [
        (".jpg", ()),
        (".JPG", ()),
        (".png", ()),
    ]
    assert loaded[0].data == (folder / "a/1.jpg").read_bytes()


def test_an_image_that_cannot_be_read_is_not_passed_over(folder: Path) -> None:
    """The user may think that it is in the pool."""
    (folder / "c.heic").write_bytes(b"x")
    *_, last = ImagesSource(pool=folder, classes="cat").samples("pool")
    assert "c.heic: an image's name ends in one of .jpg" in validate(last).problems[0]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("b.png\n\na/1.jpg\n", ["b", "a/1"]),
        ("./b.png\r\n a/../a/1.jpg", ["b", "a/1"]),
        ("{0}/b.png\n{0}/a/1.jpg\n", ["b", "a/1"]),
        ("{0}/a/2.JPG\n{0}/a/1.jpg\n", ["2", "1"]),
        ("../photos/a/2.JPG\n", ["2"]),
    ],
)
def test_a_list_names_the_images_in_its_order(
    folder: Path, lines: str, expected: list[str]
) -> None:
    """Paths begin at the list; if they lead elsewhere, ids begin at the folder of all of them."""
    path = folder / "some.txt"
    path.write_text(lines.format(folder))
    source = ImagesSource(pool=path, classes="cat")
    assert ids(source) == expected
    assert all(validate(sample).image for sample in source.samples("pool"))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("s3://b/a.jpg", "some.txt, line 2: 's3://b/a.jpg' is not a path; put the list into"),
        ("/a.jpg", "some.txt: some paths begin with a slash and some do not"),
    ],
)
def test_a_line_that_cannot_be_meant_is_named(folder: Path, line: str, told: str) -> None:
    """It is a matter of the list, and not of one image."""
    path = folder / "some.txt"
    path.write_text(f"b.png\n{line}\n")
    with pytest.raises(BadDataError) as caught:
        ImagesSource(pool=path, classes="cat").identity()
    assert told in str(caught.value)


def test_an_image_that_a_list_names_may_be_missing(folder: Path) -> None:
    """Then it is a problem of its own, which --skip-bad leaves out."""
    (folder / "some.txt").write_text("nowhere.jpg\n")
    (sample,) = ImagesSource(pool=folder / "some.txt", classes="cat").samples("pool")
    assert validate(sample).problems == (f"{folder}/nowhere.jpg: no such image",)


def test_classes_are_in_the_order_that_they_are_named_in(folder: Path, tmp_path: Path) -> None:
    """With commas between them, or one on each line of a file."""
    (tmp_path / "obj.names").write_text("zebra\nant hill\n\n")
    for text in ("zebra, ant hill", str(tmp_path / "obj.names")):
        source = ImagesSource(pool=folder, classes=text)
        assert source.classes == ("zebra", "ant hill")
        assert source.identity()["classes"] == "zebra,ant hill"


@pytest.mark.parametrize(
    ("classes", "kind", "told"),
    [
        ("a,,b", UsageError, "--classes: class 1 is ''"),
        ("a,b,a", UsageError, "--classes: the class 'a' occurs twice"),
        ("./x.txt", BadDataError, "x.txt: no such file of classes; --classes names it"),
        (None, UsageError, "--classes: name the classes, such as car,bus"),
    ],
)
def test_classes_that_cannot_be_meant_are_refused(
    folder: Path, classes: str | None, kind: type[AlJobError], told: str
) -> None:
    """Before an image is read; they are required if nothing is labelled."""
    with pytest.raises(AlJobError) as caught:
        ingest(MemoryStore(), ImagesSource(pool=folder, classes=classes), "d")
    assert isinstance(caught.value, kind)
    assert told in str(caught.value)


def with_test(folder: Path, voc: "Voc", **options: Any) -> ImagesSource:
    test = parse_source("--test", f"voc --root {voc.root} --pool train --test test")
    return ImagesSource(pool=folder, test=test, **options)


def test_the_test_set_comes_from_another_format(folder: Path, voc: "Voc") -> None:
    """It is the test set that the other source has; its classes are those of the data set."""
    store = MemoryStore()
    ingest(store, with_test(folder, voc), "d")
    dataset = Dataset.open(store, "d")
    assert (dataset.ids("pool"), dataset.ids("test")) == (("a/1", "a/2", "b"), ("other",))
    assert dataset.classes == ("cat",)
    assert not dataset.has_ground_truth


def test_a_source_without_a_test_set_is_the_test_set(folder: Path, voc: "Voc") -> None:
    """All of its images are."""
    source = ImagesSource(pool=folder, test=VocSource(root=voc.root, pool="test"))
    assert source.num_images("test") == 1
    assert [sample.id for sample in source.samples("test")] == ["other"]


def test_boxes_of_the_test_set_are_of_the_named_classes(folder: Path, voc: "Voc") -> None:
    """One of another class is a problem: a typing mistake would become a class of its own."""
    with pytest.raises(BadDataError, match="its class 'cat' is not one of --classes; known: dog"):
        ingest(MemoryStore(), with_test(folder, voc, classes="dog"), "d")
    store = MemoryStore()
    ingest(store, with_test(folder, voc, classes="dog,cat"), "d")
    assert Dataset.open(store, "d").classes == ("dog", "cat")


def test_a_prefix_keeps_equal_names_apart(folder: Path, voc: "Voc") -> None:
    """Cameras count from 1 again and again."""
    shutil.copy(folder / "a/1.jpg", folder / "other.jpg")
    shutil.rmtree(folder / "a")
    with pytest.raises(BadDataError, match="--pool-prefix pool/ makes them so"):
        ingest(MemoryStore(), with_test(folder, voc), "d")
    store = MemoryStore()
    ingest(store, with_test(folder, voc, pool_prefix="pool/"), "d")
    assert Dataset.open(store, "d").ids("pool") == ("pool/b", "pool/other")


def test_the_identity_is_the_content_and_not_the_place(folder: Path, voc: "Voc") -> None:
    """Names, sizes, classes and test set tell a source from others."""
    plain = ImagesSource(pool=folder, classes="cat").identity()
    shutil.copytree(folder, folder.parent / "moved")
    assert ImagesSource(pool=folder.parent / "moved", classes="cat").identity() == plain
    others = [
        ImagesSource(pool=folder, classes="cat,dog"),
        ImagesSource(pool=folder, classes="cat", pool_prefix="pool/"),
        with_test(folder, voc, classes="cat"),
    ]
    (folder / "b.png").write_bytes(b"larger than it was before, or smaller")
    others.append(ImagesSource(pool=folder, classes="cat"))
    assert plain not in [each.identity() for each in others]


def test_a_test_set_without_annotations_is_refused(folder: Path) -> None:
    """Nothing can be measured on it."""
    with pytest.raises(UsageError, match="--test: its images need annotations"):
        parse_source("--labelled", f"images --pool {folder} --test 'images --pool {folder}'")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """As in every format."""
    with pytest.raises(UsageError, match=f"^{tmp_path}/nowhere: no such folder$"):
        ImagesSource(pool=tmp_path / "nowhere", classes="cat").identity()


def test_a_source_with_a_part_in_a_bucket_is_remote() -> None:
    """Then many images are read at a time."""
    here = ImagesSource(pool="photos", classes="cat")
    test = VocSource(root="s3://b/voc", pool="test")
    assert not here.is_remote
    assert ImagesSource(pool="s3://b/photos", classes="cat").is_remote
    assert ImagesSource(pool="photos", test=test).is_remote
