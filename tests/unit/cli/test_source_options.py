"""A source that an option names by the command line of its format."""

from pathlib import Path

import pytest

from job.cli.source_options import parse_source
from job.data.formats.coco import CocoSource
from job.data.formats.voc import VocSource
from job.errors import UsageError

EXPECTED = "expected a format and its options, in one pair of quotes, such as 'voc --root DIR'"


def test_an_option_holds_the_command_line_of_a_format() -> None:
    """Quotes are a shell's, defaults and types are those of the format's own command."""
    found = parse_source("--labelled", "voc --root 'my data' --pool a --test b --pixels-from 0")
    assert found == VocSource(root="my data", pool="a", test="b", pixels_from=0)


def test_the_home_folder_is_known_inside_an_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No shell replaces a `~` within quotes."""
    monkeypatch.setenv("HOME", str(tmp_path))
    places = " ".join(
        f"--{split}-{what} ~/{split}-{what}"
        for split in ("pool", "test")
        for what in ("images", "annotations")
    )
    found = parse_source("--labelled", f"coco {places}")
    assert isinstance(found, CocoSource)
    assert found.files(found.pool_images).where() == str(tmp_path / "pool-images")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", f"--labelled '': {EXPECTED}"),
        ("voc --root 'my", '--labelled "voc --root \'my": expected a format and its options'),
        (
            "voc --source-endpoint http://me:key@s3 '",
            '--labelled "voc --source-endpoint http://***@',
        ),
        ("vok --root x", "--labelled: unknown 'vok'; did you mean 'voc'? known: coco, "),
        (
            "labelled",
            "--labelled: unknown 'labelled'; known: coco, images, roboflow, synthetic, voc, yolo; "
            + EXPECTED,
        ),
        ("voc --rot x", "--labelled: voc: No such option: --rot"),
        ("voc --root", "--labelled: voc: Option '--root' requires an argument; see `al-job ingest"),
        ("synthetic --size 1", "--labelled: synthetic: Invalid value for '--size'"),
        ("voc --help", "--labelled: voc: No such option: --help"),
        ("voc --root x --name d", "--labelled: voc: No such option: --name"),
    ],
)
def test_a_mistake_inside_an_option_is_told_in_one_line(text: str, told: str) -> None:
    """The line begins with the option that holds it; only a format's own options count."""
    with pytest.raises(UsageError) as raised:
        parse_source("--labelled", text)
    assert str(raised.value).startswith(told)
    assert "\n" not in str(raised.value)
