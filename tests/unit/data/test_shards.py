"""Tar shards: names, bytes, and finding things in them."""

import hashlib
import re
import tarfile
from pathlib import Path

import numpy as np
import pytest

from job.data.shards import EncodedImage, ShardWriter, member_name, read_labelled, split_member
from job.errors import BadDataError
from job.records.annotation import Annotation

# How WebDataset cuts a member's name: up to the first dot after the last slash.
WEBDATASET = re.compile(r"^((?:.*/|)[^.]+)[.]([^/]*)$")

IDS = ["000001", "a.b", "50%.x", "my photo", "dir/name", "Zürich", "猫" * 60, "x" * 300]


def annotation() -> Annotation:
    return Annotation(
        width=40,
        height=30,
        boxes_xyxy=np.array([[1, 2.5, 30, 20]], np.float32),
        labels=("Kätzchen",),
        difficult=(True,),
        crowd=(False,),
    )


def write(path: Path, labelled: Annotation | None = None) -> list[int]:
    with ShardWriter(path) as shard:
        return [
            shard.add(
                EncodedImage(image_id, ".jpg", f"bytes of {image_id}".encode() * 40), labelled
            )
            for image_id in IDS
        ]


@pytest.mark.parametrize("image_id", IDS)
def test_webdataset_and_we_read_the_same_from_a_name(image_id: str) -> None:
    """WebDataset sees one key and one suffix, and the key leads back to the id."""
    name = member_name(image_id, ".jpg")
    match = WEBDATASET.match(name)
    assert match
    assert match[2] == "jpg"
    assert split_member(name) == (image_id, ".jpg")


def test_names_of_different_ids_differ() -> None:
    """Encoding never makes two ids one."""
    assert member_name("a.b", ".jpg") != member_name("a%2Eb", ".jpg")


def test_any_tar_reader_reads_a_shard(tmp_path: Path) -> None:
    """Python's own tarfile finds names and bytes; nothing of this machine is in there."""
    write(tmp_path / "shard.tar")
    with tarfile.open(tmp_path / "shard.tar") as tar:
        members = tar.getmembers()
        assert [split_member(member.name)[0] for member in members] == IDS
        for image_id, member in zip(IDS, members, strict=True):
            file = tar.extractfile(member)
            assert file
            assert file.read() == f"bytes of {image_id}".encode() * 40
            assert (member.mtime, member.uid, member.gid, member.uname) == (0, 0, 0, "")


def test_offset_is_where_the_image_begins(tmp_path: Path) -> None:
    """A range of the file is the image, whatever headers its name needs."""
    path = tmp_path / "shard.tar"
    offsets = write(path, annotation())
    content = path.read_bytes()
    for image_id, offset in zip(IDS, offsets, strict=True):
        assert content[offset:].startswith(f"bytes of {image_id}".encode() * 40)


def test_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    """Two writings differ in nothing."""
    digests = []
    for name in ("one.tar", "two.tar"):
        write(tmp_path / name, annotation())
        digests.append(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert digests[0] == digests[1]


def test_labelled_shard_is_read_back(tmp_path: Path) -> None:
    """Ids, annotations and bytes come back, and the bytes only when asked for."""
    write(tmp_path / "shard.tar", annotation())
    images = read_labelled(tmp_path / "shard.tar")
    assert [image.id for image in images] == IDS
    assert images[5].read() == ("Zürich", ".jpg", "bytes of Zürich".encode() * 40)
    assert images[5].suffix == ".jpg"
    assert images[5].annotation.labels == ("Kätzchen",)
    assert images[5].annotation.boxes_xyxy.tolist() == [[1, 2.5, 30, 20]]
    assert images[5].annotation.difficult == (True,)


def test_shard_without_labels_is_no_labelled_shard(tmp_path: Path) -> None:
    """Images that have no JSON beside them are named."""
    write(tmp_path / "shard.tar")
    with pytest.raises(BadDataError, match=r"shard.tar: .*000001.jpg is not followed by its .json"):
        read_labelled(tmp_path / "shard.tar")


def test_other_file_is_no_shard(tmp_path: Path) -> None:
    """A file that is not a tar file is named."""
    (tmp_path / "shard.tar").write_bytes(b"no tar" * 1000)
    with pytest.raises(BadDataError, match=r"shard.tar: not a shard of labelled images"):
        read_labelled(tmp_path / "shard.tar")


def test_shard_that_broke_off_is_no_shard(tmp_path: Path) -> None:
    """A tar file cut short within a member is refused, not read in part."""
    path = tmp_path / "shard.tar"
    offsets = write(path, annotation())
    path.write_bytes(path.read_bytes()[: offsets[3] + 10])
    with pytest.raises(BadDataError, match=r"shard.tar"):
        read_labelled(path)


def test_error_while_writing_closes_the_file(tmp_path: Path) -> None:
    """A writer that fails leaves no open file, and no file that reads as a whole shard."""
    path = tmp_path / "shard.tar"

    def fail_midway() -> None:
        with ShardWriter(path) as shard:
            shard.add(EncodedImage("a", ".jpg", b"x"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_midway()
    assert path.stat().st_size % tarfile.RECORDSIZE
