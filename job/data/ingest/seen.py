"""Which images a data set has so far, by their ids and bytes: those of earlier versions, too."""

from typing import Literal, get_args

from job.data.dataset import Dataset
from job.keys import Split

Part = Literal["test", "labelled", "pool"]
"""A part of what is ingested, in this order. `labelled` are images of the pool whose labels come
along. The test set comes first: an image that is in both splits is bad in the pool, so that a test
set that others report on stays whole."""

PARTS: tuple[Part, ...] = get_args(Part)

Place = Literal["test", "earlier", "labelled", "pool"]
"""Where an image is already; `earlier` is the pool of the data set that is added to."""

PLACES: tuple[Place, ...] = get_args(Place)

SAME_LABELLED = "are among the labelled ones, byte for byte, and were taken once"
SAME_EARLIER = "are in the data set already, and stay as they are"
SAME_TEST = "are test images, byte for byte, and were left out"


class SeenImages:
    """Ids and digests of images, never the images."""

    def __init__(self) -> None:
        self._digests: dict[Place, dict[str, bytes]] = {place: {} for place in PLACES}
        self._ids: dict[Place, dict[bytes, str]] = {place: {} for place in PLACES}
        """For each SHA-256 of an image, the first id that it came with."""
        self._have_labels: frozenset[str] = frozenset()
        """Ids of the data set that is added to whose labels came along, or later."""
        self._came_along: frozenset[bytes] = frozenset()
        """SHA-256 of its images whose labels came along."""

    @classmethod
    def of_dataset(cls, dataset: Dataset) -> "SeenImages":
        """Return the images of a data set that others are added to."""
        seen = cls()
        seen._add_split(dataset, "test", "test")
        seen._add_split(dataset, "pool", "earlier")
        seen._have_labels = frozenset(dataset.known_labels(dataset.ids("pool")))
        seen._came_along = frozenset(seen._digests["earlier"][i] for i in dataset.given_ids())
        return seen

    def _add_split(self, dataset: Dataset, split: Split, place: Place) -> None:
        for image_id, digest in zip(dataset.ids(split), dataset.digests(split), strict=True):
            self.add(place, image_id, digest)

    def add(self, place: Place, image_id: str, digest: bytes) -> bool:
        """Add an image, and return whether its bytes are new to the place."""
        self._digests[place][image_id] = digest
        return self._ids[place].setdefault(digest, image_id) == image_id

    def reason_to_leave_out(
        self, part: Part, image_id: str, digest: bytes, *, may_be_test: bool
    ) -> str:
        """Return why an image is one that there is already; empty if it is not.

        Args:
            part: The part that it comes in.
            image_id: Its id.
            digest: SHA-256 of its bytes.
            may_be_test: Whether the pool is taken from a folder of all images, where those of the
                test set are to be expected.
        """
        if self._digests["earlier"].get(image_id) == digest and (
            part == "pool" or image_id in self._have_labels
        ):
            return SAME_EARLIER
        if part == "pool" and digest in self._came_along:
            return SAME_EARLIER
        if part == "pool" and digest in self._ids["labelled"]:
            return SAME_LABELLED
        if part == "pool" and may_be_test and digest in self._ids["test"]:
            return SAME_TEST
        return ""

    def problem(self, part: Part, image_id: str, digest: bytes) -> str:
        """Return what is wrong about an image that is not new; empty if it may be added."""
        for place in PLACES:
            where, advice = _told(place, part), _advice(place, part)
            if place == "test" != part and self._digests[place].get(image_id) == digest:
                return (
                    f"the image {image_id!r} is in the test set, too: leave it out of one of them"
                )
            if image_id in self._digests[place]:
                return f"the id {image_id!r} is in {where} already{advice}"
            # Within a part, copies are accepted and noted.
            if place != part and digest in self._ids[place]:
                return f"the same bytes as {self._ids[place][digest]!r} of {where}{advice}"
        return ""


def _told(place: Place, part: Part) -> str:
    if place == "labelled" != part:
        return "the labelled images"
    if place == "earlier":
        return "the data set's pool"
    return "test" if place == "test" else "pool"


def _advice(place: Place, part: Part) -> str:
    """Return what to do about an image that is in a place already, if there is something."""
    if place == "labelled" != part:
        return ", with other bytes: if a tool wrote it anew, take it out of the pool"
    is_labelled_later = place == "earlier" and part == "labelled"
    return "; `al-job ingest labels` adds labels to it" if is_labelled_later else ""
