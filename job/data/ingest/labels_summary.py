"""The summary that `al-job ingest labels` prints at its end."""

from dataclasses import dataclass, field


@dataclass
class LabelsSummary:
    """What the labels of a source change in a data set, and what was wrong with them."""

    title: str = ""
    """What was done."""
    num_added: int = 0
    num_corrected: int = 0
    num_same: int = 0
    """Labels that the data set has already."""
    num_boxes: int = 0
    """Boxes of the labels that were added or corrected, without crowd regions."""
    notes: dict[str, list[str]] = field(default_factory=dict)
    """What was accepted and may be a mistake, with the ids of the images that it holds for."""
    problems: list[str] = field(default_factory=list)
    """What was left out, or would be. Each is one line: the file and the reason."""
    is_accepted: bool = True
    """Whether the labels are written; of a dry run, whether they would be."""

    def note(self, what: str, image_id: str) -> None:
        """Note something of an image."""
        self.notes.setdefault(what, []).append(image_id)

    def lines(self) -> list[str]:
        """Return the summary's lines: the counts, then notes, then problems."""
        rows = {
            "added": self.num_added,
            "corrected": self.num_corrected,
            "as they were": self.num_same,
            "boxes": self.num_boxes,
        }
        result = [self.title, *(f"{name:<14}{number:>8,}" for name, number in rows.items())]
        result += [
            f"note: {len(ids)} images {what}, such as {ids[0]!r}"
            for what, ids in sorted(self.notes.items())
        ]
        if self.problems:
            result.append(f"{len(self.problems)} problems:")
        return result + [f"  {problem}" for problem in self.problems]
