"""`al-job doctor`: what it looks at."""

from collections.abc import Callable
from pathlib import Path

import pytest

from job.config.detector import DetectorConfig
from job.data.ingest.ingest import ingest
from job.data.ingest.labels import ingest_labels
from job.detection.detectors.base import build_detector, save_model
from job.storage.local import LocalStore
from tests.conftest import AlJob
from tests.growing import GROWING, PHOTOS, drawn
from tests.label_studio.double import LEGACY, running_double


def test_doctor_looks_at_store_device_disk_and_weights(
    al_job: AlJob, free_gib: Callable[[float], None], store: Path, tiny: str, tmp_path: Path
) -> None:
    """All is well with a directory; weights or room that are missing fail with what to do."""
    free_gib(100)
    path = tmp_path / "tiny.yaml"
    path.write_text(tiny)
    well = al_job("doctor", path, "--store", store)
    assert well.code == 0, well.out
    for name in (
        "write",
        "read",
        "list",
        "delete",
        "conditional write",
        "device",
        "cache",
        "data set",
    ):
        assert name in well.out
    path.write_text(tiny.replace("backbone: scratch", "backbone: file:no/such.pt"))
    ill = al_job("doctor", path, "--store", store)
    assert ill.code == 78
    assert "FAIL weights: file:no/such.pt: nothing there: set detector.backbone" in ill.out
    free_gib(4.9)
    assert "FAIL cache: 4.9 GiB free at " in al_job("doctor", "--store", store).out


def test_doctor_knows_a_data_set_that_is_being_drawn(
    al_job: AlJob, tiny: str, tmp_path: Path
) -> None:
    """A release is tested while its ingest is at work: that is not a fault of the release."""
    state, path = tmp_path / "begun", tmp_path / "tiny.yaml"
    path.write_text(tiny)
    LocalStore(state).write("datasets/drawn/pool/000000.tar", b"the first of its shards")
    ended = al_job("doctor", path, "--store", state)
    assert "ok   data set: drawn will be drawn\n" in ended.out


def test_doctor_says_that_round_0_would_have_no_label(
    al_job: AlJob, store: Path, tmp_path: Path
) -> None:
    """A run would be refused for the same reason: labels that came later are nobody's yet."""
    opened = LocalStore(store)
    ingest(opened, drawn(PHOTOS, annotated=False), "photos")
    ingest_labels(opened, drawn(PHOTOS[:2]), "photos")
    path = tmp_path / "growing.yaml"
    path.write_text(GROWING.replace("initial: 2", "initial: 0"))
    ended = al_job("doctor", path, "--store", store)
    assert ended.code == 78
    assert (
        "FAIL data set: budget.initial: 0, but data set 'photos' has no labelled images that came "
        "along: select some in round 0, or ingest it under another name with --labelled; labels "
        "that were added later count when their images are picked"
    ) in ended.out


def test_doctor_checks_the_device_of_this_invocation(
    al_job: AlJob, store: Path, tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--set` and the variables have precedence over the file, as in every stage."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    path = tmp_path / "tiny.yaml"
    path.write_text(tiny)
    for words in (["doctor", path, "--store", store], ["doctor", "--store", store]):
        monkeypatch.delenv("AL_RUNTIME_DEVICE", raising=False)
        assert "ok   device: " in al_job(*words).out
        monkeypatch.setenv("AL_RUNTIME_DEVICE", "cuda")
        ended = al_job(*words)
        assert ended.code == 78
        assert "FAIL device: runtime.device: " in ended.out
        assert "ok   device: " in al_job(*words, "--set", "runtime.device=cpu").out


def test_doctor_refuses_a_setting_that_a_stage_refuses(
    al_job: AlJob, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistyped variable ends with 64 and the closest name."""
    monkeypatch.setenv("AL_RUNTIME_THREDS", "2")
    ended = al_job("doctor", "--store", store)
    assert ended.code == 64
    assert "AL_RUNTIME_THREDS: unknown 'runtime.threds'; did you mean" in ended.error


def test_doctor_says_how_the_cpus_are_used(
    al_job: AlJob, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit that a cluster sets by itself is seen beside the threads that were meant."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("job.runtime.cpus._affinity", lambda: 8)
    monkeypatch.setattr("job.runtime.cpus._quotas", lambda *_: [3.0])
    ended = al_job("doctor", "--store", store, "--set", "runtime.workers=auto")
    assert "no GPU; 2 threads, 3 workers on 3 CPUs, the quota of its control group\n" in ended.out


def test_doctor_says_that_a_gpu_is_a_slice(
    al_job: AlJob, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process sees one MIG slice, however many the pod was given."""
    name = "NVIDIA A100-SXM4-40GB MIG 1g.5gb"
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    monkeypatch.setattr("torch.cuda.get_device_name", lambda: name)
    ended = al_job("doctor", "--store", store)
    assert f"1 x {name} (of MIG slices a process uses one); " in ended.out


@pytest.mark.parametrize("error", [ImportError("libcublas.so.12:\nnot found"), OSError("no libc")])
def test_doctor_tells_that_torch_cannot_be_imported(
    al_job: AlJob, store: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """It is what one asks a doctor for, so it is told like all else, in one line."""

    def broken(_: object) -> str:
        raise error

    monkeypatch.setattr("job.doctor._device", broken)
    ended = al_job("doctor", "--store", store)
    words = " ".join(str(error).split())
    assert ended.code == 78
    assert (
        f"FAIL device: a package cannot be imported: {words}: install al-voc again\n" in ended.out
    )


@pytest.mark.parametrize(
    ("settings", "detector", "weights"),
    [
        (
            "model: transformers, name: some/model, size: 640",
            "transformers, 640 pixels a side",
            "some/model: will be downloaded",
        ),
        (
            "model: fcos, network: mobilenet_v2, size: 96, backbone: scratch",
            "fcos, 96 pixels at the shorter side",
            "none: the configuration says scratch",
        ),
    ],
)
def test_doctor_knows_every_family(  # noqa: PLR0913, PLR0917 - a command, its store, a case
    al_job: AlJob,
    store: Path,
    tiny: str,
    tmp_path: Path,
    settings: str,
    detector: str,
    weights: str,
) -> None:
    """How large it sees images, and where its weights are, before anything is built."""
    path = tmp_path / "tiny.yaml"
    path.write_text(tiny.replace("size: 64, width: 0.25, backbone: scratch", settings))
    ended = al_job("doctor", path, "--store", store)
    assert f"ok   detector: {detector}\n" in ended.out
    assert f"ok   weights: {weights}\n" in ended.out


def test_doctor_says_which_parts_of_a_detector_fit(
    al_job: AlJob, store: Path, tiny: str, tmp_path: Path
) -> None:
    """Before anybody labels for a round 0 that could not be trained."""
    path = tmp_path / "tiny.yaml"
    path.write_text(tiny)
    assert al_job("init", path, "--store", store).code == 0
    config = DetectorConfig(size=64, width=0.25, backbone="scratch")
    for width, file in (0.25, "fits"), (0.5, "wide"):
        theirs = config.model_copy(update={"width": width})
        model = save_model(build_detector(theirs, ("ring",), seed=0))
        (store / f"{file}.safetensors").write_bytes(model)
    weights = "scratch, weights: 'store:fits.safetensors'"
    path.write_text(tiny.replace("scratch", weights))
    expected = (
        "weights: store:fits.safetensors: backbone, neck; no head: it has other classes: ring"
    )
    assert expected in al_job("doctor", path, "--store", store).out
    path.write_text(tiny.replace("scratch", weights.replace("fits", "wide")))
    ended = al_job("doctor", path, "--store", store)
    assert ended.code == 78
    assert "wide.safetensors: nothing in it fits ssdlite_mobilenet_v2 at width 0.25" in ended.out


@pytest.mark.parametrize(
    ("token", "code", "words"),
    [
        (LEGACY, 0, "answers, and takes the token; projects: 0"),
        ("another", 78, "does not take the token"),
        ("", 0, "was not asked: AL_LABEL_STUDIO_TOKEN is not set here"),
    ],
)
def test_doctor_asks_the_annotation_tool(  # noqa: PLR0913, PLR0917 - a command, its store, a case
    al_job: AlJob,
    free_gib: Callable[[float], None],
    store: Path,
    tiny: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    token: str,
    code: int,
    words: str,
) -> None:
    """A wrong address or token is found before a round waits; a pod without a token asks nobody."""
    free_gib(100)
    monkeypatch.setenv("AL_LABEL_STUDIO_TOKEN", token)
    path = tmp_path / "people.yaml"
    with running_double() as double:
        studio = f"{{annotator: label_studio, label_studio: {{url: '{double.url}'}}}}"
        path.write_text(f"{tiny}annotation: {studio}\n")
        ended = al_job("doctor", path, "--store", store)
    assert ended.code == code, ended.out
    [line] = [each for each in ended.out.splitlines() if "label studio: " in each]
    assert words in line
    assert "another" not in line
