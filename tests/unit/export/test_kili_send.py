"""Batches that are sent to Kili, whose requests are held against those of its SDK."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from job.data.dataset import Dataset
from job.data.shards import EncodedImage
from job.errors import AlJobError, ConfigError, TemporaryError
from job.export.kili_api import KiliProject
from job.export.kili_send import send
from job.export.pick_formats.kili import KiliPicks
from tests.unit.export.batches import ODD, batch
from tests.unit.export.kili_double import KEY, KiliDouble, serving

SDK = json.loads((Path(__file__).parent / "kili_sdk.json").read_text())
PREFIX = "mine/seed-3/brust/round-002/"


class Images(Dataset):
    """A data set of which only the bytes of images are asked for."""

    def __init__(self) -> None:
        pass

    def read_images(self, _: object, ids: Any) -> Any:
        """Yield images whose bytes are their ids."""
        yield from (EncodedImage(each, ".jpg", each.encode()) for each in ids)


@pytest.fixture
def kili(monkeypatch: pytest.MonkeyPatch) -> Iterator[KiliDouble]:
    """A double of Kili, which the environment names."""
    with serving(KiliDouble()) as double:
        monkeypatch.setenv("KILI_API_KEY", KEY)
        monkeypatch.setenv("KILI_API_ENDPOINT", f"{double.url}/api/label/v2/graphql")
        yield double


def sent(**options: Any) -> list[str]:
    """What sending the batch said."""
    return send(KiliPicks(batch(**options)), Images(), KiliProject("P"))


def test_a_project_gets_the_batch(kili: KiliDouble) -> None:
    """Images in the order of rank, with priorities, and predictions of those with proposals."""
    assert sent() == [
        "Kili: 2 of 2 assets added, 2 priorities set",
        "Kili: predictions of 1 images set",
    ]
    assert [*kili.assets] == [PREFIX + ODD, f"{PREFIX}a"]
    first, last = kili.assets.values()
    assert (first["priority"], last["priority"]) == (3, 1)
    assert first["jsonMetadata"]["id"] == ODD
    path = first["content"].partition("/bucket/")[2].partition("?")[0]
    assert kili.files[path] == (ODD.encode(), "image/jpeg")
    (model, response) = next(iter(first["predictions"].items()))
    assert model == "mine/seed-3/brust/round-001"
    assert len(response["OBJECT_DETECTION_JOB"]["annotations"]) == 2
    assert not last["predictions"]


def test_sent_twice_it_is_there_once(kili: KiliDouble) -> None:
    """Only what differs is sent again."""
    sent()
    before = json.dumps(kili.assets)
    kili.requests.clear()
    assert sent()[0] == "Kili: 0 of 2 assets added, 0 priorities set"
    assert json.dumps(kili.assets) == before
    assert not any("setAssetsPriority" in query for query, _ in kili.requests)


def test_whatever_is_lost_a_retry_completes_it(kili: KiliDouble) -> None:
    """Each request in turn is done, and its answer lost."""
    sent()
    complete, num_requests = json.dumps(kili.assets), len(kili.requests)
    for number in range(num_requests):
        kili.assets.clear()
        kili.requests.clear()
        kili.fail_at = number
        with pytest.raises(TemporaryError, match=r"^Kili at http.*: try later; retry, and it cont"):
            sent()
        kili.fail_at = None
        sent()
        assert json.dumps(kili.assets) == complete


def test_links_are_sent_as_they_are(kili: KiliDouble) -> None:
    """No image is uploaded."""
    sent(links="https://host/a", proposing=False)
    contents = [asset["content"] for asset in kili.assets.values()]
    assert contents == [
        "https://host/a/images/0000_stem.jpg",
        "https://host/a/images/0002_stem.png",
    ]
    assert not kili.files
    assert not any("appendManyLabels" in query for query, _ in kili.requests)


def test_requests_are_those_of_the_sdk(kili: KiliDouble) -> None:
    """The queries to the letter, but for blanks, and variables of the same keys."""
    sent()
    known = {each["query"]: each["variables"] for each in SDK["requests"]}
    seen = {" ".join(query.split()): variables for query, variables in kili.requests}
    assert seen.keys() == known.keys()
    for query, variables in seen.items():
        theirs = known[query]
        for unused in ("label", "issue"):  # empty filters of their query for assets
            theirs.get("where", {}).pop(unused, None)
        assert shape(variables) == shape(theirs)


def shape(value: Any) -> Any:
    """The keys and types of a value; of a list, those of its first item."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value[:1]]
    return type(value).__name__


@pytest.mark.parametrize(
    ("key", "status", "error"),
    [
        ("another", 200, r"does not take the key \(unauthenticated\): check KILI_API_KEY"),
        (KEY, 400, "refuses it: try later"),
        (KEY, 429, "try later; retry, and it continues"),
    ],
)
def test_a_refusal_is_one_line(
    kili: KiliDouble, monkeypatch: pytest.MonkeyPatch, key: str, status: int, error: str
) -> None:
    """With what to check; the key is never shown."""
    monkeypatch.setenv("KILI_API_KEY", key)
    kili.fail_at, kili.status = 0, status
    with pytest.raises(AlJobError, match=error) as caught:
        sent()
    assert isinstance(caught.value, TemporaryError if status == 429 else ConfigError)
    assert key not in str(caught.value)


def test_without_a_key_nothing_is_sent(kili: KiliDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says where there is one."""
    monkeypatch.delenv("KILI_API_KEY")
    with pytest.raises(ConfigError, match="--send: KILI_API_KEY is not set: make a key in Kili"):
        sent()
    assert not kili.requests


def test_what_does_not_answer_as_kili_is_told(kili: KiliDouble) -> None:
    """Such as a web page at the address."""
    kili.is_page = True
    with pytest.raises(ConfigError, match="does not answer as Kili does: check KILI_API_ENDPOINT"):
        sent()


def test_a_priority_that_is_declined_is_told(kili: KiliDouble) -> None:
    """With the asset."""
    declined = {"succeeded": [], "declined": [{"externalId": "a"}], "failed": []}
    kili.answers["setAssetsPriority"] = lambda _: {"data": declined}
    with pytest.raises(ConfigError, match="the priority of 'a': declined"):
        sent()


def test_assets_that_do_not_appear_are_waited_for(kili: KiliDouble) -> None:
    """A retry finds them."""
    kili.answers["appendManyAssets"] = lambda _: {"data": []}
    with pytest.raises(TemporaryError, match="Kili does not show 2 of the assets yet; retry"):
        sent()
