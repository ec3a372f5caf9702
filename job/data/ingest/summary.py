"""What ingest tells at its end."""

from dataclasses import dataclass
from typing import Self

from job.data.ingest.scan import SplitCounts, Survey
from job.data.manifest import Manifest
from job.keys import Split

SPLITS: tuple[Split, ...] = ("pool", "test")


@dataclass(frozen=True)
class Summary:
    """What a data set consists of, and what was wrong with its source."""

    title: str
    """What was done."""
    classes: tuple[str, ...]
    counts: dict[Split, SplitCounts]
    problems: tuple[str, ...] = ()
    """What was left out, or would be: one line each, with the file and the reason."""
    oddities: tuple[str, ...] = ()
    """What was taken and may not be meant."""

    @classmethod
    def of_survey(cls, survey: Survey, title: str) -> Self:
        """Of a source that was gone through."""
        oddities = tuple(survey.find_oddities())
        return cls(title, survey.classes, survey.counts, tuple(survey.problems), oddities)

    @classmethod
    def of_manifest(cls, manifest: Manifest, title: str) -> Self:
        """Of a data set that is there."""
        counts = {}
        for split in SPLITS:
            info = manifest.split(split)
            counts[split] = SplitCounts(num_images=info.num_images)
            counts[split].class_counts.update(info.class_counts)
        return cls(title, manifest.classes, counts)

    def lines(self) -> list[str]:
        """The summary for a terminal: the counts as a table, then what is odd, then problems."""
        width = max(len(name) for name in ("without boxes", *self.classes)) + 2
        result = [self.title, "".ljust(width) + "".join(f"{split:>10}" for split in SPLITS)]
        result += [
            name.ljust(width) + "".join(f"{number:>10,}" for number in numbers)
            for name, numbers in self._rows().items()
        ]
        result += [f"note: {oddity}" for oddity in self.oddities]
        if self.problems:
            result.append(f"{len(self.problems)} problems:")
        return result + [f"  {problem}" for problem in self.problems]

    def _rows(self) -> dict[str, list[int]]:
        """The table's rows; those that not every data set has only where there is something."""
        splits = [self.counts[split] for split in SPLITS]
        rare = {
            "without boxes": [counts.num_empty for counts in splits],
            "difficult": [counts.num_difficult for counts in splits],
            "crowd regions": [counts.num_crowd for counts in splits],
            "clipped boxes": [counts.num_clipped for counts in splits],
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
