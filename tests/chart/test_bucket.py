"""What a bucket and the way to it need beside a name: in every pod that uses the store."""

from typing import Any

import pytest

PROXY = {"http": "http://proxy:3128", "https": "http://proxy:3129"}


def env(spec: dict[str, Any]) -> dict[str, Any]:
    return {each["name"]: each.get("value") for each in spec["containers"][0]["env"]}


def test_each_option_of_a_bucket_is_a_variable(render: Any) -> None:
    """Driver, stages, ingest, test and pages all get it."""
    store = {
        "url": "s3://arn:aws:s3:eu-west-1:123456789012:accesspoint/mine/voc",
        "addressingStyle": "virtual",
        "serverSideEncryption": {"type": "aws:kms", "kmsKeyId": "alias/voc"},
        "requesterPays": True,
    }
    expected = {
        "AL_STORE": store["url"],
        "AL_S3_ADDRESSING_STYLE": "virtual",
        "AL_S3_ENCRYPTION": "aws:kms",
        "AL_S3_KMS_KEY_ID": "alias/voc",
        "AL_S3_REQUEST_PAYER": "requester",
    }
    pages = {"enabled": True, "existingSecret": "pages"}
    for name, pod in render({"store": store, "ui": pages}).pods():
        assert env(pod["spec"]).items() >= expected.items(), name


def test_nothing_is_said_that_is_not_set(render: Any) -> None:
    """Most servers do not know these options, and most clusters have no proxy."""
    for name, pod in render().pods():
        if name != "al-voc-store":
            names = " ".join(env(pod["spec"]))
            assert "AL_S3" not in names, name
            assert "PROXY" not in names, name
            assert "AWS_CA_BUNDLE" not in names, name


def test_authorities_are_a_file_of_every_pod(render: Any) -> None:
    """They come from a ConfigMap of the namespace, such as trust-manager makes."""
    bundle = {"configMap": "authorities", "key": "company.pem"}
    rendering = render({"store": {"url": "s3://mine", "caBundle": bundle}})
    for name, pod in rendering.pods():
        spec = pod["spec"]
        assert env(spec)["AWS_CA_BUNDLE"] == "/run/store-ca/company.pem", name
        volume = {"name": "store-ca", "configMap": {"name": "authorities"}}
        mount = {"name": "store-ca", "mountPath": "/run/store-ca", "readOnly": True}
        assert volume in spec["volumes"], name
        assert mount in spec["containers"][0]["volumeMounts"], name


def test_a_proxy_is_for_every_pod_but_the_store(render: Any) -> None:
    """The store asks nobody; all others may have a bucket or weights on the other side."""
    rendering = render({"proxy": PROXY, "fullnameOverride": "mine"})
    for name, pod in rendering.pods():
        given = env(pod["spec"])
        if name == "mine-store":
            assert "HTTPS_PROXY" not in given
        else:
            assert given["HTTP_PROXY"] == PROXY["http"], name
            assert given["HTTPS_PROXY"] == PROXY["https"], name


@pytest.mark.parametrize("more", ["", "harbor.company,.lan"])
def test_the_cluster_is_reached_directly(render: Any, more: str) -> None:
    """No proxy knows the API server, the store of the release, or who gives out credentials."""
    spec = render({"proxy": {"https": "http://proxy:3128", "noProxy": more}}).stage("train")
    direct = env(spec)["NO_PROXY"].split(",")
    needed = {"$(KUBERNETES_SERVICE_HOST)", "al-voc-store", ".svc", ".cluster.local"}
    assert {*needed, "169.254.169.254", "169.254.170.23"} <= {*direct}
    assert "" not in direct
    assert {each for each in more.split(",") if each} <= {*direct}


def test_a_pod_may_have_a_proxy_of_its_own(render: Any) -> None:
    """What `extraEnv` says of one kind of pod has precedence."""
    own = {"extraEnv": [{"name": "HTTPS_PROXY", "value": "http://other:1"}]}
    spec = render({"proxy": PROXY, "stages": {"train": own}}).stage("train")
    given = [each for each in spec["containers"][0]["env"] if each["name"] == "HTTPS_PROXY"]
    assert given == own["extraEnv"]


def test_a_key_of_kms_needs_its_kind_of_encryption(refuse: Any) -> None:
    """Another kind would leave it out, and the bucket's policy would refuse every write."""
    store = {"serverSideEncryption": {"type": "AES256", "kmsKeyId": "alias/voc"}}
    assert "serverSideEncryption/type" in refuse({"store": store})


@pytest.mark.parametrize(
    ("url", "file", "named", "told"),
    [
        (
            "gs://mine/voc", "GOOGLE_SERVICE_ACCOUNT_KEY", "serviceAccountKey",
            {"GOOGLE_SERVICE_ACCOUNT": "/run/store-keys/GOOGLE_SERVICE_ACCOUNT_KEY"},
        ),
        (
            "az://mine/voc", "AZURE_STORAGE_ACCOUNT_KEY", "accountKey",
            {"AL_STORE_KEYS": "/run/store-keys"},
        ),
    ],
)  # fmt: skip
def test_each_cloud_has_its_credentials(
    render: Any, url: str, file: str, named: str, told: dict[str, str]
) -> None:
    """A file with a key of a Secret, under the name that it has there; none of another cloud."""
    store = {"url": url, "azureAccount": "voc1", "existingSecret": "keys"}
    for keys, expected in [({}, file), ({named: "key.json"}, "key.json")]:
        for name, pod in render({"store": store | {"existingSecretKeys": keys}}).pods():
            variables = env(pod["spec"])
            assert variables.items() >= (told | {"AL_STORE": url}).items(), name
            items = [{"key": expected, "path": file}]
            secret = {"secretName": "keys", "items": items}
            assert {"name": "store-keys", "secret": secret} in pod["spec"]["volumes"], name
            mount = {"name": "store-keys", "mountPath": "/run/store-keys", "readOnly": True}
            assert mount in pod["spec"]["containers"][0]["volumeMounts"], name
            assert ("AZURE_STORAGE_ACCOUNT_NAME" in variables) == url.startswith("az"), name


def test_workload_identity_of_azure(render: Any) -> None:
    """Its webhook looks for a label of the pods and an annotation of their accounts."""
    label = {"azure.workload.identity/use": "true"}
    annotations = {"azure.workload.identity/client-id": "1-2"}
    rendering = render(
        {
            "store": {"url": "az://mine", "azureAccount": "voc1"},
            "commonLabels": label,
            "serviceAccount": {"annotations": annotations},
        }
    )
    for name, pod in rendering.pods():
        assert pod["metadata"]["labels"].items() >= label.items(), name
        assert "AZURE_STORAGE_ACCOUNT_KEY" not in env(pod["spec"]), name
    for account in rendering.of_kind("ServiceAccount"):
        assert account["metadata"]["annotations"] == annotations


def test_a_container_has_an_account(refuse: Any) -> None:
    """Its URL does not say whose it is."""
    assert "store.azureAccount: name the storage account" in refuse({"store": {"url": "az://c"}})


@pytest.mark.parametrize(
    ("url", "variable"),
    [
        ("s3://mine", "AWS_ENDPOINT_URL"),
        ("gs://mine", "GOOGLE_BASE_URL"),
        ("az://mine", "AZURE_STORAGE_ENDPOINT"),
    ],
)
def test_a_server_of_its_own(render: Any, url: str, variable: str) -> None:
    """Such as a private endpoint, or that of a sovereign cloud."""
    store = {"url": url, "endpoint": "https://store.example", "azureAccount": "voc1"}
    given = env(render({"store": store}).stage("train"))
    assert given[variable] == "https://store.example"


def test_authorities_of_other_clouds(render: Any) -> None:
    """Their library reads another variable, behind a proxy that looks into what it passes."""
    bundle = {"configMap": "authorities"}
    rendering = render({"store": {"url": "gs://mine", "caBundle": bundle}})
    assert env(rendering.stage("train"))["SSL_CERT_FILE"] == "/run/store-ca/ca.crt"
