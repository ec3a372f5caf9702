"""Strategies by name, those of outside packages too."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from job.acquisition.registry import STRATEGIES, make_strategy
from job.acquisition.strategies.brust import Brust
from job.acquisition.strategy import Images, Strategy, TableRecord
from job.config.schema import ArmConfig
from job.errors import ConfigError
from job.records.score_record import ScoreRecord
from tests.unit.acquisition.records import Labels, reasons_of, scores_of, task_of

PAGE = (Path(__file__).parents[3] / "docs" / "strategies.md").read_text(encoding="utf-8")


def arm(strategy: str, **settings: object) -> ArmConfig:
    return ArmConfig.model_validate({"strategy": strategy, **settings})


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, package: str, entries: str) -> None:
    """Put a package's metadata where installed packages have theirs."""
    metadata = folder / f"{package}-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[al_voc.strategies]\n{entries}\n")
    monkeypatch.syspath_prepend(folder)


def test_a_strategy_with_its_settings() -> None:
    """Settings left out have their defaults."""
    made = make_strategy(arm("brust", aggregation="max", class_weights=True))
    assert made == Brust(aggregation="max", class_weights=True)


def test_an_unknown_strategy_is_answered_with_the_known_ones() -> None:
    """A typo is found before anything runs."""
    with pytest.raises(ConfigError) as error:
        make_strategy(arm("margn"))
    assert str(error.value) == f"strategy: unknown 'margn'; known: {', '.join(STRATEGIES.names())}"


def test_an_unknown_setting_is_answered_with_the_known_ones() -> None:
    """Those of this strategy."""
    with pytest.raises(ConfigError) as error:
        make_strategy(arm("entropy", top_k=3))
    assert str(error.value) == (
        "strategy 'entropy': top_k: unknown key; did you mean 'top_m'? "
        "known: aggregation, class_weights, empty_score, max_aspect, min_confidence, min_side, "
        "rightness, top, top_m"
    )


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        ("brust", {"aggregation": "median"}, "aggregation: input should be 'sum', 'mean' or 'max'"),
        ("brust", {"batch_size": 0}, "batch_size: input should be greater than 0 (given: 0)"),
        ("brust", {"empty_score": float("nan")}, "empty_score: input should be a finite number"),
        ("entropy", {"top_m": 0}, "top_m: input should be greater than 0"),
        ("coreset", {"normalize": "perhaps"}, "normalize: expected true or false"),
    ],
)
def test_a_wrong_value_is_named(name: str, settings: dict[str, object], expected: str) -> None:
    """With the strategy that it is a setting of."""
    with pytest.raises(ConfigError, match=re.escape(f"strategy '{name}': {expected}")):
        make_strategy(arm(name, **settings))


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        (
            "random",
            {"redraw_labelled": True},
            "redraw_labelled: .*use the strategy tutorial_random",
        ),
        ("brust", {"uncertainty": "outside_top2"}, "uncertainty: .*tutorial_brust .* outside_top2"),
        ("brust", {"background": "keep"}, "background: .*tutorial_brust .* with_background"),
        ("brust", {"once_per_class": 0.1}, "once_per_class: .* count_box_once_per_class_above"),
        ("brust", {"batches": "consecutive"}, "batches: .*tutorial_brust .* consecutive_batches"),
        ("enms_divproto", {"walk_ahead": 9}, "walk_ahead: .*leave it out"),
        ("enms_divproto", {"same_cosine": 0.5}, "same_cosine: .*write duplicate_cosine"),
        ("enms_divproto", {"max_cosine": 0.5}, "max_cosine: .*write new_class_max_cosine"),
        ("pal", {"hit_iou": 0.5}, "hit_iou: .*write iou_threshold"),
        ("pal", {"least_detections": 3}, "least_detections: .*write min_detections"),
    ],
)
def test_an_old_setting_is_answered_with_the_new_one(
    name: str, settings: dict[str, object], expected: str
) -> None:
    """In one line, also for a strategy inside a wrapper."""
    with pytest.raises(ConfigError, match=f"^strategy '{name}': {expected}"):
        make_strategy(arm(name, **settings))
    with pytest.raises(ConfigError, match=f"strategy '{name}': {expected}"):
        make_strategy(arm("random_share", of={"strategy": name, **settings}))


def test_the_example_of_the_page_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with the module and the entry point of the page gives a strategy like any other."""
    (source,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (entries,) = re.findall(r'```toml\n\[project.entry-points."(.*?)```', PAGE, re.DOTALL)
    group, line = entries.strip().split('"]\n')
    assert group == "al_voc.strategies"
    (tmp_path / "most_boxes.py").write_text(source)
    install(tmp_path, monkeypatch, "al_voc_most_boxes", line.replace('"', ""))
    record = ScoreRecord(
        ids=np.array(["none", "two", "one"]),
        sizes_wh=np.ones((3, 2), np.int64),
        offsets=np.array([0, 0, 3, 4]),
        boxes_xyxy=np.zeros((4, 4), np.float32),
        probabilities=np.ones((4, 1), np.float16),
        objectness=np.array([0.5, 0.75, 0.25, 0.75], np.float32),
        num_overlaps=np.ones(4, np.int64),
        embeddings=np.zeros((3, 1), np.float16),
    )
    images = Images(tuple(record.ids.tolist()), TableRecord((record.to_table(),)))
    made = make_strategy(arm("most-boxes"))
    nothing = Labels({})
    selection = made.select(task_of(images, nothing, 2))
    assert selection.ids == ("two", "one")
    assert scores_of(selection) == (2.0, 1.0)
    assert reasons_of(selection) == ("2 boxes", "1 boxes")
    with pytest.raises(ConfigError, match="'most-boxes': at_least: unknown key; known: threshold"):
        make_strategy(arm("most-boxes", at_least=1))
    with pytest.raises(ConfigError, match=r"known: balanced_herding, .*, most-boxes, "):
        make_strategy(arm("margn"))
    sys.modules.pop("most_boxes")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("no_such_module:Strategy", "cannot be imported: No module named 'no_such_module'"),
        ("json:NoSuchClass", "cannot be imported: "),
        ("json:dumps", "is not a subclass of job.acquisition.strategy.Strategy"),
        ("json:JSONDecoder", "is not a subclass of job.acquisition.strategy.Strategy"),
    ],
)
def test_a_broken_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, expected: str
) -> None:
    """With the name that was asked for; whoever asks for another does not notice."""
    install(tmp_path, monkeypatch, "broken", f"mine = {target}")
    with pytest.raises(ConfigError, match=f"'mine' of broken {re.escape(expected)}"):
        make_strategy(arm("mine"))
    assert make_strategy(arm("brust")) == Brust()


def test_a_name_that_two_packages_use_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which of them was meant cannot be known."""
    install(tmp_path / "one", monkeypatch, "one", "mine = json:dumps")
    install(tmp_path / "two", monkeypatch, "two", "mine = json:dumps")
    with pytest.raises(ConfigError, match="'mine' is in more than one package: one, two"):
        make_strategy(arm("mine"))


@pytest.mark.parametrize("name", STRATEGIES.built_in)
def test_every_setting_is_explained(name: str) -> None:
    """By the text under it."""
    assert all(field.description for field in STRATEGIES.load(name, Strategy).model_fields.values())
