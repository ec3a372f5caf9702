"""Sources in a bucket of a real S3 server, apart from the store."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from job.cli.source_options import parse_source
from job.data.formats.base import Source
from job.data.ingest.ingest import ingest
from job.errors import AlJobError, BadDataError, ConfigError, UsageError
from job.storage.memory import MemoryStore
from tests.conftest import AlJob
from tests.unit.data.conftest import Coco, Voc, Yolo

pytestmark = pytest.mark.integration

KEYS = "aws_access_key_id = test-key\naws_secret_access_key = {}\n"


@pytest.fixture
def server(
    request: pytest.FixtureRequest,
    s3_environment: Callable[[str], pytest.MonkeyPatch],
    unused_endpoint: str,
    tmp_path: Path,
) -> Any:
    """An S3 server that only the profile `camera` names; the variables name one that is down."""
    server = request.getfixturevalue(getattr(request, "param", "rclone"))
    environment = s3_environment(unused_endpoint)
    config, credentials = tmp_path / "aws-config", tmp_path / "aws-credentials"
    config.write_text(
        f"[profile camera]\nendpoint_url = {server.endpoint}\nregion = us-east-1\n"
        f"[profile spy]\nendpoint_url = {server.endpoint}\nregion = us-east-1\n"
    )
    credentials.write_text(
        f"[camera]\n{KEYS.format('test-secret')}[spy]\n{KEYS.format('wrong-secret')}"
    )
    environment.setenv("AWS_CONFIG_FILE", str(config))
    environment.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    environment.setenv("AWS_MAX_ATTEMPTS", "1")
    return server


def put(server: Any, folder: Path) -> str:
    """Copy a folder into a new bucket, and return its URL."""
    bucket = server.new_bucket()
    for path in folder.rglob("*"):
        if path.is_file():
            key = f"some/where/{path.relative_to(folder)}"
            server.client.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())
    return f"s3://{bucket}/some/where"


def voc_source(place: object, more: str = "") -> Source:
    return parse_source("--test", f"voc --root {place} --pool train --test test {more}")


def images_source(place: object, more: str = "") -> Source:
    return parse_source("--test", f"images --pool {place}/pool --classes b,a {more}")


def coco_source(place: object, more: str = "") -> Source:
    places = " ".join(
        f"--{split}-images {place}/{split} --{split}-annotations {place}/{split}.json"
        for split in ("pool", "test")
    )
    return parse_source("--test", f"coco {places} {more}")


def yolo_source(place: object, more: str = "") -> Source:
    return parse_source("--test", f"yolo --data {place}/data.yaml {more}")


def list_source(place: object, more: str = "") -> Source:
    return parse_source("--test", f"yolo --data {place}/obj.data {more}")


def roboflow_source(place: object, more: str = "") -> Source:
    return parse_source("--test", f"roboflow --root {place} {more}")


def ingested(source: Source) -> dict[str, bytes]:
    """The objects of the data set that a source makes."""
    store = MemoryStore()
    ingest(store, source, "d")
    again = ingest(store, source, "d")
    assert "there already" in again.lines()[0]
    return {key: store.read(key) for key in store.list("")}


SOURCES = (voc_source, coco_source, yolo_source, list_source, roboflow_source, images_source)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """All layouts in one folder, with a dozen images in the pool of each, and names in folders."""
    voc, coco, yolo = Voc(tmp_path / "data"), Coco(tmp_path / "data"), Yolo(tmp_path / "data")
    for number in range(12):
        voc.add("train", f"2012/im {number}", suffix=".png" if number % 2 else ".jpg")
        coco.add("pool", f"a-{number % 3}/ü{number}.jpg")
        yolo.add(
            f"train/images/{number % 3}/ü_jpg.rf.{number}.jpg",
            labels=f"train/labels/{number % 3}/ü_jpg.rf.{number}.txt",
        )
    voc.add("test", "2012.x")
    coco.add("test", "other.jpg")
    coco.write()
    yolo.add("valid/images/a.jpg", labels="valid/labels/a.txt")
    yolo.describe("path: .\ntrain: ../train/images\nval: valid/images")
    (yolo.root / "obj.names").write_text("ant\nbee")
    (yolo.root / "obj.data").write_text("names=obj.names\ntrain=x/all.txt\nvalid=x/val.txt")
    for name, pattern in (("all", "train/images/0/*"), ("val", "valid/images/*")):
        lines = [f"/home/me/{path.relative_to(yolo.root)}\n" for path in yolo.root.glob(pattern)]
        (yolo.root / f"{name}.txt").write_text("".join(sorted(lines)))
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("server", "source"),
    [
        *(("rclone", each) for each in SOURCES),
        ("moto", voc_source),  # another server answers a list and a missing key in its own way
        ("moto", images_source),
    ],
    indirect=["server"],
)
def test_a_bucket_makes_the_data_set_that_a_folder_makes(
    server: Any, folder: Path, source: Callable[..., Source]
) -> None:
    """Byte for byte, with the same identity: the files may move from one to the other."""
    url = put(server, folder)
    assert ingested(source(url, "--source-profile camera")) == ingested(source(folder))


@pytest.mark.parametrize(
    ("server", "source"),
    [("rclone", voc_source), ("rclone", coco_source), ("moto", voc_source)],
    indirect=["server"],
)
def test_an_image_that_the_bucket_lacks_is_named(
    server: Any, folder: Path, source: Callable[..., Source]
) -> None:
    """By its URL, as a file by its path."""
    url = put(server, folder)
    name = {voc_source: "JPEGImages/2012/im 0.jpg", coco_source: "pool/a-0/ü0.jpg"}[source]
    server.client.delete_object(Bucket=url.split("/")[2], Key=f"some/where/{name}")
    with pytest.raises(BadDataError) as caught:
        ingest(MemoryStore(), source(url, "--source-profile camera"), "d")
    assert str(caught.value).startswith(f"{url}/{name}: no such image")


@pytest.mark.parametrize(
    ("place", "kind", "told"),
    [
        ("s3://no-such-bucket/x --source-profile camera", ConfigError, "no such bucket"),
        ("{}/nowhere --source-profile camera", UsageError, "/nowhere: no such folder"),
        ("{} --source-profile spy", ConfigError, "check the profile 'spy' of --source-profile"),
        ("{} --source-profile nobody", ConfigError, "check --source-profile"),
        ("{} --source-endpoint localhost:1", ConfigError, "--source-endpoint: "),
        ("gs://bucket", UsageError, "gs://bucket: expected a path, or s3://bucket/prefix"),
        ("s3://me:key@bucket/x", UsageError, "s3://***@bucket/x: expected a path"),
    ],
)
def test_a_bucket_that_cannot_be_read_is_told_in_one_line(
    server: Any, folder: Path, place: str, kind: type[AlJobError], told: str
) -> None:
    """The line names the option to check, and has no secret."""
    url = put(server, folder)
    with pytest.raises(AlJobError) as caught:
        ingest(MemoryStore(), voc_source(place.format(url)), "d")
    assert isinstance(caught.value, kind)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_bucket_is_looked_at_like_a_folder(server: Any, folder: Path, al_job: AlJob) -> None:
    """`ingest auto` names its objects by their URLs, and passes on how to read them."""
    url = put(server, folder)
    ended = al_job("ingest", "auto", url, "--source-profile", "camera", "--dry-run")
    assert ended.code == 0, ended.err
    command = f"  al-job ingest voc --root {url} --pool train --test test --name where"
    assert f"{command} --source-profile camera" in ended.out.splitlines()
