"""Groups of images: where they come from, and that pool and test never share one."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from job.data.dataset import Dataset
from job.data.formats.base import LoadedSample, Sample
from job.data.formats.voc import VocSource
from job.data.ingest.groups import GroupFile, GroupPattern, make_rule
from job.data.ingest.ingest import ingest
from job.errors import BadDataError, UsageError
from job.keys import Split
from job.storage.memory import MemoryStore

if TYPE_CHECKING:
    from job.data.ingest.groups import GroupRule
    from job.data.ingest.summary import IngestSummary
    from tests.unit.data.conftest import Voc

HEADER = "id,group\n"


@pytest.fixture
def runs(empty_voc: "Voc") -> "Voc":
    """Two frames of run a and one of run b in the pool, one of run c in the test set."""
    for image_id in ("a_1", "a_2", "b_1"):
        empty_voc.add("train", image_id)
    empty_voc.add("test", "c_1")
    return empty_voc


def take(
    voc: "Voc",
    store: MemoryStore,
    rule: "GroupRule | None",
    *,
    skip_bad: bool = False,
    dry_run: bool = False,
) -> "IngestSummary":
    source = VocSource(root=voc.root, pool="train", test="test")
    return ingest(store, source, "d", groups=rule, skip_bad=skip_bad, dry_run=dry_run)


def by_name() -> GroupPattern:
    return GroupPattern.parse(r"(.+)_\d+")


def file_of(voc: "Voc", text: str) -> Path:
    voc.root.mkdir(exist_ok=True)
    path = voc.root / "groups.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_pattern_takes_the_group_from_the_id(runs: "Voc", store: MemoryStore) -> None:
    """It is what the first parenthesis finds; the summary counts the groups."""
    summary = take(runs, store, by_name())
    dataset = Dataset.open(store, "d")
    assert dataset.groups("pool") == {"a_1": "a", "a_2": "a", "b_1": "b"}
    assert dataset.groups("test") == {"c_1": "c"}
    assert "groups                  2         1" in summary.lines()


def test_a_file_names_the_group_of_each_id(runs: "Voc", store: MemoryStore) -> None:
    """Its columns may stand in any order beside others; an empty cell is no group."""
    text = '\ufeffgroup,note,id\r\n"x, y",1,a_1\r\n"x, y",2,a_2\r\n,3,b_1\r\n\r\nz,4,c_1\r\n'
    summary = take(runs, store, GroupFile.read(file_of(runs, text)))
    assert Dataset.open(store, "d").groups("pool") == {"a_1": "x, y", "a_2": "x, y"}
    assert "pool: 1 images are in no group, such as 'b_1'; each is then a group of its own" in (
        summary.warnings
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_of_a_file_end_as_they_do_anywhere(runs: "Voc", end: str) -> None:
    """Also as Excel for the Macintosh ends them; a line separator within an id ends no line."""
    path = runs.root / "groups.csv"
    path.write_bytes(end.join(["id,group", "a_1,a", "b\u2028c,b"]).encode())
    assert GroupFile.read(path).group_of == {"a_1": "a", "b\u2028c": "b"}


class OwnGroups(VocSource):
    has_groups: ClassVar[bool] = True

    def samples(self, split: Split) -> Iterator[Sample]:
        for sample in super().samples(split):
            yield Sample(sample.id, sample.load, group=sample.id[0])


def test_a_source_can_have_groups_of_its_own(runs: "Voc", store: MemoryStore) -> None:
    """They are taken, unless an option says otherwise."""
    source = OwnGroups(root=runs.root, pool="train", test="test")
    ingest(store, source, "own")
    assert Dataset.open(store, "own").groups("pool") == {"a_1": "a", "a_2": "a", "b_1": "b"}
    ingest(store, source, "other", groups=GroupPattern.parse("_(1)"), skip_bad=True)
    assert Dataset.open(store, "other").groups("pool") == {}


class Nameless(OwnGroups):
    def samples(self, split: Split) -> Iterator[Sample]:
        for sample in super().samples(split):
            yield replace(sample, group="")


def test_a_group_may_have_an_empty_name(runs: "Voc", store: MemoryStore) -> None:
    """A format of another package may give it; it is a group like others, and refused like them."""
    source = Nameless(root=runs.root, pool="train", test="test")
    with pytest.raises(BadDataError, match=r"1 group is in test already, .*: '' \(3\)"):
        ingest(store, source, "d")


def test_without_groups_the_index_has_no_such_column(runs: "Voc", store: MemoryStore) -> None:
    """A data set without groups has the bytes that it always had."""
    take(runs, store, None)
    dataset = Dataset.open(store, "d")
    assert "group" not in dataset.index("pool").column_names
    assert dataset.groups("pool") == {}
    assert not [key for key in dataset.manifest.source if "group" in key]


def test_a_group_in_pool_and_test_is_refused(runs: "Voc", store: MemoryStore) -> None:
    """The message has all such groups, the largest first, with their images in the pool."""
    for image_id in ("a_9", "b_9"):
        runs.add("test", image_id)
    told = (
        "pool: 2 groups are in test already, and a group must be in one split; images of the pool: "
        r"'a' \(2\), 'b' \(1\); --skip-bad leaves out"
    )
    with pytest.raises(BadDataError, match=told):
        take(runs, store, by_name())
    assert list(store.list("")) == []


def test_skip_bad_leaves_the_test_set_whole(runs: "Voc", store: MemoryStore) -> None:
    """The pool's images of a test group are left out, and each group is listed."""
    runs.add("test", "a_9")
    summary = take(runs, store, by_name(), skip_bad=True)
    assert Dataset.open(store, "d").ids("pool") == ("b_1",)
    assert summary.problems == (
        "pool: the group 'a' is in test already; its images that are left out: 2",
    )


def test_a_dry_run_lists_shared_groups(runs: "Voc", store: MemoryStore) -> None:
    """And says that they would be refused."""
    runs.add("test", "b_9")
    summary = take(runs, store, by_name(), dry_run=True)
    assert summary.problems == (
        "pool: the group 'b' is in test already; its images that are left out: 1",
    )
    assert not summary.is_accepted


def test_an_image_without_a_row_is_a_problem(runs: "Voc", store: MemoryStore) -> None:
    """Silence could mean a frame of any run, also of the test set's."""
    path = file_of(runs, HEADER + "a_1,a\na_2,a\nc_1,c\n")
    with pytest.raises(BadDataError, match=r"groups\.csv: no row for the image 'b_1'; leave its"):
        take(runs, store, GroupFile.read(path))
    assert take(runs, store, GroupFile.read(path), skip_bad=True).counts["pool"].num_images == 2


def test_a_file_of_names_with_suffixes_is_answered_with_the_ids(
    runs: "Voc", store: MemoryStore
) -> None:
    """A common mistake; a blank after a comma is none."""
    path = file_of(runs, HEADER + "a_1, a\na_2.jpg, a\nb_1, b\nc_1, c\n")
    with pytest.raises(
        BadDataError, match=r"no row for the image 'a_2', but for 'a_2\.jpg': ids are"
    ):
        take(runs, store, GroupFile.read(path))
    path = file_of(runs, "id, group\na_1, a\na_2, a\nb_1, b\nc_1, c\n")
    take(runs, store, GroupFile.read(path))
    assert Dataset.open(store, "d").groups("test") == {"c_1": "c"}


def test_rows_of_other_images_are_noted(runs: "Voc", store: MemoryStore) -> None:
    """One file may serve several data sets."""
    rows = "a_1,a\na_2,a\nb_1,b\nc_1,c\nz_1,z\ny_1,z\n"
    path = file_of(runs, HEADER + rows)
    summary = take(runs, store, GroupFile.read(path))
    assert summary.warnings == (f"{path}: 2 rows are of no image in either split, such as 'y_1'",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a_1,a\n", r"first line must name the columns id and group, .* it is 'a_1,a'"),
        ("id;group\na_1;a\n", r"it is 'id;group'"),
        ("", r"it is ''"),
        ("id,group,id\n", r"once each"),
        (HEADER + "a_1,a\nb_1,b\na_1,b\n", r"line 4: the id 'a_1' is in line 2 already"),
        (HEADER + "a_1\n", r"line 2: 1 cells, and the header has 2"),
        (HEADER + "a_1,a\0b\n", r"line 2: the group 'a\\x00b' has control characters"),
        (HEADER + 'a_1,"a\nb"\n', r"line 3: the group 'a\\nb' has control characters"),
        (HEADER + 'a_1,"a\n', r"line \d: unexpected end of data"),
        (HEADER + "x" * 200_000 + ",a\n", r"line 2: field larger than field limit"),
    ],
)
def test_a_file_that_is_not_whole_is_refused(voc: "Voc", text: str, told: str) -> None:
    """One line names the file, the line and what is wrong."""
    with pytest.raises(BadDataError, match=rf"groups\.csv: .*{told}") as raised:
        GroupFile.read(file_of(voc, text))
    assert "\n" not in str(raised.value)


def test_a_file_in_another_encoding_or_place_is_refused(voc: "Voc") -> None:
    """As for other files of a source."""
    path = file_of(voc, "")
    path.write_bytes(b"id,group\na,\xff\n")
    with pytest.raises(BadDataError, match="not UTF-8: invalid start byte at byte 11"):
        GroupFile.read(path)
    with pytest.raises(BadDataError, match="no such file of groups"):
        GroupFile.read(path.with_name("none.csv"))


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("(a", "not a regular expression: missing \\), unterminated subpattern"),
        ("a_", "put the part of the id that names the group in parentheses"),
        ("(?:a)_", "put the part"),
        ("(a){99999999999999}", "not a regular expression: the repetition number is too large"),
    ],
)
def test_an_invalid_pattern_is_refused(pattern: str, told: str) -> None:
    """In one line, before the source is read."""
    with pytest.raises(UsageError, match=f"^--group-by '.*': {told}"):
        make_rule(None, pattern)


def test_a_pattern_that_matches_nothing_is_refused(runs: "Voc", store: MemoryStore) -> None:
    """It is mistyped."""
    with pytest.raises(BadDataError, match="d: no image is in a group by --group-by '#"):
        take(runs, store, GroupPattern.parse("#(.+)"))


def test_a_file_and_a_pattern_exclude_each_other(runs: "Voc") -> None:
    """Nobody can tell which of them is meant."""
    with pytest.raises(UsageError, match="--groups, --group-by: give one of them"):
        make_rule(file_of(runs, HEADER), "(a)")


def test_other_groups_make_another_data_set(runs: "Voc", store: MemoryStore) -> None:
    """The order of the rows and the name of the file do not."""
    rows = ["a_1,a\n", "a_2,a\n", "b_1,b\n", "c_1,c\n"]
    take(runs, store, GroupFile.read(file_of(runs, HEADER + "".join(rows))))
    again = GroupFile.read(file_of(runs, HEADER + "".join(reversed(rows))))
    assert "there already" in take(runs, store, again).title
    other = GroupFile.read(file_of(runs, HEADER + "a_1,b\n" + "".join(rows[1:])))
    with pytest.raises(UsageError, match=r"another source \(groups: other files\)"):
        take(runs, store, other)
    with pytest.raises(UsageError, match=r"group_by: unset -> \(\.\+\)_"):
        take(runs, store, by_name())


def test_a_broken_entry_of_the_source_stays_what_it_is() -> None:
    """Its own reason is told, and not that it has no group."""
    broken = Sample.broken("list", "no image")
    assert GroupFile(Path("groups.csv"), {}).grouped(broken) is broken


def test_the_group_is_kept_with_the_image() -> None:
    """A rule changes the group of a sample and nothing else."""

    def load() -> LoadedSample:
        raise AssertionError

    assert by_name().grouped(Sample("a_1", load, "old")) == Sample("a_1", load, "a")
    assert by_name().grouped(Sample("a", load, "old")) == Sample("a", load)


@given(st.binary(max_size=40), st.integers(0, 30))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_read_or_refused_in_one_line(tmp_path: Path, data: bytes, at: int) -> None:
    """Never with a traceback, wherever a file of groups is damaged."""
    good = HEADER.encode() + b'a_1,"x, y"\nb_1,\n'
    path = tmp_path / "groups.csv"
    path.write_bytes(good[:at] + data + good[at:])
    assert len(refusal_of(path).splitlines()) <= 1


def refusal_of(path: Path) -> str:
    try:
        GroupFile.read(path)
    except BadDataError as error:
        return str(error)
    return ""
