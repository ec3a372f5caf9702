"""Names of Pascal VOC's lists of images."""

from dataclasses import dataclass

from job.errors import UsageError


@dataclass(frozen=True)
class SplitName:
    """The name of one list of images: `train`, or `2012/train` in a devkit with years."""

    year: str | None
    name: str


def parse_splits(text: str) -> tuple[SplitName, ...]:
    """Return the lists of images that a text names: `train`, `2012/train`, or several with `+`.

    Raises:
        UsageError: The text does not have that form.
    """
    splits = []
    for part in text.split("+"):
        year, slash, name = part.strip().rpartition("/")
        if not name or (slash and not (year.isascii() and year.isdigit())):
            message = f"split {text!r}: expected NAME or YEAR/NAME, several joined by '+'"
            raise UsageError(message)
        splits.append(SplitName(year or None, name))
    return tuple(splits)
