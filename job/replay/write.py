"""A replay as a table for the terminal, and as files."""

import csv
import io
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path

from job.acquisition.registry import make_strategy
from job.artifacts.picks import dump_picks
from job.replay.folder import LIST, replace_files
from job.replay.replay import Picked, Replay
from job.runtime.tables import TextTable
from job.storage.documents import dump_json

SUMMARY = (
    "strategy",
    "picks",
    "boxes_per_image",
    "annotation_seconds",
    "money",
    "redundancy",
    "select_seconds",
)


def tables_of(found: Replay) -> list[TextTable]:
    """Return what is compared, as tables for the terminal."""
    kind = "true" if found.by_oracle else "expected"
    figures = (f"{kind} boxes/image", f"{kind} hours", f"{kind} money", "redundancy", "select s")
    title = f"{found.ref.stage('select')}: picks of {found.budget} images"
    summary = TextTable(title, ("strategy", *figures), names={"strategy"})
    for name, picked in found.picked.items():
        summary.rows.append(
            (
                name,
                f"{picked.boxes_per_image:.2f}",
                f"{picked.annotation_seconds / 3600:.2f}",
                f"{picked.money:.2f}",
                "" if picked.redundancy is None else f"{picked.redundancy:.3f}",
                f"{picked.select_seconds:.2f}",
            )
        )
    summary.rows.append(("unlabelled", f"{found.pool_boxes_per_image:.2f}"))
    return [summary, _overlap_table(found), _class_table(found, kind)]


def remarks_of(found: Replay) -> list[str]:
    """Return what strategies cannot do with the data set's number of classes."""
    num_classes = len(found.pool_class_shares)
    told = {
        name: make_strategy(picked.arm).cannot_rank(num_classes)
        for name, picked in found.picked.items()
    }
    return [f"{name} cannot tell images apart: {why}" for name, why in told.items() if why]


def _overlap_table(found: Replay) -> TextTable:
    table = TextTable("overlap of picks (Jaccard)", ("", *found.picked), names={""})
    table.rows += [
        (first, *(f"{_overlap(found, first, other):.2f}" for other in found.picked))
        for first in found.picked
    ]
    return table


def _class_table(found: Replay, kind: str) -> TextTable:
    """A row for each class: there may be hundreds."""
    shares = {name: picked.class_shares for name, picked in found.picked.items()}
    shares["unlabelled"] = found.pool_class_shares
    title = f"classes of the {kind} boxes, in percent"
    table = TextTable(title, ("", *shares), names={""})
    table.rows += [
        (name, *(f"{100 * of[name]:.1f}" for of in shares.values()))
        for name in found.pool_class_shares
    ]
    return table


def _overlap(found: Replay, first: str, second: str) -> float:
    if first == second:
        return 1.0
    pair = (first, second) if (first, second) in found.overlap else (second, first)
    return found.overlap[pair]


def write(found: Replay, sheets: Mapping[str, bytes], folder: Path) -> None:
    """Write all files of a replay into a folder, or none. An earlier replay is replaced."""
    replace_files(folder, dict(_files(found, sheets)))


def _files(found: Replay, sheets: Mapping[str, bytes]) -> Iterable[tuple[str, bytes]]:
    files = dict(_tables(found, sheets))
    yield from files.items()
    yield LIST, _json(found, [*files, LIST])


def _tables(found: Replay, sheets: Mapping[str, bytes]) -> Iterable[tuple[str, bytes]]:
    rows = [_row(name, picked) for name, picked in found.picked.items()]
    yield "summary.csv", _csv(SUMMARY, [[row[key] for key in SUMMARY] for row in rows])
    names = list(found.picked)
    overlap = [[a, *(round(_overlap(found, a, b), 6) for b in names)] for a in names]
    yield "overlap.csv", _csv(("strategy", *names), overlap)
    shares = {name: picked.class_shares for name, picked in found.picked.items()}
    shares["unlabelled"] = found.pool_class_shares
    classes = [[name, *(round(each, 6) for each in of.values())] for name, of in shares.items()]
    yield "classes.csv", _csv(("strategy", *found.pool_class_shares), classes)
    for name, picked in found.picked.items():
        yield f"picks/{name}.csv", dump_picks(picked.selection.picks)
    for name, sheet in sheets.items():
        yield f"sheets/{name}.jpg", sheet


def _row(name: str, picked: Picked) -> dict[str, object]:
    return {
        "strategy": name,
        "picks": len(picked.selection.ids),
        "boxes_per_image": round(picked.boxes_per_image, 4),
        "annotation_seconds": round(picked.annotation_seconds, 3),
        "money": round(picked.money, 4),
        "redundancy": None if picked.redundancy is None else round(picked.redundancy, 6),
        "select_seconds": round(picked.select_seconds, 3),
    }


def _json(found: Replay, files: list[str]) -> bytes:
    rows = [_row(name, picked) for name, picked in found.picked.items()]
    content = {
        "files": files,
        "experiment": found.ref.experiment,
        "seed": found.ref.seed,
        "arm": found.ref.arm,
        "round": found.ref.index,
        "budget": found.budget,
        "boxes_are": "true, by the oracle" if found.by_oracle else "what the detector expects",
        "version": version("al-voc"),
        "unlabelled": {
            "boxes_per_image": found.pool_boxes_per_image,
            "class_shares": found.pool_class_shares,
        },
        "strategies": {
            str(row["strategy"]): {
                **row,
                "settings": picked.arm.model_dump(mode="json"),
                "class_shares": picked.class_shares,
                "ids": picked.selection.ids,
            }
            for row, picked in zip(rows, found.picked.values(), strict=True)
        },
        "overlap": [
            {"strategies": pair, "jaccard": value} for pair, value in found.overlap.items()
        ],
    }
    return dump_json(content)


def _csv(header: Iterable[object], rows: Iterable[Iterable[object]]) -> bytes:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return file.getvalue().encode()
