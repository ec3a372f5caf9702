"""Pictures have the format of their images' names, as far as there is one."""

import io

import numpy as np
import pytest
from PIL import Image

from job.predict.found import Found
from job.predict.pictures import picture


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.PNG", "PNG"), ("a.webp", "WEBP"), ("a", "JPEG"), ("a.psd", "JPEG"), ("a.xbm", "JPEG")],
)
def test_a_suffix_in_which_no_picture_can_be_written_gets_a_jpeg(name: str, expected: str) -> None:
    """An image's content decides what it is, so its name may say anything."""
    file = io.BytesIO()
    Image.new("RGB", (8, 6)).save(file, "PNG")
    nothing = Found(name, np.empty((0, 4), np.float32), np.empty(0, np.int64), np.empty(0))
    with Image.open(io.BytesIO(picture(file.getvalue(), nothing, ["disc"]))) as written:
        assert (written.format, written.size) == (expected, (8, 6))
