"""What labels cost: the presets, and what is set beside them."""

import pytest

from job.config import loading
from job.config.annotation import COST_PRESETS, AnnotationConfig
from job.config.schema import Config
from job.errors import ConfigError
from job.plan import Plan


def parsed(tiny: str, annotation: str) -> Config:
    return loading.parse(f"{tiny}annotation: {annotation}\n", "tiny")


@pytest.mark.parametrize(
    ("annotation", "seconds", "money"),
    [
        ("{}", 10 * 63 + 20 * 5.9, 10 * 0.882 + 20 * 0.0826),
        ("{preset: professional}", 10 * 63 + 20 * 5.9, 10 * 0.882 + 20 * 0.0826),
        ("{preset: open-images}", 20 * 7.4, 20 * 0.1036),
        ("{preset: verify}", 20 * 3.5, 20 * 0.049),
        ("{preset: tutorial}", 20 * 5, 20 * 0.07),
        ("{preset: tutorial, seconds_per_image: 2}", 10 * 2 + 20 * 5, 20 * 0.07),
        ("{seconds_per_box: 10}", 10 * 63 + 20 * 10, 10 * 0.882 + 20 * 0.0826),
    ],
)
def test_costs_are_those_of_the_preset_unless_they_are_set(
    tiny: str, annotation: str, seconds: float, money: float
) -> None:
    """Of 10 images with 20 boxes; without a preset they are those of professionals."""
    costs = parsed(tiny, annotation).annotation
    assert costs.seconds(10, 20) == pytest.approx(seconds)
    assert costs.money(10, 20) == pytest.approx(money)


@pytest.mark.parametrize("costs", COST_PRESETS.values(), ids=COST_PRESETS)
def test_every_preset_pays_a_second_alike(costs: dict[str, float]) -> None:
    """0.07 for 5 seconds, as the tutorial does; so time and money say the same of an arm."""
    for what in ("image", "box"):
        assert costs[f"price_per_{what}"] == pytest.approx(costs[f"seconds_per_{what}"] * 0.014)


def test_an_unknown_preset_is_refused(tiny: str) -> None:
    """The message has the known ones."""
    with pytest.raises(ConfigError, match=r"annotation\.preset: .*'professional', 'open-images'"):
        parsed(tiny, "{preset: profesional}")


def test_costs_are_stored_by_their_values(tiny: str) -> None:
    """A later version may have other figures for a preset, and an experiment keeps its own."""
    written = Plan(parsed(tiny, "{preset: tutorial}")).written_out().model_dump()["annotation"]
    assert "preset" not in written
    costs: dict[str, float] = {"seconds_per_image": 0, "seconds_per_box": 5}
    costs |= {"price_per_image": 0, "price_per_box": 0.07}
    assert costs.items() <= written.items()


@pytest.mark.parametrize("preset", ["tutorial-compat", "voc-ssd320"])
def test_the_tutorials_experiments_have_the_tutorials_costs(preset: str) -> None:
    """Their figures are held against the tutorial's, which counts boxes alone."""
    costs = loading.load(preset).annotation
    assert costs == AnnotationConfig(preset="tutorial")
    assert costs.seconds(1000, 100) == 500
    assert costs.money(1000, 100) == pytest.approx(7)


# People


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (
            "{annotator: label_studio}",
            "annotation.label_studio: missing; its url says where Label Studio is",
        ),
        (
            "{annotator: label_studio, label_studio: {url: labels}}",
            "annotation.label_studio.url: 'labels' is not an address such as https://",
        ),
        (
            "{annotator: label_studio, label_studio: {url: 'https://me:secret@labels'}}",
            "annotation.label_studio.url: leave out what the address has beside host",
        ),
        (
            "{annotator: files, per_image: 2}",
            "annotation.per_image: files have one answer for each image",
        ),
        (
            "{enough: {share: 0.9}}",
            "annotation.enough: annotator oracle does not ask people: leave it out, or set",
        ),
        (
            "{annotator: files, enough: {after: 48h}}",
            "annotation.enough.after: the share is 1, so all of them are waited for",
        ),
        ("{annotator: files, enough: {share: 0.9, after: 2w}}", "annotation.enough.after: "),
    ],
)
def test_settings_of_people_that_make_no_sense_are_refused(
    tiny: str, annotation: str, words: str
) -> None:
    """One line has the setting, and never a password that somebody wrote into an address."""
    with pytest.raises(ConfigError) as error:
        parsed(tiny, annotation)
    assert words in str(error.value)
    assert "secret" not in str(error.value)
    assert "\n" not in str(error.value)


def test_an_address_has_no_slash_at_its_end(tiny: str) -> None:
    """Paths are put behind it."""
    annotation = parsed(tiny, "{annotator: label_studio, label_studio: {url: 'http://a:1/b/'}}")
    assert annotation.annotation.label_studio
    assert annotation.annotation.label_studio.url == "http://a:1/b"


def test_people_do_not_label_the_whole_pool(tiny: str) -> None:
    """Full supervision would ask them to."""
    with pytest.raises(ConfigError, match="full_supervision: people would have to label"):
        loading.parse(f"{tiny}full_supervision: true\nannotation: {{annotator: files}}\n", "tiny")
