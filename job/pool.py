"""The pool: which of its images are labelled or refused. No image can be labelled twice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from job.errors import BadDataError


def _some(ids: Iterable[str]) -> str:
    """Return the first ids, for a message."""
    ids = sorted(ids)
    return ", ".join(ids[:3]) + (f" and {len(ids) - 3} more" if len(ids) > 3 else "")  # noqa: PLR2004


@dataclass(frozen=True)
class Pool:
    """The images that an experiment may label, and what became of them so far."""

    ids: tuple[str, ...]
    """The ids of all images of the pool, in the order of the store."""

    labelled: frozenset[str] = field(default_factory=frozenset)

    refused: frozenset[str] = field(default_factory=frozenset)
    """Those that people could not label: nobody is asked for them again."""

    @property
    def unlabelled(self) -> list[str]:
        """The ids of the images that may be labelled, in the order of `ids`."""
        over = self.labelled | self.refused
        return [image_id for image_id in self.ids if image_id not in over]

    def label(self, picks: Sequence[str]) -> "Pool":
        """Return the pool with `picks` labelled.

        Raises:
            BadDataError: A pick is labelled or refused already, is picked twice, or is not in the
                pool.
        """
        chosen = frozenset(picks)
        if len(chosen) != len(picks):
            twice = {image_id for image_id in chosen if list(picks).count(image_id) > 1}
            message = f"picked more than once: {_some(twice)}"
            raise BadDataError(message)
        if again := chosen & self.labelled:
            message = f"picked although labelled already: {_some(again)}"
            raise BadDataError(message)
        if refused := chosen & self.refused:
            message = f"picked although refused already: {_some(refused)}"
            raise BadDataError(message)
        if strangers := chosen.difference(self.ids):
            message = f"picked but not in the pool: {_some(strangers)}"
            raise BadDataError(message)
        return replace(self, labelled=self.labelled | chosen)

    def refuse(self, ids: Iterable[str]) -> "Pool":
        """Return the pool with some images refused."""
        return replace(self, refused=self.refused.union(ids))
