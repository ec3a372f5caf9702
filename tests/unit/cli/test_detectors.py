"""`al-job detectors`."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from job.detection.detectors import DETECTORS
from tests.conftest import AlJob


def test_all_detectors_are_listed_and_torch_is_not_loaded() -> None:
    """A line for each, with what it is."""
    code = (
        "import sys, atexit; from job.cli.main import main\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr)); main()"
    )
    command = [sys.executable, "-c", code, "detectors"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - ours
    assert all(f" {name} " in done.stdout for name in DETECTORS.built_in)
    assert "SSD300 with VGG16." in done.stdout
    assert not {"torch", "torchvision", "transformers"}.intersection(done.stderr.split())


def test_a_plug_in_is_listed_and_a_broken_one_is_a_line(
    al_job: AlJob, install_plugin: Callable[..., None]
) -> None:
    """The others are listed all the same."""
    code = (
        "from job.detection.detectors import SsdliteMobilenetV2\n"
        'class Mine(SsdliteMobilenetV2):\n    """Mine, of this test."""\n'
    )
    install_plugin("mine", code, "al_voc.detectors", "mine = mine:Mine")
    install_plugin("lost", "", "al_voc.detectors", "lost = lost:Missing")
    ended = al_job("detectors")
    assert ended.code == 0
    assert "Mine, of this test." in ended.out
    (line,) = [line for line in ended.out.splitlines() if line.startswith("detector.model: ")]
    assert line.startswith("detector.model: 'lost' of lost cannot be imported: ")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("ssd_vgg16", {"size": "300", "train.freeze": "stages or backbone"}),
        ("retinanet", {"size": "any", "train.freeze": "stages or backbone"}),
        (
            "ssdlite_mobilenet_v2",
            {"size": "any", "weights of the hub": "MobileNet_V2_Weights.IMAGENET1K_V1 (backbone)"},
        ),
        ("transformers", {"weights of the hub": "those of its settings"}),
    ],
)
def test_one_detector_is_shown_with_what_is_known_of_it(
    al_job: AlJob, name: str, told: dict[str, str]
) -> None:
    """Before anything is built, and with the settings as they are by default."""
    lines = al_job("detectors", name).out.splitlines()
    assert all(f"  {what:<20}{words}" in lines for what, words in told.items())


def test_a_detector_without_weights_of_a_hub_has_no_licence_of_them(
    al_job: AlJob, install_plugin: Callable[..., None]
) -> None:
    """There is nothing that could have one."""
    code = (
        "from job.detection.detectors import SsdliteMobilenetV2\n"
        'class Bare(SsdliteMobilenetV2):\n    """Bare."""\n    hub_weights = {}\n'
    )
    install_plugin("bare", code, "al_voc.detectors", "bare = bare:Bare")
    lines = al_job("detectors", "bare").out.splitlines()
    assert "  weights of the hub  none" in lines
    assert not any("licence" in line for line in lines)


def test_its_settings_are_shown_with_their_docstrings(al_job: AlJob) -> None:
    """With the default, or that there is none."""
    lines = al_job("detectors", "retinanet").out.splitlines()
    (channels,) = [line for line in lines if line.startswith("  channels ")]
    assert "by default 256. Channels of the feature pyramid" in channels
    (name,) = [
        line for line in al_job("detectors", "transformers").out.splitlines() if "  name" in line
    ]
    assert name.startswith("  name                required. The model's name on the hub")


def test_an_unknown_name_is_refused_with_the_closest_one(al_job: AlJob) -> None:
    """One line, as for a configuration."""
    ended = al_job("detectors", "ssd_vgg")
    assert ended.code == 78
    assert "did you mean 'ssd_vgg16'?" in ended.error
