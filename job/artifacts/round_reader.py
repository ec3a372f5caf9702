"""Reads the inputs of a round: its pool, its budget, and what earlier rounds wrote."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Self

from job.acquisition.strategies.held_out import with_groups
from job.artifacts import names
from job.artifacts.cost import NOTHING, RoundCost
from job.artifacts.experiment_file import open_dataset
from job.artifacts.markers import Markers
from job.artifacts.reader import Reader
from job.data.dataset import Dataset
from job.data.shards import LabelledImage, read_labelled, with_labels
from job.errors import ConfigError, MissingObjectError
from job.keys import RoundRef, StageRef
from job.plan import Plan
from job.pool import Pool
from job.records.annotation import Annotation
from job.storage import Store
from job.storage.cache import fetch_whatever


class RoundReader(Reader):
    """Reads what one round of an experiment is given."""

    def __init__(
        self,
        store: Store,
        plan: Plan,
        round_ref: RoundRef,
        markers: Markers | None = None,
        budget: int | None = None,
    ) -> None:
        """Read for a round.

        Args:
            store: Where everything is.
            plan: The experiment's.
            round_ref: The round.
            markers: Those of the process; unset: new ones.
            budget: How many images to label; unset: what the plan says.
        """
        super().__init__(store, markers)
        self.config = plan.config
        self._plan = plan
        self.round = round_ref
        self.arm = plan.arm_of(round_ref)
        """The arm that selects in the round; in round 0, the cold start."""
        self._budget = budget

    @classmethod
    def beside(cls, reader: Reader, plan: Plan, round_ref: RoundRef) -> Self:
        """Return the reader of a round that reads nothing again which another one has read."""
        io = cls(reader.store, plan, round_ref, reader.markers)
        io.datasets, io.parsed = reader.datasets, reader.parsed
        return io

    @property
    def data_round(self) -> int:
        """The round whose version of the data set is read."""
        return 0 if self.round.is_test else self.round.index

    @cached_property
    def dataset(self) -> Dataset:
        """The version of the data set that the experiment uses in `data_round`.

        Raises:
            ConfigError: The store does not hold it.
        """
        return self._dataset_at(self.data_round)

    def _dataset_at(self, round_index: int) -> Dataset:
        """Return the version that a round uses, which is opened once, and record it."""
        found = self.datasets.get(self.config.dataset.sha256_at(round_index) or "")
        found = found or open_dataset(self.store, self.config, round_index)
        self.datasets[found.digest] = found
        return self._noted(found)

    @cached_property
    def latest_dataset(self) -> Dataset:
        """The latest version of the data set, which may have labels that the round's lacks."""
        return self._noted(Dataset.open(self.store, self.config.dataset.name))

    def _noted(self, dataset: Dataset) -> Dataset:
        self._note(dataset.keys.manifest, dataset.digest)
        return dataset

    @cached_property
    def new_given(self) -> tuple[str, ...]:
        """The ids of the labelled images that came along with `dataset`, and with no earlier one.

        All of them, if it is the version that the experiment began with. None of them belongs to a
        group of the test set.
        """
        if self.round.is_test:
            return ()
        return tuple(each for each in self._new_given() if each not in self.held_out)

    def _new_given(self) -> tuple[str, ...]:
        if not self.data_round:
            return self.dataset.given_ids()
        before, now = (
            self.config.dataset.sha256_at(index) for index in (self.data_round - 1, self.data_round)
        )
        if before == now:
            return ()
        earlier = self._dataset_at(self.data_round - 1)
        known = frozenset(earlier.given_ids())
        return tuple(each for each in self.dataset.given_ids() if each not in known)

    def unrecorded(self, ref: RoundRef) -> "RoundReader":
        """Return a reader of a round of the experiment that records nothing of what it reads."""
        return RoundReader(self.store, self._plan, ref, self.markers)

    def first_missing(self, stage: StageRef) -> StageRef:
        """Return the first stage that is not done of those that this one needs, or itself."""
        for need in self._plan.needs(stage):
            if self.markers.get(need) is None:
                return self.first_missing(need)
        return stage

    @cached_property
    def earlier(self) -> tuple[RoundRef, ...]:
        """The rounds before this one, from round 0 on."""
        return tuple(self.round.at(index) for index in range(self.round.index))

    @cached_property
    def held_out(self) -> frozenset[str]:
        """The images of the pool that no arm may select: the test set, with all of its groups."""
        tests = self._plan.test_rounds()
        drawn = [each for ref in tests for each in self.picked_ids(ref)]
        return with_groups(drawn, self.dataset.groups("pool")) if drawn else frozenset()

    def test_images(self) -> list[LabelledImage]:
        """Return the images that models are measured on; none if nothing is to be measured."""
        if self.config.test is None:
            return self.dataset.test_images()
        tests = self._plan.test_rounds()
        return [image for ref in tests for image in self.labelled_images(ref)]

    @cached_property
    def pool_before(self) -> Pool:
        """The pool before this round. Images whose labels came along are labelled.

        Those that people have refused are out of it, and so is the test set. Those that people left
        open are in it again. If the test set is drawn in this round, all that any arm has selected
        counts as labelled.

        Raises:
            BadDataError: An earlier round labelled an image twice, or one that is not in the pool.
        """
        given = frozenset(self.dataset.given_ids())
        if self.round.is_test:
            return self._pool_of_test(given)
        ids = self.dataset.ids("pool")
        if held_out := self.held_out:
            ids, given = tuple(each for each in ids if each not in held_out), given - held_out
        pool = Pool(ids, given)
        for ref in self.earlier:
            pool = self._after(pool, ref)
        return pool

    def _pool_of_test(self, given: frozenset[str]) -> Pool:
        """Return the pool that a round of the test set draws from.

        What arms have selected meanwhile is not an input of the stage: the test set stays as it was
        drawn, whatever is selected again.
        """
        drawn = {each for ref in self.earlier for each in self.picked_ids(ref)}
        reader = Reader(self.store, self.markers)
        done = (
            stage.round
            for stage in self._plan.stages()
            if stage.stage == "select" and not stage.round.is_test and self.markers.get(stage)
        )
        picked = frozenset(pick.id for ref in done for pick in reader.picks(ref))
        ids = tuple(each for each in self.dataset.ids("pool") if each not in drawn)
        return Pool(ids, given | picked)

    @cached_property
    def pool_after(self) -> Pool:
        """The pool after this round's labelling."""
        self.marker(self.round.stage("annotate"))
        return self._after(self.pool_before, self.round)

    def _after(self, pool: Pool, ref: RoundRef) -> Pool:
        """Return the pool after a round's labelling."""
        outcome = self.outcome(ref)
        refused = outcome.ids("refused") if outcome else ()
        return pool.label(self.labelled_ids(ref)).refuse(refused)

    def picked_ids(self, ref: RoundRef) -> list[str]:
        """Return the ids that a round selected, in the order of rank."""
        return [pick.id for pick in self.picks(ref)]

    def labelled_ids(self, ref: RoundRef) -> list[str]:
        """Return the ids of a round's picks that are labelled, in the order of rank.

        They are all of them, unless people have refused or left open some.
        """
        outcome = self.outcome(ref)
        return list(outcome.ids("labelled")) if outcome else self.picked_ids(ref)

    @cached_property
    def budget(self) -> int:
        """How many images to label in this round."""
        if self._budget is not None:
            return self._budget
        if self.round.is_test:
            return self.config.test_size_of(self.round.index)
        if self.arm.labels_all:
            return len(self.pool_before.unlabelled)
        return self.config.budget.of_round(self.round.index)

    def cost_before(self) -> RoundCost:
        """Return the cost of the previous round, and of all before it."""
        return self.cost(self.earlier[-1]) if self.earlier else RoundCost(NOTHING, NOTHING)

    def labelled_shards(self) -> Iterator[Path]:
        """Return local tar files of everything labelled up to and with this round.

        All are inputs from now on; each is fetched when it is asked for.
        """
        stages = [ref.stage("annotate") for ref in (*self.earlier, self.round)]
        for stage in stages:
            self.marker(stage)
        return (path for stage in stages for path in self._fetch(stage, names.LABELLED_SHARDS))

    def corrections(self, images: Iterable[LabelledImage]) -> dict[str, Annotation]:
        """Return the labels of `dataset` that differ from those that images were labelled with."""
        later = self.dataset.corrections()
        if not later:  # then the images need not be listed
            return {}
        return {
            image.id: later[image.id]
            for image in images
            if image.id in later and later[image.id].to_json() != image.annotation.to_json()
        }

    def labelled_so_far(self) -> list[LabelledImage]:
        """Return everything labelled up to and with this round, in the order of labelling.

        Labels that `dataset` corrects are the corrected ones.
        """
        images = [image for path in self.labelled_shards() for image in read_labelled(path)]
        return with_labels(images, self.corrections(images))

    def score_parts_before(self) -> list[Path]:
        """Return the parts of the score record that this round selects from."""
        return self.score_parts(self.earlier[-1])

    def labelled_parts_before(self) -> list[Path]:
        """Return the parts of the score record of what was labelled before this round."""
        return self.labelled_parts(self.earlier[-1]) if self.earlier else []

    def weights(self, key: str) -> Path:
        """Return a local file of pretrained weights that lie in the store.

        Raises:
            ConfigError: They do not.
        """
        try:
            path, digest = fetch_whatever(self.store, key)
        except MissingObjectError as error:
            is_whole = self.config.detector.weights == f"store:{key}"
            setting = "detector.weights" if is_whole else "detector.backbone"
            message = f"{setting}: {self.store.url} holds no {key}; put the weights there"
            raise ConfigError(message) from error
        self._note(key, digest)
        return path

    def _note(self, key: str, digest: str) -> None:
        """Do nothing; a stage records here what it reads that no stage wrote."""
