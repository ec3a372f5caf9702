"""Which images a data set has so far, by their ids and bytes: those of earlier versions, too."""

from array import array
from typing import Literal, get_args

from job.data.dataset import Dataset
from job.data.formats.packed_rows import IndexedRows
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
    """Ids and digests of images, never the images: about 90 bytes an image."""

    def __init__(self) -> None:
        self._ids, self._digests = IndexedRows(), IndexedRows()
        """Of each image its id, and the SHA-256 of its bytes."""
        self._places = array("B")
        """Of each image the number of its place in `PLACES`."""
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
        given = set(dataset.given_ids())
        pool = zip(dataset.ids("pool"), dataset.digests("pool"), strict=True)
        seen._came_along = frozenset(digest for image_id, digest in pool if image_id in given)
        return seen

    def _add_split(self, dataset: Dataset, split: Split, place: Place) -> None:
        for image_id, digest in zip(dataset.ids(split), dataset.digests(split), strict=True):
            self.add(place, image_id, digest)

    def add(self, place: Place, image_id: str, digest: bytes) -> bool:
        """Add an image, and return whether its bytes are new to the place."""
        is_new = place not in self._with_digest(digest)
        self._ids.append(image_id.encode())
        self._digests.append(digest)
        self._places.append(PLACES.index(place))
        return is_new

    def _with_id(self, image_id: str) -> dict[Place, int]:
        """Return where an id is already, each place with the number of the image."""
        return self._first_of_places(self._ids.find(image_id.encode()))

    def _with_digest(self, digest: bytes) -> dict[Place, int]:
        """Return where there are the same bytes, each place with the number of its first image."""
        return self._first_of_places(self._digests.find(digest))

    def _first_of_places(self, numbers: list[int]) -> dict[Place, int]:
        return {PLACES[self._places[number]]: number for number in reversed(numbers)}

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
        earlier = self._with_id(image_id).get("earlier")
        if (
            earlier is not None
            and self._digests[earlier] == digest
            and (part == "pool" or image_id in self._have_labels)
        ):
            return SAME_EARLIER
        if part != "pool":
            return ""
        same_bytes = self._with_digest(digest)
        if digest in self._came_along:
            return SAME_EARLIER
        if "labelled" in same_bytes:
            return SAME_LABELLED
        return SAME_TEST if may_be_test and "test" in same_bytes else ""

    def problem(self, part: Part, image_id: str, digest: bytes) -> str:
        """Return what is wrong about an image that is not new; empty if it may be added."""
        same_id, same_bytes = self._with_id(image_id), self._with_digest(digest)
        for place in PLACES:
            where, advice = _told(place, part), _advice(place, part)
            if place in same_id:
                is_same = self._digests[same_id[place]] == digest
                if place == "test" != part and is_same:
                    return (
                        f"the image {image_id!r} is in the test set, too: leave it out of one of "
                        "them"
                    )
                return f"the id {image_id!r} is in {where} already{advice}"
            # Within a part, copies are accepted and noted.
            if place != part and place in same_bytes:
                other = self._ids[same_bytes[place]].decode()
                return f"the same bytes as {other!r} of {where}{advice}"
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
