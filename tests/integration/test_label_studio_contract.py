"""What Label Studio does: the same tests for its double and for the real server."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from job.annotation.answers import DrawnBox
from job.annotation.label_studio import client as client_module
from job.annotation.label_studio.client import LabelStudioClient
from job.annotation.label_studio.images import Copies
from job.annotation.label_studio.project import Wanted
from job.annotation.label_studio.tool import LabelStudio, Told
from job.errors import ConfigError, TemporaryError
from job.storage import open_store
from tests.label_studio.asking import (
    CLASSES,
    PHOTOS,
    Place,
    batch,
    before_each_request,
    lose,
    no_examples,
    photo,
    read_images,
    region,
)
from tests.label_studio.double import LEGACY, running_double
from tests.label_studio.server import EMAIL, running_server

DOUBLE = pytest.param("double", id="double")
REAL = pytest.param("real", marks=pytest.mark.label_studio, id="real")
ALL = list(PHOTOS)
NUM_REQUESTS = 17
"""Of a first push: a test holds that these are all."""


@pytest.fixture(params=[DOUBLE, REAL])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """A server, and a name that nothing there has."""
    name = f"t-{uuid4().hex[:8]}"
    if request.param == "real":
        yield Place(request.getfixturevalue("label_studio").url, name)
        return
    with running_double() as double:
        yield Place(double.url, name)


def test_people_are_asked_in_the_order_of_rank(place: Place) -> None:
    """A task says which image it is, and why it was picked; there is one project."""
    place.tool().push(place.batch(), read_images)
    assert place.asked == ALL
    assert place.project["sampling"] == "Sequential sampling"
    assert place.project["skip_queue"] == "IGNORE_SKIPPED"
    first = place.rows[0]["data"]
    image = place.batch().images[0]
    (upload,) = [each for each in place.uploads if each.startswith(image.sha256)]
    assert first.pop("image").endswith(f"-{upload}")
    assert first == {
        "al_key": image.key,
        "al_id": "p/0",
        "al_sha256": image.sha256,
        "al_rank": 0,
        "al_score": 0.5,
        "al_reason": "why",
    }


def test_a_task_begins_with_its_proposals(place: Place) -> None:
    """As one prediction of the round's model, which is the one that the project shows."""
    place.tool().push(place.batch(), read_images)
    assert place.project["model_version"] == f"{place.name}/seed-0/round-000"
    (prediction,) = place.api.get(f"/api/tasks/{place.number_of('p/0')}/")["predictions"]
    assert prediction["model_version"] == f"{place.name}/seed-0/round-000"
    assert [each["id"] for each in prediction["result"]] == ["proposal-0"]
    assert not place.api.get(f"/api/tasks/{place.number_of('p/1')}/")["predictions"]


def test_the_next_rounds_proposals_are_shown_in_their_turn(place: Place) -> None:
    """The project shows those of one model only, and that stays the first one unless it is told."""
    place.tool().push(place.batch(ALL[:2]), read_images)
    place.tool().push(place.batch(ALL[2:], index=2), read_images)
    assert place.project["model_version"] == f"{place.name}/seed-0/brust/round-001"
    assert place.asked == ALL


def test_all_arms_propose_in_one_name_if_there_are_several(place: Place) -> None:
    """A project shows the proposals of one name, and several arms ask in it at once."""
    place.tool(model="all").push(place.batch(ALL[:2]), read_images)
    place.tool(model="all").push(place.batch(ALL[2:], index=2), read_images)
    assert place.project["model_version"] == "all"


def test_a_round_without_proposals_leaves_the_shown_model_alone(place: Place) -> None:
    """Label Studio refuses the name of a model that proposes nothing."""
    place.tool().push(place.batch(ALL[:1]), read_images)
    place.tool().push(place.batch(["p/0", "p/3"], index=2), read_images)
    assert place.project["model_version"] == f"{place.name}/seed-0/round-000"
    assert place.asked == ["p/0", "p/3"]


def test_a_push_that_is_repeated_changes_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It only reads."""
    place.tool(instructions="<b> & 'so'").push(place.batch(), read_images)
    before = place.rows, place.uploads
    client = LabelStudioClient(place.url, LEGACY)
    sent: list[str] = []
    before_each_request(monkeypatch, client, sent.append)
    place.tool(client, instructions="<b> & 'so'").push(place.batch(), read_images)
    assert [each for each in sent if not each.startswith("GET ")] == []
    assert (place.rows, place.uploads) == before


def first_push(place: Place, monkeypatch: pytest.MonkeyPatch, number: int, when: str) -> list[str]:
    """Push for the first time, and lose one request; return all that were sent."""
    client = LabelStudioClient(place.url, LEGACY)
    sent = lose(monkeypatch, client, number, when)
    examples = {"dog": photo(300)}
    tool = place.tool(client, examples=lambda names: {n: examples[n] for n in names if n == "dog"})
    if number <= NUM_REQUESTS:
        with pytest.raises(TemporaryError, match="lost"):
            tool.push(place.batch(), read_images)
    tool.push(place.batch(), read_images)
    return sent


@pytest.mark.parametrize("place", [DOUBLE], indirect=True)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", range(1, NUM_REQUESTS + 2))
def test_whatever_is_lost_is_done_by_the_next_push(
    place: Place, number: int, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One project, one upload and one task an image, in order: after any one lost request."""
    sent = first_push(place, monkeypatch, number, when)
    assert len(place.projects) == 1
    assert place.asked == ALL
    assert len(place.uploads) == len(set(place.uploads)) == len(PHOTOS) + 1
    assert place.project["model_version"] == f"{place.name}/seed-0/round-000"
    assert "example-" in place.project["expert_instruction"]
    if number > NUM_REQUESTS:
        assert len(sent) == NUM_REQUESTS, "no request of a push is left out above"


@pytest.mark.parametrize("place", [REAL], indirect=True)
@pytest.mark.parametrize("what", ["POST /api/projects", "import?commit", "import", "PATCH"])
def test_what_the_real_server_did_is_not_done_again(
    place: Place, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each request that changes something is answered, and its answer is lost."""
    other = Place(place.url, f"{place.name}-other")
    sent = first_push(other, monkeypatch, NUM_REQUESTS + 1, "after")
    matching = [n for n, each in enumerate(sent, 1) if what in each and not each.startswith("GET")]
    monkeypatch.undo()
    first_push(place, monkeypatch, matching[-1], "after")
    assert (len(place.projects), place.asked) == (1, ALL)
    assert len(place.uploads) == len(PHOTOS) + 1


@pytest.mark.parametrize("place", [DOUBLE], indirect=True)
@pytest.mark.parametrize("number", range(1, NUM_REQUESTS + 1))
def test_a_second_push_may_happen_between_any_two_requests(
    place: Place, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole, before each request of the first one: every image is asked for once, in order."""
    client = LabelStudioClient(place.url, LEGACY)
    seen: list[str] = []

    def look(what: str) -> None:
        seen.append(what)
        if len(seen) == number:
            place.tool().push(place.batch(), read_images)

    before_each_request(monkeypatch, client, look)
    place.tool(client).push(place.batch(), read_images)
    assert (len(place.projects), place.asked) == (1, ALL)


def test_two_pushes_at_once_ask_once(place: Place) -> None:
    """Both find in the end that nothing lacks and nothing is there twice."""
    tools = [place.tool(), place.tool()]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda tool: tool.push(place.batch(), read_images), tools))
    place.tool().push(place.batch(), read_images)
    assert (len(place.projects), place.asked) == (1, ALL)


def test_copies_of_an_image_are_uploaded_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pool may hold the same bytes under several ids; each of them is a task."""
    monkeypatch.setitem(PHOTOS, "p/3", PHOTOS["p/1"])
    place.tool().push(place.batch(), read_images)
    assert place.asked == ALL
    assert len(place.uploads) == len(set(place.uploads)) == len(ALL) - 1


def test_a_task_that_is_there_twice_is_removed_where_nobody_worked(place: Place) -> None:
    """The one that somebody has answered stays, whichever came first."""
    place.tool().push(place.batch(), read_images)
    data = next(row["data"] for row in place.rows if row["data"]["al_id"] == "p/3")
    place.api.send("POST", f"/api/projects/{place.projects[0]}/import", [{"data": data}])
    twin = place.rows[-1]["id"]
    place.api.send("POST", f"/api/tasks/{twin}/annotations/", {"result": [], "lead_time": 3})
    place.tool().push(place.batch(), read_images)
    assert place.asked == ["p/0", "p/1", "p/2", "p/4", "p/3"]
    assert place.rows[-1]["id"] == twin


def test_answers_come_with_what_people_drew(place: Place) -> None:
    """In pixels, with who, when, how long, and which proposal each box began as."""
    place.tool().push(place.batch(), read_images)
    kept = region(id="proposal-0", origin="prediction-changed")
    place.annotate("p/0", [kept, region("a < b & c")], lead_time=12.5)
    place.annotate("p/1", [], was_cancelled=True, lead_time=2)
    place.annotate("p/2", [])
    zero, one, two, three, _ = place.tool().tasks()
    (answer,) = zero.answers
    box = (10.0, 8.0, 30.0, 40.0)
    assert answer.boxes == (DrawnBox("dog", box, "proposal-0"), DrawnBox("a < b & c", box))
    assert (answer.by, answer.seconds, answer.size_wh) == (EMAIL, 12.5, (100, 80))
    assert answer.at
    assert abs(datetime.now(UTC) - answer.at) < timedelta(minutes=5)
    assert (answer.tells_proposals, answer.raw["lead_time"]) == (True, 12.5)
    assert [(each.is_refused, each.seconds) for each in one.answers] == [(True, 2.0)]
    assert [(each.boxes, each.seconds) for each in two.answers] == [((), None)]
    assert three.answers == ()
    assert zero.key == place.batch().images[0].key
    assert zero.link == f"{place.url}/projects/{place.projects[0]}/data?task={place.rows[0]['id']}"


def test_all_pages_are_read(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if the last one is full, behind which Label Studio has none."""
    place.tool().push(place.batch(), read_images)
    for size in (1, 2, 5):
        monkeypatch.setattr(client_module, "PAGE_SIZE", size)
        assert [task.image_id for task in place.tool().tasks()] == ALL


def test_tasks_of_others_in_the_project_are_left_alone(place: Place) -> None:
    """People may add images of their own there."""
    place.tool().push(place.batch(ALL[:1]), read_images)
    own = [{"data": {"image": "/data/upload/own.jpg"}}]
    place.api.send("POST", f"/api/projects/{place.projects[0]}/import", own)
    place.tool().push(place.batch(ALL[:1]), read_images)
    place.tool().withdraw(ALL)
    assert place.tool().tasks() == []
    assert [row["data"]["image"] for row in place.rows] == ["/data/upload/own.jpg"]


def test_what_is_withdrawn_is_gone_unless_somebody_worked(place: Place) -> None:
    """An answer stays, and so does a draft; it may be asked for again later."""
    place.tool().push(place.batch(), read_images)
    place.annotate("p/0")
    place.api.send("POST", f"/api/tasks/{place.number_of('p/1')}/drafts", {"result": [region()]})
    tool = place.tool()
    tool.withdraw(["p/0", "p/1", "p/2", "unknown"])
    assert place.asked == ["p/0", "p/1", "p/3", "p/4"]
    assert [task.is_begun for task in tool.tasks()] == [False, True, False, False]
    tool.push(place.batch(["p/2"], index=2), read_images)
    assert place.asked == ["p/0", "p/1", "p/3", "p/4", "p/2"]
    assert len(place.uploads) == len(PHOTOS)


def test_nothing_is_asked_for_at_first(place: Place) -> None:
    """Before the first push there are no tasks and nothing to withdraw, and looking makes none."""
    assert place.tool().tasks() == []
    place.tool().withdraw(ALL)
    assert place.projects == []


def test_a_project_that_was_deleted_is_made_anew(place: Place) -> None:
    """With what is asked for now; nobody knows what was answered there."""
    place.tool().push(place.batch(), read_images)
    place.api.send("DELETE", f"/api/projects/{place.projects[0]}/")
    assert place.tool().tasks() == []
    place.tool().push(place.batch(ALL[1:]), read_images)
    assert place.asked == ALL[1:]


def test_a_project_that_is_deleted_meanwhile_is_a_temporary_error(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next push makes it anew."""
    place.tool().push(place.batch(), read_images)
    client = LabelStudioClient(place.url, LEGACY)

    def look(what: str) -> None:
        if what.startswith("GET /api/tasks"):
            place.api.send("DELETE", f"/api/projects/{place.projects[0]}/")

    before_each_request(monkeypatch, client, look)
    with pytest.raises(TemporaryError, match="deleted there meanwhile"):
        place.tool(client).tasks()


def test_deleted_tasks_are_asked_for_again(place: Place) -> None:
    """They come after the others: the order is that of their making."""
    place.tool().push(place.batch(), read_images)
    place.api.send("DELETE", f"/api/tasks/{place.number_of('p/1')}/")
    place.tool().push(place.batch(), read_images)
    assert place.asked == ["p/0", "p/2", "p/3", "p/4", "p/1"]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (("cat", CLASSES[1]), "has no 'dog' and has also 'cat'. Undo that"),
        ((*CLASSES, "cat"), "has also 'cat'. Undo that"),
        (CLASSES[:1], "has no 'a < b & c'. Undo that"),
    ],
)
def test_other_classes_are_refused(place: Place, config: tuple[str, ...], message: str) -> None:
    """Whether one was renamed, added or removed: other classes are a new data set."""
    place.tool().push(place.batch(), read_images)
    asking = Place(place.url, f"{place.name}-x").tool(classes=config)
    asking.push(batch([], f"{place.name}-x"), read_images)
    changed = Place(place.url, f"{place.name}-x").project["label_config"]
    place.api.send("PATCH", f"/api/projects/{place.projects[0]}/", {"label_config": changed})
    with pytest.raises(ConfigError, match=message):
        place.tool().tasks()
    with pytest.raises(ConfigError, match=message):
        place.tool().push(place.batch(), read_images)


def test_a_configuration_without_our_boxes_is_refused(place: Place) -> None:
    """Boxes of other tags could not be told apart; colours and further tags are fine."""
    place.tool().push(place.batch(), read_images)
    config = place.project["label_config"]
    path = f"/api/projects/{place.projects[0]}/"
    more = config.replace("</View>", '<Header value="Hi"/></View>')
    more = re.sub('value="dog"[^/]*', 'value="dog" background="red" hotkey="d"', more)
    place.api.send("PATCH", path, {"label_config": more})
    assert len(place.tool().tasks()) == len(ALL)
    other = config.replace('name="label"', 'name="box"')
    place.api.send("PATCH", path, {"label_config": other})
    with pytest.raises(ConfigError, match="lacks <RectangleLabels name='label'>"):
        place.tool().tasks()


def test_two_experiments_have_two_projects(place: Place) -> None:
    """Also if the name of one begins with that of the other."""
    other = Place(place.url, f"{place.name}2")
    for each in (place, other):
        each.tool().push(each.batch(), read_images)
    assert len({*place.projects, *other.projects}) == 2
    assert (place.asked, other.asked) == (ALL, ALL)


def test_another_experiment_of_the_same_name_is_refused(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its images have other bytes under the same ids."""
    place.tool().push(place.batch(), read_images)
    monkeypatch.setitem(PHOTOS, "p/1", photo(999))
    with pytest.raises(ConfigError, match="'p/1' has other bytes"):
        place.tool().push(place.batch(), read_images)


def test_the_overlap_follows_the_settings(place: Place) -> None:
    """How many annotators label each image may change while the experiment runs."""
    place.tool(per_image=2).push(place.batch(), read_images)
    assert place.project["maximum_annotations"] == 2
    place.tool(per_image=1).push(place.batch(), read_images)
    assert place.project["maximum_annotations"] == 1


def test_instructions_have_an_example_of_each_labelled_class(place: Place) -> None:
    """It is uploaded once; a class of which nothing is labelled has none yet."""
    asked: list[list[str]] = []

    def examples(names: list[str]) -> dict[str, bytes]:
        asked.append(list(names))
        return {name: photo(300 + len(asked)) for name in names if name in shown}

    shown = ["dog"]
    tool = place.tool(instructions="Draw <tight> boxes.\n\nAll & only dogs.", examples=examples)
    tool.push(place.batch(), read_images)
    shown = list(CLASSES)
    tool.push(place.batch(), read_images)
    tool.push(place.batch(), read_images)
    assert asked == [list(CLASSES), [CLASSES[1]], []]
    html = place.project["expert_instruction"]
    assert html.startswith(
        "<p>Draw &lt;tight&gt; boxes.</p><p>All &amp; only dogs.</p><h3>dog</h3>"
    )
    assert html.count("<img src=") == 2
    assert place.project["show_instruction"]


def webhooks(place: Place) -> list[dict[str, object]]:
    """The webhooks of the project, without what the server adds."""
    found = place.api.get("/api/webhooks/", project=place.projects[0])
    names = ("url", "headers", "send_payload", "is_active", "actions")
    return [{name: hook[name] for name in names} for hook in found]


def test_a_webhook_follows_the_settings(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is one of ours, with the secret in a header and no payload; others are left alone."""
    monkeypatch.setenv("AL_WEBHOOK_SECRET", "first")
    place.tool(webhook="http://127.0.0.1:9/one").push(place.batch(), read_images)
    hook = {
        "url": "http://127.0.0.1:9/one",
        "headers": {"X-Al-Voc-Secret": "first"},
        "send_payload": False,
        "is_active": True,
        "actions": ["ANNOTATION_CREATED", "ANNOTATION_UPDATED"],
    }
    assert webhooks(place) == [hook]
    monkeypatch.setenv("AL_WEBHOOK_SECRET", "second")
    place.tool(webhook="http://127.0.0.1:9/two").push(place.batch(), read_images)
    headers = {"X-Al-Voc-Secret": "second"}
    assert webhooks(place) == [hook | {"url": "http://127.0.0.1:9/two", "headers": headers}]
    other = hook | {"project": place.projects[0], "headers": {}}
    place.api.send("POST", "/api/webhooks/", other)
    place.tool().push(place.batch(), read_images)
    assert webhooks(place) == [hook | {"headers": {}}]


def test_a_webhook_needs_a_secret(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without one, anybody could wake us."""
    monkeypatch.delenv("AL_WEBHOOK_SECRET", raising=False)
    with pytest.raises(ConfigError, match="AL_WEBHOOK_SECRET is not set"):
        place.tool(webhook="http://127.0.0.1:9/").push(place.batch(), read_images)


def test_a_token_that_is_not_taken_is_a_wrong_setting(place: Place) -> None:
    """The message says what it is and where a new one comes from, and not the token."""
    client = LabelStudioClient(place.url, "f" * 40)
    with pytest.raises(ConfigError, match="does not take the token") as how:
        place.tool(client).tasks()
    assert "AL_LABEL_STUDIO_TOKEN" in str(how.value)
    assert "f" * 40 not in str(how.value)


def test_a_personal_access_token_is_taken(place: Place) -> None:
    """It is changed into one that lives for minutes, and again when that one is not taken."""
    token = place.api.send("POST", "/api/token/", {})["token"]
    client = LabelStudioClient(place.url, token)
    place.tool(client).push(place.batch(ALL[:1]), read_images)
    client._access = "head.expired.sign"  # noqa: SLF001 - it would take five minutes
    assert [task.image_id for task in place.tool(client).tasks()] == ALL[:1]


def test_an_address_below_which_there_is_nothing_is_a_wrong_setting(place: Place) -> None:
    """Such as that of a page instead of the server."""
    client = LabelStudioClient(f"{place.url}/nothing", LEGACY)
    with pytest.raises(ConfigError, match=r"not the address of a Label Studio.*label_studio\.url"):
        place.tool(client).tasks()


def test_a_server_that_is_down_is_a_temporary_error(unused_endpoint: str) -> None:
    """The next look may find it up again."""
    with pytest.raises(TemporaryError, match=r"is it up\? check annotation\.label_studio\.url"):
        Place(unused_endpoint, "x").tool().tasks()


@pytest.mark.label_studio
def test_a_server_that_was_killed_within_an_import_has_all_of_it_or_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next push, after its start, completes the round: one task an image, in order."""
    for number in range(400):
        monkeypatch.setitem(PHOTOS, f"many/{number}", PHOTOS["p/0"])
    many = [each for each in PHOTOS if each.startswith("many/")]
    with running_server(tmp_path / "data") as server, ThreadPoolExecutor(1) as pool:
        place = Place(server.url, "killed")
        client = LabelStudioClient(server.url, LEGACY)

        def look(what: str) -> None:
            if what.endswith("/import"):
                pool.submit(server.kill)

        before_each_request(monkeypatch, client, look)
        with pytest.raises(TemporaryError, match="is it up"):
            place.tool(client).push(place.batch(many), read_images)
        server.start()
        assert place.asked in ([], many)
        place.tool().push(place.batch(many), read_images)
        assert place.asked == many


@pytest.mark.label_studio
def test_images_in_a_bucket_are_served_by_label_studio(moto_url: str, tmp_path: Path) -> None:
    """It reads the copies by credentials of its own; a second push connects nothing anew."""
    store = open_store(moto_url)
    with running_server(tmp_path / "data") as server:  # it inherits the AWS variables
        place = Place(server.url, "copies")
        for ids in (ALL[:2], ALL):
            client = LabelStudioClient(place.url, LEGACY)
            wanted = Wanted(place.name, place.dataset, CLASSES, 1)
            images = Copies(client, store, place.name)
            LabelStudio(client, wanted, images, Told("", no_examples)).push(
                place.batch(ids), read_images
            )
        assert place.asked == ALL
        assert len(place.api.get("/api/storages/s3", project=place.projects[0])) == 1
        address = place.api.get(f"/api/tasks/{place.number_of('p/3')}/")["data"]["image"]
        headers = {"Authorization": f"Token {LEGACY}"}
        assert client.server.request("GET", address, headers=headers).data == PHOTOS["p/3"]
