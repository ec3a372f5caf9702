"""The page of a round: its stages and all of its picks. The page of a pick."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from job.artifacts.outcome import AnnotatorOutcome
from job.keys import RoundRef
from job.progress import RoundStatus
from job.report.markup import render
from job.report.sections.base import Section
from job.report.wording import counted
from job.serve.looks import Look
from job.serve.pages.frame import address_of, fill, framed, title_of
from job.serve.pages.now import people_at_work
from job.serve.pages.pictures import STATES, boxes_in_words, picture, pictures
from job.serve.picks import Picks, ShownPick
from job.serve.web import Response

PER_PAGE = 24
_NUMBER = re.compile("[0-9]{1,9}")


def round_page(
    root: str, look: Look, ref: RoundRef, picks: Picks, query: Mapping[str, str]
) -> Response:
    """Return the page of a round; `query` may have the kind of picks and their page."""
    sections = {"stages": _stages(look, ref)}
    if ref.stage("select").done in look.listing:
        sections["picks"] = _picks(look, ref, picks, query)
    arm = look.plan.arm_of(ref)
    about = f"Selected by {arm.strategy_name}."
    return framed(root, title_of(ref), about, sections, trail_of(look))


def trail_of(look: Look) -> list[tuple[str, str]]:
    """Return the pages above a round."""
    return [("Experiments", ""), (look.name, address_of(look.name))]


def _stages(look: Look, ref: RoundRef) -> Section:
    stage = ref.stage("annotate")
    people = {stage: look.annotating[stage]} if stage in look.annotating else {}
    marker = look.reader.markers.get(ref.stage("select"))
    status = _status(look, ref)
    rows, reasons = [], []
    for each in status.planned if status else ():
        told = status.stages.get(each) if status else None
        seconds = f"{told.seconds:.1f}" if told and told.seconds is not None else ""
        rows.append((each, told.state if told else "", seconds))
        is_told_above = each == "annotate" and bool(people)
        if told and told.reason and not is_told_above:
            reasons.append(f"{each}: {told.reason}")
    html = fill(
        "stages",
        people=people_at_work(people),
        cautions=marker.cautions if marker else (),
        rows=rows,
        reasons=reasons,
    )
    return Section(title="Stages", html=html)


def _status(look: Look, ref: RoundRef) -> RoundStatus | None:
    for each in look.status.rounds:
        if (each.seed, each.round) == (ref.seed, ref.index) and ref.arm in {None, each.arm}:
            return each
    return None


def _picks(look: Look, ref: RoundRef, picks: Picks, query: Mapping[str, str]) -> Section:
    found = picks.of_round(look, ref)
    kinds = _kinds(found)
    kind = query.get("show", "all")
    chosen = kinds.get(kind, found)
    number = int(query["page"]) if _NUMBER.fullmatch(query.get("page", "")) else 1
    num_pages = max(-(-len(chosen) // PER_PAGE), 1)
    number = min(max(number, 1), num_pages)
    pager = {
        "kinds": [
            (name, len(of), _address(name, 1), name == kind) for name, of in kinds.items() if of
        ],
        "pages": [(each, _address(kind, each), each == number) for each in range(1, num_pages + 1)],
        "num_pages": num_pages,
    }
    shown = chosen[(number - 1) * PER_PAGE : number * PER_PAGE]
    experiment = "../" * (3 if ref.arm else 2)
    html = render(
        "{{ above }}{{ shown }}{{ below }}",
        above=fill("pager", label="Picks", **pager),
        shown=pictures(shown, ref, experiment),
        below=fill("pager", label="Picks, again", **pager | {"kinds": []}),
    )
    return Section(title=counted(len(found), "pick"), link="Picks", html=html)


def _address(kind: str, number: int) -> str:
    chosen = {"show": kind} if kind != "all" else {}
    return f"./?{urlencode(chosen | {'page': number})}#picks"


def _kinds(found: Sequence[ShownPick]) -> dict[str, Sequence[ShownPick]]:
    """Return the picks by what became of them."""
    states = {name: [each for each in found if each.state == name] for name in STATES}
    states.pop("waiting")
    return {
        "all": found,
        "attention": [each for each in found if each.attention],
        **{name: of for name, of in states.items() if len(of) < len(found)},
    }


def pick_page(root: str, look: Look, ref: RoundRef, picks: Picks, rank: int) -> Response | None:
    """Return the page of a pick; None if the round has no such pick."""
    found = picks.of_round(look, ref)
    if rank >= len(found):
        return None
    each = found[rank]
    html = fill(
        "pick",
        before=rank - 1 if rank else None,
        after=rank + 1 if rank + 1 < len(found) else None,
        shown=picture(each, "", ref),
        facts=_facts(each),
        link=each.attention.link if each.attention else "",
    )
    section = Section(title=each.image.id, html=html)
    trail = [*trail_of(look), (title_of(ref), ref.prefix)]
    return framed(
        root, f"Pick {rank + 1} of {len(found)}", each.image.reason, {"pick": section}, trail
    )


def _facts(each: ShownPick) -> list[tuple[str, object]]:
    """Return what is known of a pick, by name."""
    width, height = each.image.size_wh
    facts: list[tuple[str, object]] = [
        ("boxes", boxes_in_words(each)),
        ("score", "" if each.image.score is None else f"{each.image.score:.6g}"),
        ("size", f"{width} x {height} pixels"),
        ("state", each.state),
    ]
    if each.attention:
        facts.append(("needs attention", each.attention.reason))
    if each.outcome:
        facts += [(f"by {who.by or 'somebody'}", _did(who)) for who in each.outcome.annotators]
        if each.outcome.agreement is not None:
            facts.append(("agreement", f"{each.outcome.agreement:.2f}"))
        if each.outcome.problem:
            facts.append(("its answer", each.outcome.problem))
    return facts


def _did(who: AnnotatorOutcome) -> str:
    """Say what an annotator did with an image."""
    what = "refused" if who.is_refused else counted(who.boxes, "box", "boxes")
    time = "time not measured" if who.seconds is None else f"{who.seconds:.0f} s"
    edits = ""
    if who.edits:
        each = who.edits
        edits = f"; of proposals {each.kept} kept, {each.moved} moved, {each.removed} removed"
        edits += f"; {each.added} added"
    return f"{what}, {time}{edits}"
