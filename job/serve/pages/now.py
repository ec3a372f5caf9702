"""What an experiment does now: people at work, its driver, its stages."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import groupby

from markupsafe import Markup

from job.artifacts.annotating import Annotating
from job.keys import STAGES, RoundRef, Stage, StageRef
from job.progress import ALIVE, OVER, Driver, RoundStatus, StageStatus, Status, seconds_left
from job.report.analysis.results import show_measured
from job.report.markup import render
from job.report.sections.base import Section
from job.report.wording import counted
from job.serve.looks import Look
from job.serve.pages.frame import below, fill, in_words

DONE: Mapping[Stage, str] = {"select": "selected", "annotate": "labelled", "train": "trained"}
"""What a round is whose last stage that is done is this one."""
BAD = frozenset({"failed", "unreadable"})
ENOUGH = 1.5
"""From so many on, a time is told in a unit."""


def now_section(look: Look) -> Section:
    """Return the state of an experiment."""
    headline, is_bad = _headline(look)
    html = fill(
        "now",
        people=people_at_work(look.annotating),
        headline=headline,
        is_bad=is_bad,
        lines=list(_lines(look)),
    )
    return Section(title="Now", html=html)


def rounds_section(look: Look) -> Section:
    """Return how far each round is, with links to their pages."""
    indices = range(max((each.round for each in look.status.rounds), default=-1) + 1)
    html = fill("rounds", rounds=indices, rows=list(_rows(look, indices)))
    return Section(title="Rounds", html=html)


def people_at_work(annotating: Mapping[StageRef, Annotating]) -> Markup:
    """Return how far people are with each of some rounds, and what needs attention."""
    return Markup().join(_people(stage.round, told) for stage, told in annotating.items())


def _people(ref: RoundRef, told: Annotating) -> Markup:
    num, left = len(told.attention), told.seconds_left
    rate = f"{told.per_hour:.0f} in the last hour" if told.per_hour else ""
    return fill(
        "people",
        told=told,
        where=in_words(ref),
        is_link=told.link.startswith(("http://", "https://")),
        rate=f"{rate}; at this rate the rest takes {duration(left)}." if rate and left else rate,
        needs=f"{counted(num, 'image')} {'needs' if num == 1 else 'need'}",
        begun=moment(told.begun),
        updated=moment(told.updated),
    )


def _headline(look: Look) -> tuple[str, bool]:
    """Say in a line what the experiment does, and whether that is bad."""
    status, driver = look.status, look.status.driver
    is_bad = any(told.state in BAD for each in status.rounds for told in each.stages.values())
    if driver and not (driver.phase in {"running", "annotating"} and look.annotating):
        message = f": {driver.message}" if driver.message else ""
        is_bad = is_bad or driver.phase in {"failed", "cancelled"}
        return f"Its driver is {driver.phase}{message}", is_bad
    stages = list(look.plan.stages())
    num_done = sum(ref.done in look.listing for ref in stages)
    if num_done == len(stages):
        return f"Finished: all {len(stages)} stages are done", is_bad
    return f"{num_done} of {len(stages)} stages are done", is_bad


def _lines(look: Look) -> Iterator[str]:
    """Yield what there is to say beside the headline, a sentence each."""
    status = look.status
    if status.driver:
        yield _heard(status.driver)
    yield from look.problems
    for stage, told in _begun(status):
        if stage in look.annotating:  # told above
            continue
        yield f"{stage}: {told.state}{': ' * bool(told.reason)}{told.reason}"
    if not status.driver and not look.annotating and (ref := _next(look)):
        yield f"No driver tells what runs. The first stage that is not done: {ref}"
    for move in status.moves:
        yield f"From round {move.from_round} on: version {move.version} of the data set"
    if (left := seconds_left(status)) is not None:
        yield f"About {duration(left)} of computing left, one stage at a time"


def _heard(driver: Driver) -> str:
    is_late = driver.phase not in OVER and datetime.now(UTC) - driver.updated > ALIVE
    late = ", and not since then: it may have ended" * is_late
    return f"Heard of the driver of {driver.release} at {moment(driver.updated)}{late}"


def _begun(status: Status) -> Iterator[tuple[StageRef, StageStatus]]:
    """Yield the stages that were begun and are not done, each once."""
    found: dict[StageRef, StageStatus] = {}
    for each in status.rounds:
        ref = RoundRef(status.experiment, each.seed, each.arm, each.round)
        found |= {
            ref.stage(stage): told for stage, told in each.stages.items() if told.state != "done"
        }
    yield from found.items()


def _next(look: Look) -> StageRef | None:
    for ref in look.plan.stages():
        if ref.done not in look.listing:
            return ref
    return None


Cell = tuple[str, str, str]
"""Its text, its class and the address of its round."""


def _rows(look: Look, indices: range) -> Iterator[tuple[str, str, list[Cell]]]:
    """Yield a row of cells for each arm and seed."""
    by_arm = groupby(look.status.rounds, key=lambda each: (each.arm, each.seed))
    for (arm, seed), rounds in by_arm:
        of_index = {each.round: each for each in rounds}
        cells = [_cell(look, of_index[i]) if i in of_index else ("", "", "") for i in indices]
        yield arm or "test set", "" if seed is None else f"seed {seed}", cells


def _cell(look: Look, each: RoundStatus) -> Cell:
    ref = RoundRef(look.name, each.seed, each.arm, each.round)
    text, kind = _state(look, ref, each)
    return text, kind, below(ref)


def _state(look: Look, ref: RoundRef, each: RoundStatus) -> tuple[str, str]:
    """Return how far a round is, in a word, and the class of its cell."""
    done = [stage for stage in each.planned if _is_done(each.stages.get(stage))]
    begun = {stage: told for stage, told in each.stages.items() if told.state != "done"}
    for stage, told in begun.items():
        if told.state in BAD:
            return f"{stage} {told.state}", "bad"
    if people := look.annotating.get(ref.stage("annotate")):
        return f"{people.answered}/{people.total}", "now"
    if "evaluate" in done:
        has_metric = each.map50 is not None
        return (_measured(look, each) if has_metric else "done"), "now" if begun else ""
    if begun:
        stage, told = next(iter(begun.items()))
        return f"{stage}: {told.state}", "now"
    kind = "now" if len(done) < len(each.planned) else ""
    return (DONE[done[-1]], kind) if done else ("", "")


def _measured(look: Look, each: RoundStatus) -> str:
    return show_measured(each.map50, each.test_version, len(look.plan.test_rounds()))


def _is_done(told: StageStatus | None) -> bool:
    return told is not None and told.state == "done"


def stages_section(look: Look) -> Section:
    """Return every stage with its state, or its seconds if it is done."""
    header = ("seed", "arm", "round", *STAGES, "mAP50")
    cells = []
    for each in look.status.rounds:
        ref = RoundRef(look.name, each.seed, each.arm, each.round)
        metric = "" if each.map50 is None else _measured(look, each)
        seed = "" if each.seed is None else each.seed
        cells.append((seed, each.arm, ref.label, *stage_cells(each), metric))
    html = render(
        '<details id="every-stage"><summary>Seconds of the stages that are done, and the state of'
        " the others</summary>{{ table(header, cells) }}</details>",
        header=header,
        cells=cells,
    )
    return Section(title="Stages", html=html)


def stage_cells(each: RoundStatus) -> list[str]:
    """Return what each stage of a round took, or its state."""
    found = [each.stages.get(stage) for stage in STAGES]
    return [told.short if told else "" for told in found]


def moment(at: datetime) -> str:
    """Return a moment as a reader sees it."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def duration(seconds: float) -> str:
    """Return a time in words, roughly."""
    for unit, size in (("hours", 3600), ("minutes", 60)):
        if seconds >= ENOUGH * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} seconds"
