"""What an ingest is asked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from job.data.formats.base import Sample, Source
from job.data.ingest.groups import GroupRule
from job.data.ingest.seen import Part
from job.errors import UsageError
from job.keys import Split


@dataclass(frozen=True)
class IngestRequest:
    """Which sources become a data set, or are added to one, and how."""

    source: Source
    labelled: Source | None = None
    """Where images of the pool come from whose labels come along."""
    groups: GroupRule | None = None
    """Puts images into groups; None: the sources' own groups, if they have any."""
    is_labelled: bool = False
    """Whether the labels of the source come along, so that its pool is the part `labelled`."""
    skip_bad: bool = False
    """Leave bad images and boxes out and list them. Otherwise the first one is raised."""

    def __post_init__(self) -> None:
        """Refuse labelled images that come with a test set.

        Raises:
            UsageError: They do.
        """
        if self.labelled:
            refuse_test_set("--labelled", self.labelled)
        if self.labelled and not self.labelled.annotates_pool:
            message = f"--labelled: the format {self.labelled.kind!r} has no annotations"
            raise UsageError(message)

    def check_classes(self) -> None:
        """Refuse images without annotations if nothing says which classes there are.

        Raises:
            UsageError: Nothing does.
        """
        source = self.source
        if not (source.annotates_pool or source.has_test or self.labelled or source.classes):
            message = "--classes: name the classes, such as car,bus, since nothing is labelled"
            raise UsageError(message)

    def identity(self) -> dict[str, Any]:
        """Return what tells this request from others: the content of its sources, and the rules."""
        identity: dict[str, Any] = {**self.source.identity(), "skip_bad": self.skip_bad}
        if self.labelled:
            own = self.labelled.identity()
            identity |= {f"labelled_{key}": value for key, value in own.items()}
            identity["labelled"] = self.labelled.kind
        return identity | (self.groups.identity() if self.groups else {})

    def source_of(self, part: Part) -> Source | None:
        """Return the source that a part comes from; None if the request has none."""
        if part == "labelled":
            return self.source if self.is_labelled else self.labelled
        return None if part == "pool" and self.is_labelled else self.source

    def samples(self, part: Part) -> Iterator[Sample]:
        """Yield the samples of a part, each with its group."""
        source = self.source_of(part)
        samples = source.samples(split_of(part)) if source else iter(())
        return samples if self.groups is None else map(self.groups.grouped, samples)

    def num_images(self, part: Part) -> int:
        """Return the number of samples of a part."""
        source = self.source_of(part)
        return source.num_images(split_of(part)) if source else 0

    def is_remote(self, part: Part) -> bool:
        """Return whether the images of a part come over a network."""
        source = self.source_of(part)
        return source is not None and source.is_remote

    @property
    def has_groups(self) -> bool:
        """Whether images may be in groups."""
        sources = [self.source, *([self.labelled] if self.labelled else [])]
        return self.groups is not None or any(source.has_groups for source in sources)

    def is_annotated(self, part: Part) -> bool:
        """Return whether the images of a part come with annotations."""
        return part != "pool" or self.source.annotates_pool

    def classes_of(self, part: Part) -> tuple[str, ...] | None:
        """Return the classes that boxes of a part may have; None: any."""
        if self.source.classes is not None:
            return self.source.classes
        source = self.source_of(part)
        return source.classes if source else None

    @property
    def whose_classes(self) -> str:
        """Whose the classes are that boxes may have, for messages."""
        is_option = getattr(self.source, "class_names", None) is not None
        return "--classes" if is_option else "the source's"

    @property
    def declared_classes(self) -> tuple[str, ...]:
        """The classes that a source lists, in its order; none if no source lists any."""
        return self.classes_of("labelled") or self.source.classes or ()


def split_of(part: Part) -> Split:
    """Return the split that a part belongs to, in its source as in the data set."""
    return "test" if part == "test" else "pool"


def refuse_test_set(where: str, source: Source) -> None:
    """Raise if a source has a test set, though its images belong to the pool.

    Raises:
        UsageError: It has one.
    """
    if source.has_test and source.num_images("test"):
        option = type(source).model_fields.get("test")
        how = "--test none leaves it out" if option and option.default else "leave it out"
        message = (
            f"{where}: its images belong to the pool, but it has a test set, too: {how}. A data "
            "set gets its test set when it is first ingested, and keeps it"
        )
        raise UsageError(message)
