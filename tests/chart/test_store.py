"""The release's store: a small one of its own, or a bucket."""

import base64
from typing import Any

import pytest

KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


def env(spec: dict[str, Any]) -> dict[str, Any]:
    return {
        each["name"]: each.get("value") or each["valueFrom"]
        for each in spec["containers"][0]["env"]
    }


def key_files(spec: dict[str, Any]) -> tuple[str, dict[str, str]] | None:
    """Return the Secret whose keys lie in the folder that the pod is told, and their files."""
    mounts = {each["name"]: each["mountPath"] for each in spec["containers"][0]["volumeMounts"]}
    if "store-keys" not in mounts:
        return None
    assert env(spec)["AL_STORE_KEYS"] == mounts["store-keys"]
    [secret] = [each["secret"] for each in spec["volumes"] if each["name"] == "store-keys"]
    return secret["secretName"], {each["path"]: each["key"] for each in secret["items"]}


def of_stages(rendering: Any) -> dict[str, dict[str, Any]]:
    """Return the pods that run al-job."""
    return {name: pod["spec"] for name, pod in rendering.pods() if name != "al-voc-store"}


OWN_KEYS = {key: key for key in KEYS}


def test_everybody_uses_the_store_of_the_release(render: Any) -> None:
    """Stages, ingest, driver and test find it, and have its key from its Secret."""
    expected = {
        "AL_STORE": "s3://al-voc",
        "AWS_ENDPOINT_URL": "http://al-voc-store:8333",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    for name, spec in of_stages(render()).items():
        assert env(spec).items() >= expected.items(), name
        assert key_files(spec) == ("al-voc-store", OWN_KEYS), name
        assert not env(spec).keys() & {*KEYS}, name


def test_its_key_is_the_same_at_each_rendering(render: Any) -> None:
    """It is a digest of namespace and release where there is no cluster to ask for the key.

    The digest: `printf al-voc/ns/al-voc | sha256sum | cut -c1-40`.
    """
    data = render().named("Secret", "al-voc-store")["data"]
    assert base64.b64decode(data["AWS_ACCESS_KEY_ID"]) == b"al-voc"
    secret = base64.b64decode(data["AWS_SECRET_ACCESS_KEY"]).decode()
    assert secret == "36e83f1b0cc6f7633" + "2ac7921abb077a13fc29e83"
    other = render(name="other").named("Secret", "other-al-voc-store")["data"]
    assert other["AWS_SECRET_ACCESS_KEY"] != data["AWS_SECRET_ACCESS_KEY"]


def test_service_finds_the_store(render: Any) -> None:
    """The Service's selector and port are those of the store's pod, and of no other pod."""
    service = render().named("Service", "al-voc-store")["spec"]
    assert service["ports"] == [{"name": "s3", "port": 8333, "targetPort": "s3"}]
    chosen = [
        name
        for name, pod in render().pods()
        if pod["metadata"]["labels"].items() >= service["selector"].items()
    ]
    assert chosen == ["al-voc-store"]
    deployment = render().named("Deployment", "al-voc-store")["spec"]
    assert deployment["selector"]["matchLabels"] == service["selector"]
    [container] = deployment["template"]["spec"]["containers"]
    assert container["ports"] == [{"name": "s3", "containerPort": 8333}]


def test_only_s3_is_heard_from_outside(render: Any) -> None:
    """The store's inner servers need no key, so they listen only inside their pod."""
    [container] = store_pod(render())["containers"]
    assert {"-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3.ip.bind=0.0.0.0"} <= set(container["args"])


def test_the_store_does_not_phone_home(render: Any) -> None:
    """The store sends no telemetry."""
    [container] = store_pod(render())["containers"]
    assert "-master.telemetry=false" in container["args"]


def test_two_store_pods_never_share_a_volume(render: Any) -> None:
    """The old pod ends before a new one starts."""
    deployment = render().named("Deployment", "al-voc-store")["spec"]
    assert (deployment["replicas"], deployment["strategy"]) == (1, {"type": "Recreate"})


def test_data_are_on_an_empty_dir_at_first(render: Any) -> None:
    """No StorageClass is needed."""
    rendering = render()
    assert not rendering.of_kind("PersistentVolumeClaim")
    volume = {"name": "data", "emptyDir": {"sizeLimit": "20Gi"}}
    assert volume in store_pod(rendering)["volumes"]


@pytest.mark.parametrize(("storage_class", "expected"), [("", None), ("fast", "fast")])
def test_data_may_persist(render: Any, storage_class: str, expected: str | None) -> None:
    """The chart's claim outlives the release, so results are not deleted with it."""
    persistence = {"enabled": True, "size": "5Gi", "storageClass": storage_class}
    rendering = render({"store": {"embedded": {"persistence": persistence}}})
    claim = rendering.named("PersistentVolumeClaim", "al-voc-store")
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert claim["spec"]["resources"] == {"requests": {"storage": "5Gi"}}
    assert claim["spec"].get("storageClassName") == expected
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "al-voc-store"}}
    assert volume in store_pod(rendering)["volumes"]


def test_a_claim_of_the_user_s(render: Any) -> None:
    """An existing claim is used, and none is created."""
    rendering = render({"store": {"embedded": {"persistence": {"existingClaim": "mine"}}}})
    assert not rendering.of_kind("PersistentVolumeClaim")
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "mine"}}
    assert volume in store_pod(rendering)["volumes"]


def test_own_key_for_the_store_of_the_release(render: Any) -> None:
    """A user's Secret replaces the derived one, also for the server, which reads variables."""
    rendering = render({"store": {"existingSecret": "mine"}})
    assert not rendering.of_kind("Secret")
    for name, spec in of_stages(rendering).items():
        assert key_files(spec) == ("mine", OWN_KEYS), name
    expected = {key: {"secretKeyRef": {"name": "mine", "key": key}} for key in KEYS}
    assert env(store_pod(rendering)) == expected


def test_keys_of_a_secret_may_have_other_names(render: Any) -> None:
    """Temporary credentials have a session token; the chart's own Secret has names of its own."""
    names = {"accessKeyId": "id", "secretAccessKey": "secret", "sessionToken": "token"}
    store = {"url": "s3://mine", "existingSecret": "keys", "existingSecretKeys": names}
    expected = dict(zip((*KEYS, "AWS_SESSION_TOKEN"), names.values(), strict=True))
    for name, spec in of_stages(render({"store": store})).items():
        assert key_files(spec) == ("keys", expected), name
    own = render({"store": {"existingSecretKeys": names}}).stage("train")
    assert key_files(own) == ("al-voc-store", OWN_KEYS)


def test_settings_of_the_store_s_pod(render: Any, every_value: dict[str, Any]) -> None:
    """Its scheduling, labels and sizes can be set."""
    given = every_value["store"]["embedded"] | {
        "image": {"repository": "mirror/seaweedfs", "tag": "9", "pullPolicy": "Never"},
        "resources": {"limits": {"memory": "3Gi"}},
        "podSecurityContext": {"runAsUser": 5},
    }
    rendering = render({"store": {"embedded": given}})
    pod, metadata = store_pod(rendering), store_metadata(rendering)
    for key in ("nodeSelector", "affinity", "tolerations", "priorityClassName"):
        assert pod[key] == given[key]
    assert pod["securityContext"]["runAsUser"] == 5
    assert pod["containers"][0]["image"] == "mirror/seaweedfs:9"
    assert pod["containers"][0]["imagePullPolicy"] == "Never"
    assert pod["containers"][0]["resources"]["limits"] == {"memory": "3Gi"}
    assert metadata["annotations"]["note"] == "mine"
    assert metadata["labels"]["team"] == "vision"


def test_own_bucket(render: Any) -> None:
    """With a bucket, the chart makes no store."""
    store = {
        "url": "s3://mine/voc",
        "endpoint": "https://s3.example",
        "region": "eu-west-1",
        "existingSecret": "keys",
    }
    rendering = render({"store": store})
    assert not {each["metadata"]["name"] for each in rendering.objects} & {"al-voc-store"}
    expected = {
        "AL_STORE": "s3://mine/voc",
        "AWS_ENDPOINT_URL": "https://s3.example",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
    for name, spec in of_stages(rendering).items():
        assert env(spec).items() >= expected.items(), name
        assert key_files(spec) == ("keys", OWN_KEYS), name


def test_workload_identity(render: Any) -> None:
    """Without a Secret no key is given, and the cloud's own annotations are on the accounts."""
    annotations = {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/voc"}
    rendering = render(
        {"store": {"url": "s3://mine"}, "serviceAccount": {"annotations": annotations}}
    )
    for account in rendering.of_kind("ServiceAccount"):
        assert account["metadata"]["annotations"] == annotations
    for name, pod in rendering.pods():
        assert not {*KEYS, "AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION"} & env(pod["spec"]).keys(), name
        assert not key_files(pod["spec"]), name


def store_pod(rendering: Any) -> dict[str, Any]:
    spec: dict[str, Any] = rendering.named("Deployment", "al-voc-store")["spec"]["template"]["spec"]
    return spec


def store_metadata(rendering: Any) -> dict[str, Any]:
    template = rendering.named("Deployment", "al-voc-store")["spec"]["template"]
    metadata: dict[str, Any] = template["metadata"]
    return metadata


def test_a_drain_may_wait_for_data_that_it_would_delete(render: Any) -> None:
    """If it is asked for: nobody's nodes are held up by a store for trying out.

    A claim outlives its pod, and needs no such thing.
    """
    asked = {"podDisruptionBudget": {"enabled": True}}
    rendering = render({"store": {"embedded": asked}})
    budget = rendering.named("PodDisruptionBudget", "al-voc-store")["spec"]
    assert budget["maxUnavailable"] == 0
    labels = render().named("Deployment", "al-voc-store")["spec"]["selector"]
    assert budget["selector"] == labels
    for store in (
        {},
        {"embedded": asked | {"persistence": {"enabled": True}}},
        {"embedded": asked, "url": "s3://mine"},
    ):
        assert not render({"store": store}).of_kind("PodDisruptionBudget")


def test_a_store_that_begins_anew_gets_its_data_set_again(render: Any) -> None:
    """A change of the pod empties an emptyDir: ingest and driver run again. A claim keeps it."""

    def names(kept: bool, memory: str) -> list[str]:  # noqa: FBT001 - a case
        resources = {"limits": {"memory": memory}}
        embedded = {"persistence": {"enabled": kept}, "resources": resources}
        rendering = render({"store": {"embedded": embedded}})
        return [job["metadata"]["name"] for job in rendering.of_kind("Job")]

    assert not {*names(kept=False, memory="1Gi")} & {*names(kept=False, memory="2Gi")}
    assert names(kept=True, memory="1Gi") == names(kept=True, memory="2Gi")


def test_openshift_gives_the_store_its_user(render: Any) -> None:
    """Its namespaces have users of their own: a pod that names another is refused there."""
    usual = store_pod(render())["securityContext"]
    there = store_pod(render({}, "--api-versions", "security.openshift.io/v1"))["securityContext"]
    named = {"runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 1000}
    assert usual == there | named
    assert not named.keys() & there.keys()
