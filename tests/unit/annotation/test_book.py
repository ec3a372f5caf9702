"""The book of labels: nothing is lost, and nothing is in it twice."""

import json
from datetime import timedelta

import pytest

from job.annotation.answers import Answer, DrawnBox
from job.annotation.book import Book
from job.errors import BadDataError
from job.storage.memory import MemoryStore
from tests.unit.annotation.answering import CAT, DOG, answer, at


def given(book: Book, image: str = "a") -> list[Answer]:
    """What the book has of an image."""
    return [each.answer for each in book.answers().get(image, ())]


def test_another_process_reads_what_was_added() -> None:
    """All of it but what the tool said as it came, which stays in the object."""
    store = MemoryStore()
    full = answer(DOG, at=at(3), seconds=41.5, size_wh=(40, 30), raw={"id": 7}, problems=("x",))
    name = Book(store, "e").add([full, answer(image="b", is_refused=True)], at(5))
    (key,) = store.list("experiments/e/answers/")
    assert key == f"experiments/e/answers/{name}.json"
    content = json.loads(store.read(key))
    assert (content["format"], content["received"]) == (1, "2024-11-30T12:05:00+00:00")
    assert content["answers"][0]["raw"] == {"id": 7}
    book = Book(store, "e")
    (one,) = book.answers(["a", "nobody"])["a"]
    assert one.answer == Answer(
        "a", (DOG,), by="ann", at=at(3), seconds=41.5, size_wh=(40, 30), problems=("x",)
    )
    assert (one.name, one.time, one.received) == (name, at(3), at(5))
    assert book.answers()["b"][0].time == at(5)
    assert Book(store, "another").answers() == {}


def test_what_the_book_has_is_not_written_again() -> None:
    """Neither by the same process nor by another; whole numbers are the same as others."""
    store = MemoryStore()
    book = Book(store, "e")
    box = DrawnBox("dog", (1, 2, 3, 4))
    assert book.add([answer(box, raw={"b": 1, "a": 2})], at(0))
    for again in (book, Book(store, "e")):
        assert again.add([answer(box, raw={"a": 2, "b": 1})], at(9)) == ""
    assert len(list(store.list(""))) == 1


def test_the_last_answer_of_each_annotator_counts() -> None:
    """By the tool's time; without one, by the time at which it came."""
    store = MemoryStore()
    book = Book(store, "e")
    book.add([answer(DOG, at=at(5)), answer(CAT, at=at(2)), answer(CAT, by="bob", at=at(1))], at(9))
    assert given(book) == [answer(CAT, by="bob", at=at(1)), answer(DOG, at=at(5))]
    book.add([answer(DOG, by="bob")], at(10))
    assert given(Book(store, "e")) == [answer(DOG, at=at(5)), answer(DOG, by="bob")]
    assert book.add([answer(CAT, at=at(4))], at(11)) == "", "it is older than what the book has"


def test_a_file_that_is_imported_again_wins() -> None:
    """Nobody says when its answers were given, so the last import is the last answer."""
    store = MemoryStore()
    for minute, box in enumerate((DOG, CAT, DOG)):
        assert Book(store, "e").add([answer(box)], at(minute))
    assert given(Book(store, "e")) == [answer(DOG)]
    assert len(list(store.list(""))) == 3


def test_what_json_cannot_say_is_left_out() -> None:
    """A corner that is no number makes no label, and does not keep the others out."""
    book = Book(MemoryStore(), "e")
    book.add([answer(DrawnBox("dog", (float("nan"), 0, 1, 1))), answer(DOG, image="b")])
    assert list(book.answers()) == ["b"]


def test_a_damaged_book_is_named() -> None:
    """Nothing makes it anew, so only a copy helps."""
    store = MemoryStore()
    Book(store, "e").add([answer(DOG)], at(0) + timedelta(hours=1))
    (key,) = store.list("")
    store.write(key, store.read(key).replace(b'"label"', b'"lable"'))
    with pytest.raises(BadDataError, match=rf"{key} is damaged \(.*restore it from a copy"):
        Book(store, "e").answers()
