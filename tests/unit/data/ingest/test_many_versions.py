"""Any sequence of appends and labels, held against lists and mappings in memory."""

from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from job.data.dataset import Dataset
from job.data.formats.base import LoadedSample, Sample, Source, SourceBox, fingerprint
from job.data.ingest.ingest import ingest
from job.data.ingest.labels import ingest_labels
from job.errors import BadDataError
from job.keys import Split
from job.storage.memory import MemoryStore
from tests.unit.data.conftest import encode

image = cache(partial(encode, width=8, height=8, suffix=".png"))
there, new = st.integers(0, 3), st.integers(4, 6)
append = st.tuples(st.just("append"), st.frozensets(there | new, min_size=1), st.just(value=False))
classes = st.dictionaries(there, st.sampled_from(["cat", "dog", ""]), min_size=1, max_size=2)
label = st.tuples(st.just("label"), classes, st.booleans())


class Drawn(Source):
    """Images by number; those of `labels` have a box of their class, or none."""

    kind: ClassVar[str] = "drawn"

    pool: tuple[int, ...]
    labels: dict[int, str] | None = None

    @property
    def classes(self) -> tuple[str, ...]:
        return ("cat", "dog")

    @property
    def has_test(self) -> bool:
        return False

    @property
    def annotates_pool(self) -> bool:
        return self.labels is not None

    def identity(self) -> dict[str, str | int]:
        return {"digest": fingerprint(self.pool)}

    def num_images(self, split: Split) -> int:
        return len(self.pool) if split == "pool" else 0

    def samples(self, split: Split) -> Iterator[Sample]:
        for number in self.pool if split == "pool" else ():
            name = (self.labels or {}).get(number, "")
            boxes = (SourceBox((0, 0, 4, 4), name, "1"),) if name else ()
            loaded = LoadedSample(image(number), ".png", f"{number}.png", "", boxes)
            yield Sample(str(number), partial(lambda content: content, loaded))


class Model:
    """What a data set should consist of."""

    def __init__(self) -> None:
        self.pool, self.labels = [*"3012"], {"3": "cat"}

    def append(self, images: frozenset[int]) -> None:
        self.pool += [each for each in map(str, sorted(images)) if each not in self.pool]

    def label(self, labels: dict[int, str], *, correct: bool) -> bool:
        """Add labels, and return whether they may be added: all of them or none."""
        wanted = {str(number): name for number, name in labels.items()}
        changed = {each for each in wanted if self.labels.get(each, wanted[each]) != wanted[each]}
        if not wanted.keys() <= set(self.pool) or (changed and not correct):
            return False
        self.labels |= wanted
        return True

    def state(self) -> tuple[list[str], dict[str, str]]:
        return list(self.pool), {
            each: self.labels[each] for each in self.pool if each in self.labels
        }


def state_of(dataset: Dataset) -> tuple[list[str], dict[str, str]]:
    ids = dataset.ids("pool")
    names = {each: "".join(found.labels) for each, found in dataset.known_labels(ids).items()}
    return list(ids), names


@pytest.mark.slow
@settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.generate],  # to make a failing sequence shorter would take minutes
    suppress_health_check=[*HealthCheck],
)
@given(steps=st.lists(st.one_of(append, label), min_size=3, max_size=5))
def test_every_version_is_what_a_model_says(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    steps: list[tuple[str, dict[int, str], bool]],
) -> None:
    """The latest after each step, and all earlier ones to the end; images keep their bytes."""
    monkeypatch.setenv("AL_CACHE", str(tmp_path))
    store, model = MemoryStore(), Model()
    ingest(store, Drawn(pool=(0, 1, 2)), "d", labelled=Drawn(pool=(3,), labels={3: "cat"}))
    states = [model.state()]
    for kind, content, correct in steps:
        source = Drawn(pool=tuple(sorted(content)), labels=content if kind == "label" else None)
        if kind == "append":
            model.append(frozenset(content))
            ingest(store, source, "d", append=True)
        elif model.label(content, correct=correct):
            ingest_labels(store, source, "d", correct=correct)
        else:
            with pytest.raises(BadDataError):
                ingest_labels(store, source, "d", correct=correct)
        if model.state() != states[-1]:
            states.append(model.state())
    assert Dataset.open(store, "d").version == len(states)
    for version, state in enumerate(states, start=1):
        dataset = Dataset.open(store, "d", version)
        assert state_of(dataset) == state
        assert dataset.given_ids() == ("3",)
        assert [each.data for each in dataset.iter_images("pool")] == [
            image(int(each)) for each in state[0]
        ]
