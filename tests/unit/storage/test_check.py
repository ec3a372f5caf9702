"""What `check_store` finds out about a store."""

from pathlib import Path

import pytest

from job.errors import ConfigError, TemporaryError
from job.storage.check import check_store
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore

NAMES = ["write", "read", "read a range", "list", "conditional write", "delete"]


def test_a_good_store_passes_and_is_left_as_it_was(tmp_path: Path) -> None:
    """All checks are ok, and nothing of them remains."""
    store = LocalStore(tmp_path / "store")
    store.write("a", b"content")
    findings = check_store(store)
    assert [finding.name for finding in findings] == NAMES
    assert all(finding.ok and finding.detail and not finding.advice for finding in findings)
    assert [path.name for path in store.root.iterdir()] == ["a"]


def test_a_store_that_cannot_be_written_is_asked_no_more(tmp_path: Path) -> None:
    """Its error is the one finding."""
    (tmp_path / "file").touch()
    (finding,) = check_store(LocalStore(tmp_path / "file"))
    assert not finding.ok
    assert "not a directory" in finding.detail
    assert "s3:PutObject" in finding.advice


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("read", "read"),
        ("read_range", "read a range"),
        ("list", "list"),
        ("delete", "delete"),
        ("exists", "delete"),
    ],
)
@pytest.mark.parametrize("kind", [ConfigError, TemporaryError])
def test_what_fails_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, name: str, kind: type[Exception]
) -> None:
    """An error ends neither the other checks nor the program."""
    store = LocalStore(tmp_path)

    def fail(*_: object) -> None:
        message = "it said no"
        raise kind(message)

    monkeypatch.setattr(store, method, fail)
    findings = check_store(store)
    assert [finding.name for finding in findings] == NAMES
    assert [(finding.name, finding.detail) for finding in findings if not finding.ok] == [
        (name, "it said no")
    ]


@pytest.mark.parametrize(
    ("method", "answer", "name"),
    [
        ("read", b"", "read"),
        ("read_range", b"", "read a range"),
        ("list", iter(()), "list"),
        ("exists", True, "delete"),
    ],
)
def test_a_store_that_gives_wrong_answers_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, answer: object, name: str
) -> None:
    """Answers are compared with what was written."""
    store = LocalStore(tmp_path)
    monkeypatch.setattr(store, method, lambda *_: answer)
    assert [finding.name for finding in check_store(store) if not finding.ok] == [name]


def test_nothing_remains_of_checks_that_are_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Someone who does not want to wait leaves no object behind."""
    store = MemoryStore()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "read_range", interrupt)
    with pytest.raises(KeyboardInterrupt):
        check_store(store)
    assert list(store.list("")) == []


def test_ignored_conditions_are_reported_and_harmless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several servers overwrite although asked not to."""
    store = MemoryStore()
    write = store.write
    monkeypatch.setattr(store, "write", lambda key, data, **_: write(key, data))
    finding = check_store(store)[4]
    assert finding.ok
    assert finding.detail.startswith("not honoured")
