"""What belongs to a whole experiment, and to none of its rounds: the report."""

from dataclasses import dataclass

from job.keys import REPORT, ExperimentKeys, RoundRef, StageRef


@dataclass(frozen=True)
class WholeRef(RoundRef):
    """A whole experiment, as far as it has a stage: its report."""

    of: str = ""
    """The digest of the stages that the report is of."""

    @classmethod
    def report(cls, experiment: str, of: str = "") -> "StageRef":
        """Return the report of an experiment as a stage."""
        return cls(experiment, None, None, 0, of).stage(REPORT)

    @property
    def is_whole(self) -> bool:
        """True."""
        return True

    @property
    def is_test(self) -> bool:
        """False: it has rounds of the test set, and others."""
        return False

    @property
    def fields(self) -> dict[str, object]:
        """Nothing: a log line has the stage."""
        return {}

    @property
    def prefix(self) -> str:
        """The prefix of all keys of the experiment, with a slash at the end."""
        return ExperimentKeys(self.experiment).prefix
