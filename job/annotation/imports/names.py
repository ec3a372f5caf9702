"""Which image of a round a file means by a name."""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from job.annotation.batch import PickedImage
from job.data.formats.files import is_image

_UPLOADED = re.compile(r"[0-9a-f]{8}-(?=.)")
"""What Label Studio puts before the name of a file that is uploaded."""
_KEY = re.compile(r"(?:.*/)?([^/]+)/(?:test|seed-[0-9]+(?:/[^/]+)?)/round-[0-9]{3,}/(.+)")
"""A key, perhaps with folders before it: the experiment, and after the round the id."""


class ImageNames:
    """The picks of a round by all names that a tool may give them."""

    def __init__(self, images: Sequence[PickedImage], experiment: str) -> None:
        self._experiment = experiment
        self._by_id = {image.id: image for image in images}
        self._by_name = self._by_id | {f"{image.id}{image.suffix}": image for image in images}
        for image in images:  # these mean one image for sure, so they go before ids
            self._by_name |= {image.key: image, image.stem: image, image.file: image}

    def find(self, name: str) -> PickedImage | None:
        """Return the image of a name: its key, its file as it was exported, or its id.

        Folders before the name and its suffix make no difference. The key of another round means
        the same image, and that of another experiment means another one.
        """
        if key := _KEY.fullmatch(name):
            return self._by_id.get(key[2]) if key[1] == self._experiment else None
        return next((self._by_name[each] for each in _forms(name) if each in self._by_name), None)


def _forms(name: str) -> Iterator[str]:
    """Yield a name with ever fewer folders, each as it is and without its suffix."""
    parts = name.replace("\\", "/").split("/")
    for number in range(len(parts)):
        ending = "/".join(parts[number:])
        for form in (ending, _UPLOADED.sub("", ending, count=1)):
            yield form
            if is_image(form):
                yield str(PurePosixPath(form).with_suffix(""))
