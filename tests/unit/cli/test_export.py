"""`al-job export`: labels and picks of an experiment."""

import csv
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from job.data.dataset import Dataset
from job.export.pick_formats import PICK_FORMATS
from job.storage.local import LocalStore
from tests.conftest import AlJob, FinishedState
from tests.unit.export.kili_double import KEY, KiliDouble, serving


@pytest.fixture(scope="module")
def state(tiny: str, finished_state: FinishedState) -> Path:
    """A store with an experiment of two arms, which label 6, 10 and 14 images."""
    return finished_state(tiny)


def picked(state: Path, *places: str) -> list[str]:
    """The ids that rounds picked."""
    folders = [state / f"experiments/tiny/seed-0/{place}/select" for place in places]
    files = [file for folder in folders for file in folder.glob("picks-*.csv")]
    return [row["id"] for file in files for row in csv.DictReader(file.read_text().splitlines())]


def test_labels_of_the_last_round_are_exported(al_job: AlJob, state: Path, tmp_path: Path) -> None:
    """All that an arm has labelled, in the order of labelling, with the images as they are."""
    out = tmp_path / "out"
    options = ("--format", "coco", "--arm", "brust", "--out", out, "--store", state)
    ended = al_job("export", "labels", *options)
    assert ended.code == 0
    first, counts, last = ended.out.splitlines()
    assert first == "tiny, seed 0, arm brust, labelled up to round 2"
    assert last == f"files: {out}"
    found = json.loads((out / "annotations/instances_train.json").read_text())
    assert counts == f"labelled: 14 images, {len(found['annotations'])} boxes"
    ids = picked(state, "round-000", "brust/round-001", "brust/round-002")
    assert [each["file_name"] for each in found["images"]] == [f"{each}.jpg" for each in ids]
    dataset = Dataset.open(LocalStore(state), "drawn")
    assert tuple(each["name"] for each in found["categories"]) == dataset.classes
    data = dataset.read_image("pool", ids[-1]).data
    assert (out / "images/train" / f"{ids[-1]}.jpg").read_bytes() == data


def test_an_earlier_round_and_the_test_set_can_be_asked_for(
    al_job: AlJob, state: Path, tmp_path: Path
) -> None:
    """Round 0 belongs to no arm, and the test set is a list of its own."""
    options = ("--format", "voc", "--round", 0, "--with-test", "--out", tmp_path / "out")
    ended = al_job("export", "labels", *options, "--store", state)
    assert ended.out.startswith("tiny, seed 0, labelled up to round 0\nlabelled: 6 images, ")
    lists = tmp_path / "out/ImageSets/Main"
    assert (lists / "trainval.txt").read_text().split() == picked(state, "round-000")
    assert len((lists / "test.txt").read_text().split()) == 6


def test_picks_are_exported_with_their_list(al_job: AlJob, state: Path, tmp_path: Path) -> None:
    """The images of the last round that has picked, without boxes."""
    out = tmp_path / "out"
    ended = al_job("export", "picks", "--arm", "brust", "--out", out, "--store", state)
    assert ended.out == f"tiny, seed 0, arm brust, picks of round 2\n4 of 4 images\nfiles: {out}\n"
    ids = picked(state, "brust/round-002")
    assert sorted(path.stem for path in (out / "images").iterdir()) == sorted(ids)
    (original,) = (state / "experiments/tiny/seed-0/brust/round-002/select").glob("picks-*.csv")
    assert (out / "picks.csv").read_bytes() == original.read_bytes()


@pytest.mark.parametrize("name", PICK_FORMATS)
def test_picks_are_exported_for_a_tool(
    al_job: AlJob, state: Path, tmp_path: Path, name: str
) -> None:
    """In the order of rank, with proposals; a second export has the same bytes."""
    exports = []
    options = ("--arm", "brust", "--round", 2, "--format", name, "--proposals", 0.06)
    for folder in (tmp_path / "first/out", tmp_path / "second/out"):
        ended = al_job("export", "picks", *options, "--out", folder, "--store", state)
        assert ended.code == 0
        paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        exports.append({path.relative_to(folder): path.read_bytes() for path in paths})
    _, counts, proposed, _ = ended.out.splitlines()
    assert counts == "4 of 4 images"
    assert ", by tiny/seed-0/brust/round-001, confidence 0.06 or more" in proposed
    assert exports[0] == exports[1]
    content = json.loads(exports[0][Path("batch.json")])
    assert [image["id"] for image in content["images"]] == picked(state, "brust/round-002")
    assert sum(image["proposals"] for image in content["images"]) == int(proposed.split()[1])


def test_options_that_a_layout_has_no_place_for_are_refused(
    al_job: AlJob, state: Path, tmp_path: Path
) -> None:
    """With one line, before anything is written; round 0 has no model that could propose."""
    picks = ("export", "picks", "--store", state, "--out", tmp_path / "out")
    for options, error in {
        ("--proposals", 0.5): "--proposals: --format csv has no boxes; name the tool (cvat, coco, ",
        ("--format", "yolo", "--links", "https://host"): "--links: --format yolo has files and no "
        "links; labelstudio, kili have them",
        ("--format", "cvat", "--round", 0, "--proposals", 0.5): "--proposals: no model is trained "
        "before round 0 picks; leave the option out",
    }.items():
        ended = al_job(*picks, *options)
        assert (ended.code, ended.out) == (64, "")
        assert ended.error.startswith(f"al-job: {error}")
    assert not (tmp_path / "out").exists()


def test_picks_of_round_0_are_exported_without_proposals(
    al_job: AlJob, state: Path, tmp_path: Path
) -> None:
    """No model is needed for it, and all arms share it."""
    out = tmp_path / "out"
    options = ("--round", 0, "--format", "labelstudio", "--links", "https://host/a/")
    ended = al_job("export", "picks", *options, "--out", out, "--store", state)
    assert ended.out == f"tiny, seed 0, picks of round 0\n6 of 6 images\nfiles: {out}\n"
    tasks = json.loads((out / "tasks.json").read_text())
    assert [task["data"]["al_id"] for task in tasks] == picked(state, "round-000")
    assert tasks[0]["data"]["image"].startswith("https://host/a/images/0000_")
    assert not any(task["predictions"] for task in tasks)


def test_what_is_not_clear_is_asked(al_job: AlJob, state: Path, tmp_path: Path) -> None:
    """Several arms, a place that is not empty, or a layout that does not exist."""
    labels = ("export", "labels", "--store", state, "--out", tmp_path / "out")
    ended = al_job(*labels, "--format", "coco")
    assert ended.code == 64
    assert ended.error == "al-job: which arm? Give --arm or set AL_ARM (known: brust, random)"
    assert not (tmp_path / "out").exists()
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").touch()
    ended = al_job(*labels, "--format", "coco", "--arm", "brust")
    assert ended.code == 64
    assert "holds mine.txt; name an empty or a new place" in ended.error
    assert "'xml' is not one of 'coco', 'voc', 'yolo'" in al_job(*labels, "--format", "xml").error


def test_arms_share_round_0(al_job: AlJob, begun: Path, tmp_path: Path) -> None:
    """While nothing else is labelled, no arm has to be named; before, the command says so."""
    labels = ("export", "labels", "--store", begun, "--out", tmp_path / "out", "--format", "yolo")
    ended = al_job(*labels)
    assert ended.code == 64
    assert "no round of seed 0 has its annotate done yet" in ended.error
    for stage in ("select", "annotate"):
        al_job(stage, "--round", 0, "--store", begun)
    assert al_job(*labels).out.startswith("tiny, seed 0, labelled up to round 0\nlabelled: 6 ")


def test_an_object_that_is_gone_leaves_no_export(
    al_job: AlJob, state: Path, tmp_path: Path
) -> None:
    """A shard of the pool that is missing ends the export of picks, and nothing is left of it."""
    copy, out = tmp_path / "copy", tmp_path / "out"
    shutil.copytree(state, copy)
    (copy / "datasets/drawn/pool/00000.tar").unlink()
    for name in ("csv", "cvat"):
        options = ("--arm", "brust", "--format", name, "--out", out, "--store", copy)
        ended = al_job("export", "picks", *options)
        assert ended.code == 65
        assert "pool/00000.tar: no such object" in ended.error
        assert not out.exists()


def test_labels_that_came_along_come_out_again(
    al_job: AlJob, state: Path, tiny: str, tmp_path: Path
) -> None:
    """Exported labels and picks make a data set of their own, whose round 0 has these labels."""
    old, new = ("--store", state), ("--store", tmp_path / "new")
    labels = ("export", "labels", "--round", 0)
    al_job(*labels, "--format", "voc", "--out", tmp_path / "voc", *old)
    al_job("export", "picks", "--arm", "brust", "--out", tmp_path / "photos", *old)
    along = f"voc --root {tmp_path / 'voc'} --pool trainval"
    pool = ("--pool", tmp_path / "photos/images", "--labelled", along, "--name", "again")
    assert al_job("ingest", "images", *pool, *new).code == 0
    text = tiny.replace("initial: 6", "initial: 0")
    text = re.sub(r"name: drawn\n  synthetic:.*", "name: again\ntest: {from: none}", text)
    (tmp_path / "again.yaml").write_text(text)
    al_job("init", tmp_path / "again.yaml", *new)
    for stage in ("select", "annotate"):
        assert al_job(stage, "--round", 0, *new).code == 0
    none = al_job("export", "picks", "--out", tmp_path / "none", *new)
    assert (none.code, (tmp_path / "none").exists()) == (64, False)
    assert "picks of round 0: there are none" in none.error
    found = {}
    for store, name in ((old, "old"), (new, "new")):
        ended = al_job(*labels, "--format", "coco", "--out", tmp_path / f"coco-{name}", *store)
        assert "labelled: 6 images" in ended.out
        path = tmp_path / f"coco-{name}" / "annotations/instances_train.json"
        content = json.loads(path.read_text())
        found[name] = boxes_by_name(content)
    assert found["new"] == found["old"]


def boxes_by_name(content: dict[str, Any]) -> dict[str, list[tuple[str, list[float]]]]:
    """The class and the bbox of each box in an image, from a JSON file of COCO."""
    names = {each["id"]: each["name"] for each in content["categories"]}
    return {
        image["file_name"]: [
            (names[each["category_id"]], each["bbox"])
            for each in content["annotations"]
            if each["image_id"] == image["id"]
        ]
        for image in content["images"]
    }


def test_a_batch_for_kili_is_sent(
    al_job: AlJob, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files may be written, too; nothing else is sent."""
    picks = ("export", "picks", "--arm", "brust", "--round", 2, "--store", state)
    send = (*picks, "--format", "kili", "--send", "P", "--proposals", 0.06)
    assert al_job(*picks).error == "al-job: --out is missing: name the place to write to"
    ended = al_job(*picks, "--send", "P")
    assert ended.error == "al-job: --send: --format csv is sent nowhere; only kili is"
    monkeypatch.delenv("KILI_API_KEY", raising=False)
    assert al_job(*send, "--out", tmp_path / "out").code == 78
    assert not (tmp_path / "out").exists()
    with serving(KiliDouble()) as kili:
        monkeypatch.setenv("KILI_API_KEY", KEY)
        monkeypatch.setenv("KILI_API_ENDPOINT", kili.url)
        first = al_job(*send).out.splitlines()
        assert first[1:3] == ["4 of 4 images", "Kili: 4 of 4 assets added, 4 priorities set"]
        again = al_job(*send, "--out", tmp_path / "out").out.splitlines()
    assert again[3] == "Kili: 0 of 4 assets added, 0 priorities set"
    assert again[-1] == f"files: {tmp_path / 'out'}"
    ids = [asset["jsonMetadata"]["id"] for asset in kili.assets.values()]
    assert ids == picked(state, "brust/round-002")
    dataset = Dataset.open(LocalStore(state), "drawn")
    assert next(iter(kili.files.values()))[0] == dataset.read_image("pool", ids[0]).data
