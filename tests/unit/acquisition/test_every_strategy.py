"""The rules that every strategy of the registry keeps, in every kind of setting."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from job.acquisition.registry import STRATEGIES, complete, make_strategy
from job.acquisition.strategy import Images, ScoringStrategy, Selection, Strategy, TableRecord
from job.config.schema import ArmConfig
from job.errors import BadDataError, ConfigError
from job.records.record_part import RecordPart
from tests.unit.acquisition.records import (
    ALL_BOXES,
    Box,
    Image,
    Labels,
    candidates,
    labelled,
    reasons_of,
    scores_of,
    tables_of,
    task_of,
)

ENTROPY = {"strategy": "entropy"}


def default_arm(name: str) -> dict[str, Any]:
    """A strategy with its defaults; one that needs another gets `entropy`."""
    of = STRATEGIES.load(name, Strategy).model_fields.get("of")
    return {"strategy": name, **({"of": ENTROPY} if of and of.is_required() else {})}


SPECIAL: dict[str, dict[str, Any]] = {
    "entropy mean": {**ENTROPY, "aggregation": "mean", "top_m": 2, "empty_score": 0.7},
    "entropy max": {**ENTROPY, "aggregation": "max", "class_weights": True},
    "entropy classes": {**ENTROPY, **ALL_BOXES},
    "brust mean": {
        "strategy": "brust",
        "aggregation": "mean",
        "class_weights": True,
        "empty_score": -1,
    },
    "brust batches": {
        "strategy": "brust",
        "aggregation": "max",
        "batches": "random",
        "batch_size": 4,
    },
    "brust weights": {"strategy": "brust", "batches": "random", "class_weights": True},
    "brust right": {"strategy": "brust", "rightness": True, "min_confidence": 0.1},
    "brust classes": {"strategy": "brust", **ALL_BOXES, "batches": "random"},
    "tutorial_brust": {"strategy": "tutorial_brust", "batch_size": 3},
    "tutorial_brust margin": {
        "strategy": "tutorial_brust",
        "outside_top2": False,
        "aggregation": "mean",
        "consecutive_batches": False,
        "count_box_once_per_class_above": 0.2,
    },
    "tutorial_brust once": {
        "strategy": "tutorial_brust",
        "count_box_once_per_class_above": None,
        "consecutive_batches": False,
    },
    "coreset as it is": {"strategy": "coreset", "normalize": False},
    "uwe brust": {"strategy": "uwe", "of": {"strategy": "brust", "rightness": False}},
    "uwe longest": {"strategy": "uwe", "start": "longest"},
    "ppal binary": {"strategy": "ppal", "entropy": "binary", "oversample": 2},
    "ppal classes": {"strategy": "ppal", **ALL_BOXES},
    "enms classes": {"strategy": "enms_divproto", **ALL_BOXES, "objects_only": False},
    "pal greedy": {"strategy": "pal", "scoring": "greedy"},
    "pal published": {"strategy": "pal", "min_confidence": 0.0, "class_weights": False},
    "pal sum": {"strategy": "pal", "aggregation": "sum", "min_detections": 1},
    "cost_aware coreset": {"strategy": "cost_aware", "of": {"strategy": "coreset"}},
    "near_duplicate_filter all": {
        "strategy": "near_duplicate_filter",
        "of": {"strategy": "random"},
        "threshold": 0.2,
    },
    "random_share": {
        "strategy": "random_share",
        "of": {**ENTROPY, "rightness": False},
        "share": 0.3,
    },
    "product": {
        "strategy": "product",
        "objectives": [{"of": ENTROPY}, {"of": {"strategy": "brust"}, "power": 0.5}],
    },
    "herding few": {"strategy": "herding", "max_references": 5, "sigma": 0.5},
    "herding all": {"strategy": "herding", "candidate_share": 1},
    "uherding plain": {"strategy": "uherding", "class_weights": False, "min_confidence": 0},
    "object_coverage few": {"strategy": "object_coverage", "max_boxes": 3, "min_confidence": 0},
    "presence all": {"strategy": "presence", "share": 1, "min_confidence": 0.5},
    "diverse herding": {"strategy": "diverse", "of": {"strategy": "herding"}},
    "diverse k_center": {"strategy": "diverse", "of": {"strategy": "brust"}, "by": "k_center"},
    "group_limit uherding": {"strategy": "group_limit", "of": {"strategy": "uherding"}},
    "all of them": {
        "strategy": "random_share",
        "of": {
            "strategy": "near_duplicate_filter",
            "of": {"strategy": "cost_aware", "of": {"strategy": "pal"}},
        },
    },
}
"""Settings other than the defaults, and strategies that have none."""
ARMS = {name: default_arm(name) for name in STRATEGIES.built_in} | SPECIAL
"""A strategy that joins the registry is held to the rules below without a line here."""


def strategy_of(name: str) -> Strategy:
    return make_strategy(ArmConfig.model_validate(ARMS[name]))


READS_RECORD = [name for name in ARMS if strategy_of(name).reads]
READS_CLASSES = [name for name in ARMS if "probabilities" in strategy_of(name).reads]
READS_EMBEDDINGS = [name for name in ARMS if "embedding" in strategy_of(name).reads]
EMPTY_SCORES = {"entropy mean": 0.7, "entropy classes": 0, "brust mean": -1}
BY_SCORE_ALONE = [
    *["entropy", "entropy mean", "entropy max", "brust", "brust mean"],
    *["tutorial_brust margin", "tutorial_brust once"],
    *["coreset", "coreset as it is", "uwe", "enms_divproto", "ppal", "pal"],
    *["cost_aware", "near_duplicate_filter", "product", "herding all", "diverse k_center"],
]

every_strategy = pytest.mark.parametrize("name", ARMS)


@dataclass(frozen=True)
class Case:
    """A pool of which some is labelled, and the scores of all of it."""

    candidates: Images
    labelled: Labels
    seed: int = 0
    pool_ids: tuple[str, ...] | None = None

    def select(self, name: str, budget: int) -> Selection:
        task = task_of(self.candidates, self.labelled, budget, self.seed, self.pool_ids)
        return strategy_of(name).select(task)


def case_of(seed: int, num_images: int, num_classes: int, most: int) -> Case:
    """Images in an order other than that of their ids, with up to `most` boxes each."""
    rng = np.random.default_rng(seed)
    ids = [f"image-{number}" for number in rng.permutation(num_images)]  # image-10 < image-9
    images = {image_id: image_of(rng, num_classes, most) for image_id in ids}
    known = {image_id for image_id in ids if rng.random() < 0.3}
    given = candidates({i: image for i, image in images.items() if i not in known}, num_classes)
    counts = {f"class {number}": int(rng.integers(3)) for number in range(num_classes)}
    return Case(
        given,
        labelled({i: image for i, image in images.items() if i in known}, counts),
        seed,
        tuple(ids),
    )


def image_of(rng: np.random.Generator, num_classes: int, most: int) -> Image:
    truth = rng.integers(num_classes, size=rng.integers(4)).tolist()
    boxes = [
        Box(
            rng.dirichlet(np.full(num_classes, 0.5)).tolist(),
            feature=rng.normal(size=2).tolist(),
            objectness=float(rng.random()),
            num_overlaps=int(rng.integers(1, 9)),
            truth=int(rng.integers(-1, len(truth))),
            iou=float(rng.random()),
        )
        for _ in range(rng.integers(most + 1))
    ]
    return Image(boxes, rng.integers(-2, 3, size=2).tolist(), truth)


cases = {
    "seed": st.integers(0, 2**32 - 1),
    "num_images": st.integers(0, 30),
    "num_classes": st.integers(1, 5),
    "most": st.integers(0, 4),
}


def alike(boxes: Mapping[str, list[list[float]]], num_classes: int = 2) -> Case:
    """Images that differ by their boxes alone, with nothing labelled."""
    images = {name: Image([Box(p) for p in each]) for name, each in boxes.items()}
    counts = {name: number + 1 for number, name in enumerate(["cow", "sheep"][:num_classes])}
    return Case(candidates(images, num_classes), Labels(counts))


def no_labels(num_classes: int) -> Labels:
    return Labels({f"class {number}": 0 for number in range(num_classes)})


@pytest.fixture(autouse=True, scope="module")
def _doubt_counts_soon() -> Iterator[None]:
    """With as few labelled boxes as here, `uherding` would always be coverage alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("job.acquisition.strategies.herding.MIN_TRUE_POSITIVES", 2)
        yield


def test_all_strategies_are_here() -> None:
    """A strategy that joins the registry has to keep the rules below."""
    assert {arm["strategy"] for arm in ARMS.values()} == set(STRATEGIES.built_in)
    assert len(READS_CLASSES) > len(READS_EMBEDDINGS) > 7


@every_strategy
def test_all_settings_are_written_out_and_mean_the_same(name: str) -> None:
    """What `experiment.yaml` holds of an arm makes the same strategy, and is complete."""
    written = complete(ArmConfig.model_validate(ARMS[name]))
    again = ArmConfig.model_validate(written.model_dump(mode="json"))
    assert make_strategy(again) == strategy_of(name)
    assert complete(again) == written
    assert set(type(strategy_of(name)).model_fields) == set(written.settings)


@every_strategy
@given(budget=st.integers(0, 40), **cases)
@settings(max_examples=15, deadline=None)
def test_picks_are_distinct_unlabelled_and_exactly_the_budget(
    name: str, budget: int, **shape: int
) -> None:
    """Or all that is left; ranked picks have finite scores and reasons."""
    case = case_of(**shape)
    selection = case.select(name, budget)
    unlabelled = case.candidates.ids
    assert len(set(selection.ids)) == len(selection.ids)
    if name != "tutorial_random":
        assert len(selection.ids) == min(budget, len(unlabelled))
    assert set(selection.ids) <= set(unlabelled)
    assert all(type(score) is float and np.isfinite(score) for score in scores_of(selection))
    assert all(reasons_of(selection))


@every_strategy
@given(cut=st.integers(0, 2**32 - 1), **cases)
@settings(max_examples=15, deadline=None)
def test_the_order_of_rows_and_their_parts_do_not_matter(name: str, cut: int, **shape: int) -> None:
    """The same picks, scores to the last bit, and reasons; also when asked twice."""
    case = case_of(**shape)
    expected = case.select(name, 7)
    assert case.select(name, 7) == expected
    (table,) = tables_of(case.candidates)
    rng = np.random.default_rng(cut)
    table = table.take(pa.array(rng.permutation(len(table))))
    ends = [0, *sorted(rng.integers(0, len(table) + 1, 3).tolist()), len(table)]
    parts = tuple(table.slice(a, b - a) for a, b in pairwise(ends))
    shuffled = replace(case, candidates=replace(case.candidates, record=TableRecord(parts)))
    assert shuffled.select(name, 7) == expected


@every_strategy
def test_no_detections_in_the_whole_pool(name: str) -> None:
    """Nothing to go by but embeddings: the budget is picked all the same."""
    case = case_of(1, 20, 3, 0)
    selection = case.select(name, 5)
    assert len(set(selection.ids)) == (5 if name != "tutorial_random" else len(selection.ids))
    if name in EMPTY_SCORES:
        assert scores_of(selection) == (EMPTY_SCORES[name],) * 5


@pytest.mark.parametrize("name", EMPTY_SCORES)
def test_an_image_without_detections_gets_its_configured_score(name: str) -> None:
    """Among images that have some."""
    selection = alike({"a": [[0.5, 0.5]], "none": [], "z": [[0.25, 0.75]]}).select(name, 3)
    scores = dict(zip(selection.ids, scores_of(selection), strict=True))
    assert scores["none"] == EMPTY_SCORES[name]


@pytest.mark.parametrize("name", BY_SCORE_ALONE)
def test_equal_scores_are_taken_by_id(name: str) -> None:
    """In code point order, whatever the order of the store: upper case is before lower case."""
    boxes = {image_id: [[0.5, 0.5]] for image_id in ("b", "a10", "a9", "B", "ä", "c")}
    assert alike(boxes).select(name, 5).ids == ("B", "a10", "a9", "b", "c")


@pytest.mark.parametrize("name", READS_CLASSES)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_score_that_is_not_a_number_names_its_image(name: str, value: float) -> None:
    """Picking on would pick by chance."""
    case = alike({"a": [[0.5, 0.5]], "c": [], "bad": [[0.5, 0.5], [value, 0.5], [1, 0]]})
    with pytest.raises(BadDataError, match="image 'bad' has a detection whose probabilities are"):
        case.select(name, 2)


@pytest.mark.parametrize("name", READS_EMBEDDINGS)
def test_an_embedding_that_is_not_a_number_names_its_image(name: str) -> None:
    """A distance to it would be no number, and the farthest of all."""
    images = {"a": Image([Box([0.5, 0.5])]), "bad": Image([Box([0.5, 0.5])], (np.nan, 1.0))}
    case = Case(candidates(images, 2), Labels({"cow": 1, "sheep": 2}))
    with pytest.raises(BadDataError, match="image 'bad'"):
        case.select(name, 2)


@pytest.mark.parametrize("fault", ["with_background", "count_box_once_per_class_above"])
def test_an_objectness_that_is_not_a_number_names_its_image(fault: str) -> None:
    """And says that it is the objectness."""
    given = candidates({"bad": Image([Box([0.5, 0.5], objectness=np.nan)])}, 2)
    others = {
        "with_background": False,
        "count_box_once_per_class_above": None,
        fault: True if fault == "with_background" else 0.2,
    }
    strategy = make_strategy(ArmConfig.model_validate({"strategy": "tutorial_brust", **others}))
    known = Labels({"cow": 1, "sheep": 2})
    with pytest.raises(BadDataError, match="image 'bad' has a detection whose objectness"):
        strategy.select(task_of(given, known, 1))


@pytest.mark.parametrize("name", READS_CLASSES)
def test_a_record_of_other_classes_is_refused(name: str) -> None:
    """Names and weights would be of the wrong classes."""
    case = replace(alike({"a": [[0.5, 0.5]]}), labelled=Labels({"cow": 1}))
    with pytest.raises(BadDataError, match=r"record has 2 classes, the labels have 1 \(cow\)"):
        case.select(name, 1)


@pytest.mark.parametrize("name", READS_RECORD)
def test_without_scores_there_is_nothing_to_go_by(name: str) -> None:
    """As in round 0: the message says what to do."""
    case = Case(Images(("a",)), Labels({"cow": 1}))
    with pytest.raises(ConfigError, match="needs none, such as random"):
        case.select(name, 1)


@dataclass(frozen=True)
class Frozen:
    """A record of declared columns only, whose arrays may not be written to."""

    table: pa.Table
    declared: Collection[str]

    def parts(self, columns: Collection[str]) -> Iterator[RecordPart]:
        assert columns
        assert set(columns) <= set(self.declared)
        record = RecordPart(self.table.select(["id", *columns]))
        for name in [name for name, each in vars(RecordPart).items() if hasattr(each, "func")]:
            with suppress(AttributeError):  # its column is not read
                array = getattr(record, name)
                if isinstance(array, np.ndarray):
                    array.flags.writeable = False
        yield record


@every_strategy
def test_only_declared_columns_are_read_and_nothing_is_written_to(name: str) -> None:
    """What is not declared may not be there; another strategy may read the same arrays."""
    case = case_of(2, 20, 3, 4)
    strategy = strategy_of(name)
    (table,), (known,) = tables_of(case.candidates), tables_of(case.labelled.images)
    unlabelled = replace(case.candidates, record=Frozen(table, strategy.reads))
    labels = replace(case.labelled.images, record=Frozen(known, strategy.reads_labelled))
    given = replace(case, candidates=unlabelled, labelled=replace(case.labelled, images=labels))
    selection = given.select(name, 4)
    assert selection == case.select(name, 4)


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("cost_aware", "objectness"),
        ("pal", "objectness"),
        ("ppal binary", "objectness"),
        ("enms_divproto", "objectness"),
        ("enms_divproto", "features"),
        ("ppal", "features"),
        ("object_coverage", "features"),
        ("presence", "objectness"),
        ("uherding", "objectness"),
    ],
)
def test_a_number_that_is_not_finite_is_named_for_what_it_is(name: str, column: str) -> None:
    """Not as a probability: whoever looks into the record looks into that column."""
    broken = {"objectness": np.nan} if column == "objectness" else {"feature": (np.nan, 1.0)}
    images = {"bad": Image([Box([0.5, 0.5], **broken)])}
    case = Case(candidates(images, 2), Labels({"cow": 1, "sheep": 2}))
    with pytest.raises(BadDataError, match=f"image 'bad' has a detection whose {column}"):
        case.select(name, 1)


@pytest.mark.parametrize("name", [name for name in ARMS if name != "tutorial_random"])
def test_diverse_goes_with_every_strategy(name: str) -> None:
    """It picks among what the strategy inside wants most, and adds its reason."""
    case = case_of(3, 40, 3, 4)
    task = task_of(case.candidates, case.labelled, 3, case.seed, case.pool_ids)
    wrapped = {"strategy": "diverse", "of": ARMS[name], "oversample": 2}
    picks = make_strategy(ArmConfig.model_validate(wrapped)).select(task).picks
    inside = {pick.id: pick.reason for pick in case.select(name, 6).picks}
    assert len({pick.id for pick in picks}) == 3
    assert all(pick.reason.endswith(f"; {inside[pick.id]}") for pick in picks)


DRAWS = ["random", "herding", "uherding", "presence", "object_coverage", "diverse herding"]


@pytest.mark.parametrize("name", [*DRAWS, "herding few", "group_limit uherding", "random_share"])
def test_seeds_draw_different_images(name: str) -> None:
    """Else ten seeds would be one; the same seed picks the same, as another test holds."""
    case = case_of(5, 40, 3, 4)
    assert len({replace(case, seed=seed).select(name, 5).ids for seed in range(5)}) > 1


@every_strategy
@pytest.mark.parametrize("num_classes", [1, 3])
def test_nothing_is_labelled(name: str, num_classes: int) -> None:
    """Not an image and not a box: the budget is picked all the same."""
    case = replace(case_of(1, 20, num_classes, 3), labelled=no_labels(num_classes))
    selection = case.select(name, 5)
    assert len(set(selection.ids)) == (5 if name != "tutorial_random" else len(selection.ids))


@every_strategy
def test_equal_embeddings_and_boxes(name: str) -> None:
    """Copies of one image, of which two are labelled: there is no distance to divide by."""
    copy = Image([Box([0.5, 0.5], truth=0, iou=0.9)], truth_classes=(0,))
    known = labelled({"known-1": copy, "known-2": copy}, {"cow": 2, "sheep": 0})
    case = Case(candidates({f"{number}": copy for number in range(8)}, 2), known)
    selection = case.select(name, 5)
    assert len(set(selection.ids)) == (5 if name != "tutorial_random" else len(selection.ids))
    assert np.isfinite(scores_of(selection)).all()


SCORING = [name for name in ARMS if isinstance(strategy_of(name), ScoringStrategy)]


@pytest.mark.parametrize("name", SCORING)
@pytest.mark.parametrize("num_classes", [1, 2, 3])
def test_a_strategy_says_when_it_cannot_rank_images(name: str, num_classes: int) -> None:
    """It does if, and only if, images of the most different detections get one score."""
    sure = [1.0] + [0.0] * (num_classes - 1)
    torn = [1 / num_classes] * num_classes
    images = {
        f"{number}": Image([Box(p, objectness=objectness)] * count)
        for number, (p, objectness, count) in enumerate(
            [(sure, 1.0, 1), (torn, 1.0, 1), (torn, 0.95, 2)]
        )
    }
    task = task_of(candidates(images, num_classes), Labels({str(n): n for n in range(num_classes)}))
    strategy = strategy_of(name)
    assert isinstance(strategy, ScoringStrategy)
    scores = strategy.score(task.unlabelled, task).scores_N
    assert (strategy.cannot_rank(num_classes) is not None) == bool((scores == scores[0]).all())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("entropy", None),
        ("brust", None),
        ("entropy classes", "a single class has no second one"),
        ("brust classes", "all batches are worth the same"),
        ("enms_divproto", None),
        ("enms classes", "only the tests of diversity choose"),
        ("ppal", None),
        ("ppal classes", "leave `rightness` unset, and images are told apart"),
        ("uwe brust", "it is `coreset`"),
        ("cost_aware", None),
        ("random_share", "the order of their ids decides"),
        ("ppal binary", None),
        ("pal", None),
        ("coreset", None),
        ("random", None),
    ],
)
def test_what_a_strategy_cannot_do_with_one_class(name: str, words: str | None) -> None:
    """Its own formula says it, and a wrapper says what the strategy inside does."""
    why = strategy_of(name).cannot_rank(1)
    assert why is None if words is None else words in str(why)
    assert strategy_of(name).cannot_rank(3) is None


def test_with_one_class_the_ids_decide_where_a_strategy_says_so() -> None:
    """And what says nothing picks the image that is in doubt: 0.5 is, and 1 is not."""
    images = {"a": Image([Box([1.0])]), "z": Image([Box([1.0], objectness=0.5)])}
    task = task_of(candidates(images, 1), Labels({"cow": 3}))
    assert strategy_of("entropy classes").select(task).ids == ("a",)
    assert strategy_of("entropy").select(task).ids == ("z",)
    assert strategy_of("ppal binary").select(task).ids == ("z",)
