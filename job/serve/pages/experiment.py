"""An experiment's page."""

from collections.abc import Callable, Iterator

from job.errors import AlJobError, TemporaryError
from job.keys import ExperimentKeys, RoundRef
from job.report.markup import render
from job.report.sections.base import Section
from job.report.wording import counted
from job.serve.looks import Look
from job.serve.pages.curves import curves_section
from job.serve.pages.frame import below, fill, framed, in_words
from job.serve.pages.labels import labels_section
from job.serve.pages.now import now_section, rounds_section, stages_section
from job.serve.pages.pictures import pictures
from job.serve.picks import Picks
from job.serve.web import Response

MAX_ROUNDS = 8
"""Of so many rounds, the first picks are shown."""
NUM_SHOWN = 4
MANY_SHOWN = 8
"""If there is one round to show."""


def experiment_page(root: str, look: Look, picks: Picks) -> Response:
    """Return the page of an experiment."""
    config = look.plan.config
    num_arms, num_seeds = len(config.arms), len(config.seeds)
    about = (
        f"{config.dataset.name}: {counted(num_arms, 'arm')}, {counted(num_seeds, 'seed')}, "
        f"{counted(config.rounds, 'round')}; annotator: {config.annotation.annotator}."
    )
    makers: dict[str, Callable[[], Section | None]] = {
        "now": lambda: now_section(look),
        "curves": lambda: curves_section(look),
        "rounds": lambda: rounds_section(look),
        "picks": lambda: _picks(look, picks),
        "labels": lambda: labels_section(look),
        "stages": lambda: stages_section(look),
        "more": lambda: _more(look),
    }
    sections = {name: _section(name, make) for name, make in makers.items()}
    shown = {name: section for name, section in sections.items() if section}
    return framed(root, look.name, about, shown, [("Experiments", "")])


def _section(name: str, make: Callable[[], Section | None]) -> Section | None:
    """Return a section, or one that says why it is not there: the others do not depend on it."""
    try:
        return make()
    except TemporaryError:
        raise
    except AlJobError as error:
        html = render("<p>This cannot be shown: {{ reason }}</p>", reason=str(error))
        return Section(title=name.capitalize(), html=html)


def _more(look: Look) -> Section:
    keys = ExperimentKeys(look.name)
    html = fill(
        "more", has_report=keys.page in look.listing, has_results=keys.results in look.listing
    )
    return Section(title="Report and files", link="Report", html=html)


def _picks(look: Look, picks: Picks) -> Section | None:
    """Return the first picks of the rounds that people label, else of each arm's last round."""
    refs = list(_current(look))[:MAX_ROUNDS]
    if not refs:
        return None
    most = MANY_SHOWN if len(refs) == 1 else NUM_SHOWN
    rounds = []
    for ref in refs:
        found = picks.of_round(look, ref)
        title = f"{in_words(ref)}: {counted(len(found), 'pick')}"
        rounds.append((title, below(ref), pictures(found[:most], ref, "")))
    html = fill("last-picks", rounds=rounds)
    return Section(title="Last picks", link="Picks", html=html)


def _current(look: Look) -> Iterator[RoundRef]:
    if look.annotating:
        yield from (stage.round for stage in look.annotating)
        return
    last: dict[str, RoundRef] = {}
    for arm, ref in look.plan.rounds():
        is_first_seed = ref.seed == look.plan.seeds[0]
        if arm.is_compared and is_first_seed and ref.stage("select").done in look.listing:
            last[arm.name] = ref
    yield from dict.fromkeys(last.values())
