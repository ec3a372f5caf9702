"""What an experiment has ahead of it, by its store."""

import pytest

from job.config import loading
from job.config.runtime import RuntimeConfig
from job.config.schema import Config
from job.data.ingest.ingest import ingest
from job.errors import ConfigError, UsageError
from job.estimate.outlook import Outlook, look
from job.storage import Store
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.growing import GROWING, PHOTOS, drawn

CPU = RuntimeConfig(device="cpu", threads=1)


def left(outlook: Outlook) -> dict[str, int]:
    return {each.stage: each.num_left for each in outlook.times.of_stages()}


def keys(store: Store) -> set[str]:
    return set(store.list(""))


def test_nothing_is_left_of_a_finished_experiment(finished: LocalStore, settings: Config) -> None:
    """And nothing is written."""
    before = keys(finished)
    outlook = look(finished, settings, CPU)
    assert set(left(outlook).values()) == {0}
    assert outlook.times.left == []
    assert outlook.hours_left == 0
    assert keys(finished) == before


def test_an_experiment_may_grow(finished: LocalStore, tiny: str) -> None:
    """A further round of two arms is left; its time is told by those that are done."""
    outlook = look(finished, loading.parse(tiny.replace("rounds: 3", "rounds: 4"), "tiny"), CPU)
    # brust is scored in round 2 as well, for the round that was added
    assert left(outlook) == {"select": 2, "annotate": 2, "train": 2, "evaluate": 2, "score": 1}
    assert all(each.num_unknown == 0 for each in outlook.times.of_stages())
    assert outlook.hours_left


def test_a_stage_is_left_if_what_it_needs_is(finished: LocalStore, settings: Config) -> None:
    """Its own marker is there still, and it runs again."""
    store = MemoryStore()
    for key in finished.list(""):
        if "random/round-001/annotate/done.json" not in key:
            store.write(key, finished.read(key))
    assert left(look(store, settings, CPU)) == {
        "select": 1,
        "annotate": 2,
        "train": 2,
        "evaluate": 2,
        "score": 0,
    }


def test_a_synthetic_data_set_need_not_be_there(settings: Config) -> None:
    """All stages are left, their time is unknown, and the store stays empty."""
    store = MemoryStore()
    outlook = look(store, settings, CPU)
    assert left(outlook) == {"select": 5, "annotate": 5, "train": 5, "evaluate": 5, "score": 2}
    assert all(each.num_unknown == each.num_left for each in outlook.times.of_stages())
    assert outlook.hours_left is None
    counts = outlook.labels.counts
    # 0 to 5 objects with the shares 0.06, 0.28, 0.30, 0.22, 0.10 and 0.04
    assert counts is not None
    assert counts.mean == pytest.approx(0.28 + 2 * 0.30 + 3 * 0.22 + 4 * 0.10 + 5 * 0.04)
    assert keys(store) == set()


def test_another_data_set_has_to_be_there(tiny: str) -> None:
    """The message is that of a run."""
    text = tiny.replace("synthetic: {num_pool: 24, num_test: 6, size: 64}", "")
    with pytest.raises(UsageError, match="holds no data set 'drawn'"):
        look(MemoryStore(), loading.parse(text, "tiny"), CPU)


def test_what_a_run_refuses_is_refused(finished: LocalStore, tiny: str) -> None:
    """An experiment that began with other settings, and a strategy without what it needs."""
    with pytest.raises(ConfigError, match=r"train\.steps: 4 -> 5"):
        look(finished, loading.parse(tiny.replace("steps: 4", "steps: 5"), "tiny"), CPU)
    text = tiny.replace("{strategy: random}", "{strategy: group_limit, of: {strategy: random}}")
    with pytest.raises(ConfigError, match="its strategy needs groups"):
        look(finished, loading.parse(text.replace(": tiny", ": new"), "tiny"), CPU)


def test_without_ground_truth_labelled_images_tell_the_boxes() -> None:
    """As long as none is labelled, nobody knows."""
    store = MemoryStore()
    ingest(store, drawn(PHOTOS, annotated=False), "photos")
    outlook = look(store, loading.parse(GROWING, "growing"), CPU)
    assert outlook.labels.counts is None
    assert not outlook.data.is_labelled


def test_the_data_of_each_round_counts(grown: MemoryStore) -> None:
    """16 images of which 4 came along, and from round 2 on 24 with 6; 2 picks a round."""
    config = loading.parse(GROWING, "growing")
    workload = look(grown, config, CPU).workload
    assert [workload.selectable(index) for index in range(3)] == [12, 12, 18]


def test_a_small_pool_is_told(settings: Config) -> None:
    """5 rounds of 6 and 4 times 4 images want 22 of 24; 8 rounds want 34."""
    for rounds, expected in ((5, (22, 22)), (8, (24, 34))):
        config = settings.model_copy(update={"rounds": rounds})
        assert look(MemoryStore(), config, CPU).picked_and_wanted == expected


def test_an_unknown_time_is_measured_only_if_that_is_asked_for(
    settings: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is measured of what is left and unknown."""
    asked = []

    def note(_store: Store, _config: Config, kinds: set[tuple[str, ...]]) -> dict[str, str]:
        asked.append(kinds)
        return {}

    monkeypatch.setattr("job.estimate.probe.probe", note)
    look(MemoryStore(), settings, CPU)
    assert not asked
    look(MemoryStore(), settings, CPU, probes=True)
    kinds = {("train",), ("evaluate",), ("score",), ("annotate",)}
    assert asked == [kinds | {("select", "random"), ("select", "brust")}]
