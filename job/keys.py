"""The keys of objects in the store, and the names of stages.

```
datasets/<name>/dataset.json                              version 1 of a data set
datasets/<name>/versions/0002/dataset.json                a later version
experiments/<exp>/seed-0/round-000/<stage>/...            the round that all arms share
experiments/<exp>/seed-0/<arm>/round-003/<stage>/...
experiments/<exp>/test/round-000/<stage>/...              the test set that is drawn from the pool
```
"""

import re
from dataclasses import dataclass
from typing import Literal

from job.errors import UsageError

Stage = Literal["select", "annotate", "train", "evaluate", "score", "report"]
STAGES: tuple[Stage, ...] = ("select", "annotate", "train", "evaluate", "score")
"""The stages of a round, in their order."""
REPORT: Stage = "report"
"""The stage of a whole experiment, after all rounds: see `job.whole`."""

Split = Literal["pool", "test"]

MARKER = "done.json"
"""The name of a stage's marker."""
PARTITIONS = "partition-"
"""How the name of a partition's marker begins."""
TEST = "test"
"""What the rounds of a test set that is drawn from the pool are called."""
LOGS = "logs/"
"""Where the logs of a stage's attempts lie, below the stage."""

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")


def is_marker(key: str) -> bool:
    """Whether a key is that of a stage's marker."""
    return key.rpartition("/")[2] == MARKER


def check_name(kind: str, name: str) -> str:
    """Return a name that is safe as one path segment of a key, a file name and a label value.

    Raises:
        UsageError: The name has other characters, or more than 63 of them.
    """
    if not _NAME.fullmatch(name):
        message = (
            f"{kind} {name!r}: a name is 1 to 63 letters, digits, '-', '_' or '.', "
            "and begins and ends with a letter or digit"
        )
        raise UsageError(message)
    return name


def test_label(index: int) -> str:
    """Return what a round of the test set is called: `test`, and then `test-2`, by its version."""
    return f"{TEST}-{index + 1}" if index else TEST


@dataclass(frozen=True)
class DatasetKeys:
    """The keys of one version of a data set.

    Only its manifest is found by them later: that names every other object, because a version
    keeps what it shares with earlier ones where it is.
    """

    name: str
    version: int = 1
    part: str = ""
    """A folder of the version that holds all but its manifest, with a slash at the end. Two
    processes that make the same version at once write into different ones."""

    @property
    def prefix(self) -> str:
        """The prefix of all keys of the data set, with a slash at the end."""
        return f"datasets/{self.name}/"

    @property
    def versions(self) -> str:
        """The prefix of all versions but the first, with a slash at the end."""
        return f"{self.prefix}versions/"

    @property
    def folder(self) -> str:
        """The prefix of the version's own objects, with a slash at the end."""
        return self.prefix if self.version == 1 else f"{self.versions}{self.version:04d}/"

    @property
    def manifest(self) -> str:
        """The manifest. It is written last: the version exists if this does."""
        return f"{self.folder}dataset.json"

    @property
    def annotations(self) -> str:
        """The ground truth of the pool, which only the oracle and ingest read."""
        return f"{self.folder}{self.part}oracle/annotations.parquet"

    @property
    def labels(self) -> str:
        """The labels that came along with the pool, or later."""
        return f"{self.folder}{self.part}labels/annotations.parquet"

    def index(self, split: Split) -> str:
        """The index: for each image its shard, its place in it, and its digest."""
        return f"{self.folder}{self.part}{split}/index.parquet"

    def shard(self, split: Split, number: int) -> str:
        """A tar file of images, counted from 0 in each version."""
        return f"{self.folder}{self.part}{split}/{number:05d}.tar"

    def name_below(self, key: str) -> str:
        """Return a key as the manifest names it: below the data set's folder."""
        return key.removeprefix(self.prefix)

    def key(self, name: str) -> str:
        """Return the key of what the manifest names: the inverse of `name_below`."""
        return f"{self.prefix}{name}"


@dataclass(frozen=True)
class ExperimentKeys:
    """The keys of an experiment that do not belong to a round."""

    name: str

    @property
    def prefix(self) -> str:
        """The prefix of all keys of the experiment, with a slash at the end."""
        return f"experiments/{self.name}/"

    @property
    def config(self) -> str:
        """The configuration, with every default written out."""
        return f"{self.prefix}experiment.yaml"

    def answers(self, name: str = "") -> str:
        """What people answered, whatever became of it; without a name, the prefix of all of it."""
        return f"{self.prefix}answers/{name}"

    @property
    def images(self) -> str:
        """The prefix of copies of single images, which an annotation tool reads."""
        return f"{self.prefix}images/"

    @property
    def results(self) -> str:
        """The results: a row for each seed, arm and round."""
        return f"{self.prefix}results.csv"

    @property
    def status(self) -> str:
        """The status that the driver published last."""
        return f"{self.prefix}status.json"

    @property
    def holder(self) -> str:
        """The driver that is at work on it, with its heartbeat."""
        return f"{self.prefix}holder.json"

    def progress(self, seed: int | None, arm: str) -> str:
        """Where the rounds of an arm under a seed stand; without a seed, those of the test set."""
        return f"{self.prefix}progress/{TEST if seed is None else f'seed-{seed}/{arm}'}.json"

    @property
    def pruned(self) -> str:
        """Which objects of finished stages `al-job prune` has removed."""
        return f"{self.prefix}pruned.json"

    @property
    def tensorboard(self) -> str:
        """The prefix of the files that TensorBoard reads: a folder for each curve and training."""
        return f"{self.prefix}tensorboard/"

    def report(self, name: str) -> str:
        """A file of the report."""
        return f"{self.prefix}report/{name}"

    @property
    def page(self) -> str:
        """The report's page."""
        return self.report("index.html")


@dataclass(frozen=True)
class RoundRef:
    """A round of an arm under a seed, or of the test set that is drawn from the pool.

    All arms of a seed share round 0, which has no arm. The test set belongs to the experiment: its
    rounds have no seed and no arm. Round 0 draws its version 1, and each later round what the next
    version adds.
    """

    experiment: str
    seed: int | None
    """None: it is a round of the test set."""
    arm: str | None
    index: int

    def __post_init__(self) -> None:
        """Drop the arm of round 0, so that all arms mean the same round."""
        if self.index == 0 or self.is_test:
            object.__setattr__(self, "arm", None)

    @classmethod
    def of_test(cls, experiment: str, index: int) -> "RoundRef":
        """Return a round of the test set."""
        return cls(experiment, None, None, index)

    @property
    def is_test(self) -> bool:
        """Whether it is a round of the test set."""
        return self.seed is None

    @property
    def is_whole(self) -> bool:
        """Whether it stands for the whole experiment."""
        return False

    @property
    def own_seed(self) -> int:
        """The seed.

        Raises:
            ValueError: It is a round of the test set, which has none.
        """
        if self.seed is None:
            message = f"{self.prefix} has no seed"
            raise ValueError(message)
        return self.seed

    @property
    def label(self) -> str:
        """How options, tables and logs call it among the rounds of its seed and arm."""
        return test_label(self.index) if self.is_test else str(self.index)

    @property
    def stream(self) -> tuple[int | str, int]:
        """The first words of its random streams."""
        return TEST if self.seed is None else self.seed, self.index

    @property
    def fields(self) -> dict[str, object]:
        """What identifies it in a log line."""
        if self.is_test:
            return {"round": self.label}
        return {"seed": self.seed, **({"arm": self.arm} if self.arm else {}), "round": self.index}

    @property
    def prefix(self) -> str:
        """The prefix of the round's keys, with a slash at the end."""
        arm = f"{self.arm}/" if self.arm else ""
        whose = TEST if self.is_test else f"seed-{self.seed}"
        return f"experiments/{self.experiment}/{whose}/{arm}round-{self.index:03d}/"

    def at(self, index: int) -> "RoundRef":
        """Return another round of the same seed and arm."""
        return RoundRef(self.experiment, self.seed, self.arm, index)

    def stage(self, stage: Stage) -> "StageRef":
        """Return a stage of this round."""
        return StageRef(self, stage)


@dataclass(frozen=True)
class StageRef:
    """A stage of a round: the unit that runs, is committed, and is skipped if it is done."""

    round: RoundRef
    stage: Stage

    def __str__(self) -> str:
        """Return the stage in words, for messages."""
        this = self.round
        if this.is_whole:
            return f"the {self.stage}"
        arm = f" arm {this.arm}" if this.arm else ""
        seed = "" if this.is_test else f"seed {this.seed}{arm} "
        return f"{seed}round {this.label} {self.stage}"

    @property
    def fields(self) -> dict[str, object]:
        """What identifies it in a log line."""
        return {**self.round.fields, "stage": self.stage}

    @property
    def data_round(self) -> int:
        """The round whose version of the data set the stage reads: scores are for the next one.

        The test set is drawn from the version that the experiment begins on.
        """
        return 0 if self.round.is_test else self.round.index + (self.stage == "score")

    @property
    def prefix(self) -> str:
        """The prefix of the stage's keys, with a slash at the end."""
        return f"{self.round.prefix}{self.stage}/"

    @property
    def done(self) -> str:
        """The marker. It is written last: the stage's output exists if this does."""
        return f"{self.prefix}{MARKER}"

    def partition_done(self, index: int, count: int) -> str:
        """The marker of one partition of a stage that `count` processes do together."""
        return f"{self.prefix}{PARTITIONS}{index:04d}-of-{count:04d}.json"

    def key(self, name: str) -> str:
        """The key of an object of the stage."""
        return f"{self.prefix}{name}"

    def log(self, attempt: str) -> str:
        """The log of an attempt at the stage, or at a partition of it."""
        return f"{self.prefix}{LOGS}{attempt}.log"
