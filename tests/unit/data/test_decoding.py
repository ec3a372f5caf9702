"""The one rule of decoding."""

import struct
import zlib
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from job.data.decoding import decode_at_least, decode_rgb, exif_orientation
from job.errors import BadDataError

RED, BLUE = (255, 0, 0), (0, 0, 255)
UPPER = 0x40
TOLERANCE = 6


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def left_red_right_blue() -> Image.Image:
    """16 x 8 pixels: blocks of JPEG's size, so that colours stay clean."""
    image = Image.new("RGB", (16, 8), RED)
    image.paste(BLUE, (8, 0, 16, 8))
    return image


def is_near(pixel: object, expected: tuple[int, int, int]) -> bool:
    assert isinstance(pixel, tuple)
    return bool(np.abs(np.subtract(pixel, expected)).max() <= TOLERANCE)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP"])
def test_formats_that_cameras_and_tools_write_are_read(kind: str) -> None:
    """JPEG, PNG, WebP and BMP become RGB of the same size."""
    options = {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
    options |= {"lossless": True} if kind == "WEBP" else {}
    decoded = decode_rgb(saved(left_red_right_blue(), kind, **options))
    assert (decoded.mode, decoded.size) == ("RGB", (16, 8))
    assert is_near(decoded.getpixel((2, 4)), RED)
    assert is_near(decoded.getpixel((13, 4)), BLUE)


@pytest.mark.parametrize(
    ("orientation", "size", "red_at"),
    [
        (1, (16, 8), (2, 4)),
        (2, (16, 8), (13, 4)),  # mirrored
        (3, (16, 8), (13, 4)),  # upside down
        (6, (8, 16), (4, 2)),  # turned clockwise: left becomes top
        (8, (8, 16), (4, 13)),  # turned counterclockwise: left becomes bottom
    ],
)
def test_orientation_of_exif_is_applied(
    orientation: int, size: tuple[int, int], red_at: tuple[int, int]
) -> None:
    """Pixels come out as a viewer shows them, and so does the size."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(left_red_right_blue(), "JPEG", exif=exif, quality=100, subsampling=0)
    decoded = decode_rgb(data)
    assert decoded.size == size
    assert is_near(decoded.getpixel(red_at), RED)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_broken_exif_does_no_harm() -> None:
    """An EXIF block that nobody can read leaves the pixels as they are."""
    data = saved(left_red_right_blue(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x05abc")
    assert decode_rgb(data).size == (16, 8)


def test_gray_becomes_equal_channels() -> None:
    """A gray JPEG keeps its brightness in all three channels."""
    assert is_near(
        decode_rgb(saved(Image.new("L", (8, 8), 90), "JPEG")).getpixel((4, 4)), (90,) * 3
    )


def test_cmyk_is_converted() -> None:
    """Full magenta and yellow without cyan and black is red."""
    cmyk = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    assert is_near(decode_rgb(saved(cmyk, "JPEG", quality=100)).getpixel((4, 4)), RED)


def test_palette_is_looked_up() -> None:
    """A palette PNG shows its colours, not its indices."""
    palette = left_red_right_blue().convert("P")
    assert decode_rgb(saved(palette, "PNG")).getpixel((13, 4)) == BLUE


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_pixels_show_white(mode: str) -> None:
    """What lies hidden under full transparency never comes to light."""
    image = Image.new("RGBA", (2, 1), (0, 0, 0, 255))
    image.putpixel((1, 0), (0, 0, 0, 0))
    decoded = decode_rgb(saved(image.convert(mode), "PNG"))
    assert [decoded.getpixel((x, 0)) for x in (0, 1)] == [(0, 0, 0), (255, 255, 255)]


def test_transparent_entry_of_a_palette_shows_white() -> None:
    """A palette's transparent colour is transparency like any other."""
    image = left_red_right_blue().convert("P", palette=Image.Palette.ADAPTIVE)
    index = image.getpixel((2, 4))
    decoded = decode_rgb(saved(image, "PNG", transparency=index))
    assert [decoded.getpixel((x, 4)) for x in (2, 13)] == [(255, 255, 255), BLUE]


def test_16_bit_gray_keeps_its_upper_bits() -> None:
    """0x40ff of 0xffff is 0x40 of 0xff, and not clipped to white."""
    image = Image.fromarray(np.full((4, 4), (UPPER << 8) + 0xFF, np.uint16))
    assert decode_rgb(saved(image, "PNG")).getpixel((1, 1)) == (UPPER,) * 3


def test_16_bit_colour_keeps_its_upper_bits() -> None:
    """A PNG of 48 bits a pixel, put together by hand, becomes one of 24."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        checksum = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0)
    pixel = zlib.compress(b"\0" + struct.pack(">HHH", 0x8011, 0x4022, 0x2033))
    data = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")
    )
    assert decode_rgb(data).getpixel((0, 0)) == (0x80, 0x40, 0x20)


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_truncated_file_is_refused(suffix: str, encoded: Callable[..., bytes]) -> None:
    """A file that ends before its last row is not an image, although its header is that of one."""
    data = encoded(0, suffix=suffix)
    with pytest.raises(BadDataError, match=r"cannot be decoded: .*runcated"):
        decode_rgb(data[: len(data) // 2])


@pytest.mark.parametrize("data", [b"", b"<html>not found</html>"])
def test_other_bytes_are_no_image(data: bytes) -> None:
    """An empty file and a web page say what was expected."""
    with pytest.raises(BadDataError, match=r"not an image: .* JPEG, PNG"):
        decode_rgb(data)
    with pytest.raises(BadDataError, match=r"^some id: not an image"):
        decode_rgb(data, "some id")


def test_huge_image_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """An image that would fill the memory is refused by its header."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(BadDataError, match=r"cannot be decoded: .*exceeds limit"):
        decode_rgb(saved(Image.new("RGB", (8, 8)), "PNG"))


@pytest.mark.parametrize("orientation", [0, 9])
def test_an_orientation_that_exif_does_not_know_is_upright(orientation: int) -> None:
    """No viewer turns such an image, so nobody is told that it is turned."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(left_red_right_blue(), "JPEG", exif=exif)
    assert exif_orientation(data) == 1
    assert decode_at_least(data, None).orientation == 1


def test_a_large_jpeg_is_decoded_as_large_as_needed() -> None:
    """Half, a quarter or an eighth each way, as long as that is enough; its own size is told."""
    image = Image.new("RGB", (400, 200), RED)
    image.paste(BLUE, (200, 0, 400, 200))
    data = saved(image, "JPEG")
    sides = (201, 200, 100, 51, 50, 1)
    sizes = {side: decode_at_least(data, side).image.size for side in sides}
    assert sizes == {
        201: (400, 200),
        200: (400, 200),
        100: (200, 100),
        51: (200, 100),
        50: (100, 50),
        1: (50, 25),
    }
    small, size, *_ = decode_at_least(data, 25)
    assert size == (400, 200)
    assert is_near(small.getpixel((12, 12)), RED)
    assert is_near(small.getpixel((37, 12)), BLUE)


def test_a_png_is_decoded_whole_whatever_is_enough() -> None:
    """Only a JPEG can be decoded smaller."""
    assert decode_at_least(saved(left_red_right_blue(), "PNG"), 1).image.size == (16, 8)


TRANSPOSE = Image.Transpose


@pytest.mark.parametrize(
    ("orientation", "stored"),
    [
        (1, None),
        (2, TRANSPOSE.FLIP_LEFT_RIGHT),
        (3, TRANSPOSE.ROTATE_180),
        (4, TRANSPOSE.FLIP_TOP_BOTTOM),
        (5, TRANSPOSE.TRANSPOSE),
        (6, TRANSPOSE.ROTATE_90),
        (7, TRANSPOSE.TRANSVERSE),
        (8, TRANSPOSE.ROTATE_270),
    ],
)
@pytest.mark.parametrize("size", [(201, 273), (200, 272), (207, 206)])
def test_where_an_image_lies_in_what_was_decoded_smaller(
    orientation: int, stored: Image.Transpose | None, size: tuple[int, int]
) -> None:
    """An eighth of 201 pixels is 25.125, though 26 are decoded; on which side, EXIF decides.

    Upright, red rises from left to right and green from top to bottom, from 0 to 255 over the
    image. So each pixel that is wholly of the image tells where in it its middle is.
    """
    width, height = size
    pixels = np.full((height, width, 3), 128.0)
    pixels[:, :, 0] = (np.arange(width) + 0.5) / width * 255
    pixels[:, :, 1] = (np.arange(height)[:, None] + 0.5) / height * 255
    upright = Image.fromarray(pixels.round().astype(np.uint8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = upright.transpose(stored) if stored is not None else upright
    data = saved(file, "JPEG", exif=exif, quality=98, subsampling=0)
    image, size_wh, (left, top, *extents), *_ = decode_at_least(data, 25)
    assert size_wh == size
    assert image.size == (-(-width // 8), -(-height // 8))
    assert extents == [width / 8, height / 8]
    seen = np.asarray(image, float)
    for begin, extent, found in (
        (left, extents[0], seen[:, :, 0].mean(0)),
        (top, extents[1], seen[:, :, 1].mean(1)),
    ):
        middle = np.arange(len(found)) + 0.5 - begin
        whole = (middle >= 0.5) & (middle <= extent - 0.5)
        assert whole.sum() == extent // 1
        assert np.abs(found - middle / extent * 255)[whole].max() < 2


def test_what_is_broken_is_found_at_any_size() -> None:
    """The smallest picture of a JPEG needs all of its bytes too."""
    data = saved(left_red_right_blue().resize((400, 200)), "JPEG")
    for keep in (len(data) // 3, len(data) // 2, len(data) - 40):
        with pytest.raises(BadDataError, match="cannot be decoded"):
            decode_at_least(data[:keep], 1)


def test_a_huge_image_is_refused_and_a_large_one_taken_without_a_warning() -> None:
    """178,956,970 pixels are the limit; Pillow alone would warn from half of that on."""
    data = saved(Image.new("1", (13_378, 13_377)), "PNG")
    with pytest.raises(BadDataError, match="13378 x 13377 pixels are more than 178 million; cut"):
        decode_at_least(data, 1)
    assert decode_at_least(saved(Image.new("L", (9_500, 9_500)), "JPEG"), 1).size_wh == (9500, 9500)
