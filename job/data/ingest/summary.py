"""The summary that ingest prints at its end."""

from dataclasses import dataclass
from typing import Self

from job.data.ingest.counts import PartCounts
from job.data.ingest.scan import SourceScan
from job.data.ingest.seen import Part
from job.data.manifest import DatasetManifest, LabelsInfo
from job.keys import Split
from job.runtime.tables import plain

COLUMNS: tuple[Part, ...] = ("labelled", "pool", "test")
SPLITS: tuple[Split, ...] = ("pool", "test")


@dataclass(frozen=True)
class IngestSummary:
    """What a data set consists of, and what was wrong with its source."""

    title: str
    """What was done."""
    classes: tuple[str, ...]
    counts: dict[Part, PartCounts]
    """Of each part that there can be images of."""
    problems: tuple[str, ...] = ()
    """What was left out, or would be. Each is one line: the file and the reason."""
    warnings: tuple[str, ...] = ()
    """What was accepted and may be a mistake."""
    is_accepted: bool = True
    """Whether the data set is written; of a dry run, whether it would be."""

    @classmethod
    def of_scan(cls, scan: SourceScan, title: str) -> Self:
        """Return the summary of what a scan found, after all parts."""
        warnings = tuple(scan.warnings())
        counts = {part: scan.counts[part] for part in scan.parts}
        return cls(title, scan.classes, counts, tuple(scan.problems), warnings)

    @classmethod
    def of_manifest(cls, manifest: DatasetManifest, title: str) -> Self:
        """Return the summary of a version of a data set that is in the store."""
        counts: dict[Part, PartCounts] = {}
        for split in SPLITS:
            info = manifest.split(split)
            counts[split] = PartCounts(num_images=info.num_images)
            counts[split].class_counts.update(info.class_counts)
        notes = () if manifest.labels is None else (_told(manifest.labels),)
        return cls(title, manifest.classes, counts, warnings=notes)

    def lines(self) -> list[str]:
        """Return the summary's lines: the counts as a table, then warnings, then problems."""
        width = max(len(name) for name in ("without boxes", *self.classes)) + 2
        result = [self.title, "".ljust(width) + "".join(f"{part:>10}" for part in self._columns)]
        result += [
            name.ljust(width) + "".join(f"{number:>10,}" for number in numbers)
            for name, numbers in self._rows().items()
        ]
        is_whole = "test" in self.counts  # and not what is added to a data set
        if is_whole and not any(counts.num_boxes for counts in self.counts.values()):
            result.append(f"note: classes to be labelled: {', '.join(map(repr, self.classes))}")
        result += [f"note: {warning}" for warning in self.warnings]
        if self.problems:
            result.append(f"{len(self.problems)} problems:")
        return result + [f"  {plain(problem)}" for problem in self.problems]

    @property
    def _columns(self) -> list[Part]:
        """The parts that the table shows."""
        return [part for part in COLUMNS if part in self.counts]

    def _rows(self) -> dict[str, list[int]]:
        """Return the table's rows. Rows that few data sets need are left out if they are 0."""
        parts = [self.counts[part] for part in self._columns]
        rare = {
            "without boxes": [counts.num_empty for counts in parts],
            "difficult": [counts.num_difficult for counts in parts],
            "crowd regions": [counts.num_crowd for counts in parts],
            "clipped boxes": [counts.num_clipped for counts in parts],
            "groups": [len(counts.groups) for counts in parts],
        }
        classes = {
            f"  {name}": [counts.class_counts[name] for counts in parts] for name in self.classes
        }
        return {
            "images": [counts.num_images for counts in parts],
            "boxes": [counts.num_boxes for counts in parts],
            **(classes if any(counts.num_boxes for counts in parts) else {}),
            **{name: numbers for name, numbers in rare.items() if any(numbers)},
        }


def _told(labels: LabelsInfo) -> str:
    """Return what a data set has of labels that did not come from the oracle."""
    kinds = {
        "came along": labels.num_given,
        "added later": labels.num_added,
        "corrected": labels.num_corrected,
    }
    told = ", ".join(f"{number} {what}" for what, number in kinds.items() if number)
    return f"labels: {told}; {labels.num_boxes:,} boxes"
