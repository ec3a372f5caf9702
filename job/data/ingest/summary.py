"""The summary that ingest prints at its end."""

from dataclasses import dataclass
from typing import Self

from job.data.ingest.scan import SourceScan, SplitCounts
from job.data.manifest import DatasetManifest
from job.keys import Split

SPLITS: tuple[Split, ...] = ("pool", "test")


@dataclass(frozen=True)
class IngestSummary:
    """What a data set consists of, and what was wrong with its source."""

    title: str
    """What was done."""
    classes: tuple[str, ...]
    counts: dict[Split, SplitCounts]
    problems: tuple[str, ...] = ()
    """What was left out, or would be. Each is one line: the file and the reason."""
    warnings: tuple[str, ...] = ()
    """What was accepted and may be a mistake."""
    is_accepted: bool = True
    """Whether the data set is written; of a dry run, whether it would be."""

    @classmethod
    def of_scan(cls, scan: SourceScan, title: str) -> Self:
        """Return the summary of a source, after a scan of both splits."""
        warnings = tuple(scan.warnings())
        return cls(title, scan.classes, scan.counts, tuple(scan.problems), warnings)

    @classmethod
    def of_manifest(cls, manifest: DatasetManifest, title: str) -> Self:
        """Return the summary of a data set that is in the store."""
        counts = {}
        for split in SPLITS:
            info = manifest.split(split)
            counts[split] = SplitCounts(num_images=info.num_images)
            counts[split].class_counts.update(info.class_counts)
        return cls(title, manifest.classes, counts)

    def lines(self) -> list[str]:
        """Return the summary's lines: the counts as a table, then warnings, then problems."""
        width = max(len(name) for name in ("without boxes", *self.classes)) + 2
        result = [self.title, "".ljust(width) + "".join(f"{split:>10}" for split in SPLITS)]
        result += [
            name.ljust(width) + "".join(f"{number:>10,}" for number in numbers)
            for name, numbers in self._rows().items()
        ]
        result += [f"note: {warning}" for warning in self.warnings]
        if self.problems:
            result.append(f"{len(self.problems)} problems:")
        return result + [f"  {problem}" for problem in self.problems]

    def _rows(self) -> dict[str, list[int]]:
        """Return the table's rows. Rows that few data sets need are left out if they are 0."""
        splits = [self.counts[split] for split in SPLITS]
        rare = {
            "without boxes": [counts.num_empty for counts in splits],
            "difficult": [counts.num_difficult for counts in splits],
            "crowd regions": [counts.num_crowd for counts in splits],
            "clipped boxes": [counts.num_clipped for counts in splits],
            "groups": [len(counts.groups) for counts in splits],
        }
        return {
            "images": [counts.num_images for counts in splits],
            "boxes": [counts.num_boxes for counts in splits],
            **{
                f"  {name}": [counts.class_counts[name] for counts in splits]
                for name in self.classes
            },
            **{name: numbers for name, numbers in rare.items() if any(numbers)},
        }
