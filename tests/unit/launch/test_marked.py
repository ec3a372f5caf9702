"""What markers add to what is told of a Job that has ended."""

from dataclasses import replace
from datetime import UTC, datetime

from job.artifacts.done_stages import Done
from job.artifacts.usage import Usage
from job.config.schema import Config
from job.keys import RoundRef
from job.launch.marked import Marked
from job.launch.observer import JobEnd, Observer
from job.plan import Plan
from job.records.pace import Pace
from job.whole import WholeRef

TRAIN = RoundRef("exp", 0, "random", 1).stage("train")
PACE = Pace(160, 4.0, 1.0, 512)


class Heard(Observer):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.ends: list[JobEnd] = []
        self.rounds: list[RoundRef] = []

    def job_ended(self, end: JobEnd) -> None:
        self.ends.append(end)

    job_found = job_ended

    def round_done(self, ref: RoundRef) -> None:
        self.rounds.append(ref)


def ended(error: str = "") -> JobEnd:
    return JobEnd(TRAIN, "t-1", 1, datetime.now(UTC), (), Usage(jobs=1), error)


def test_how_fast_a_stage_was_comes_with_its_end() -> None:
    """By its marker; of an attempt that failed, or a stage without a marker, nothing is known."""
    done: dict[str, Done] = {}
    heard = Heard()
    marked = Marked(done, [heard])
    marked.job_ended(ended())
    done[TRAIN.done] = Done("d", 5.0, pace=PACE)
    marked.job_ended(ended("exit code 75"))
    marked.job_ended(ended())
    marked.job_found(ended())
    assert [each.usage for each in heard.ends] == [
        Usage(jobs=1),
        Usage(jobs=1),
        Usage(jobs=1, pace=PACE),
        Usage(jobs=1, pace=PACE),
    ]


def test_a_round_is_done_with_its_last_stage(settings: Config) -> None:
    """Whichever that is, and whoever has run the others; a failed attempt ends no round."""
    done: dict[str, Done] = {}
    heard = Heard()
    marked = Marked(done, [heard])
    marked.follow(Plan(settings))
    last = RoundRef("tiny", 0, "random", 2)  # which scores nothing
    for stage in ("select", "annotate", "evaluate"):
        done[last.stage(stage).done] = Done("d", 1.0)
        marked.job_ended(replace(ended(), ref=last.stage(stage)))
    marked.job_ended(replace(ended("exit code 1"), ref=last.stage("train")))
    assert heard.rounds == []
    done[last.stage("train").done] = Done("d", 1.0)
    marked.job_ended(replace(ended(), ref=last.stage("train")))
    assert heard.rounds == [last]
    marked.job_ended(replace(ended(), ref=WholeRef.report("tiny")))
    assert heard.rounds == [last]
