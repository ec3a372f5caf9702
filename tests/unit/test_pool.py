"""The pool: what is labelled, and the guard."""

import pytest

from job.errors import BadDataError
from job.pool import Pool

POOL = Pool(("d", "b", "a", "c"))


def test_labelling_leaves_the_order_of_the_store() -> None:
    """The unlabelled images keep the order in which the store holds them."""
    assert POOL.label(["a"]).unlabelled == ["d", "b", "c"]
    assert POOL.label(["c", "d"]).label(["a"]).unlabelled == ["b"]
    assert POOL.unlabelled == ["d", "b", "a", "c"]


@pytest.mark.parametrize(
    ("picks", "message"),
    [
        (["b", "b"], "picked more than once: b"),
        (["b", "a"], "picked although labelled already: a"),
        (["b", "x"], "picked but not in the pool: x"),
        (["z", "y", "x", "w", "v"], "picked but not in the pool: v, w, x and 2 more"),
    ],
)
def test_no_image_is_labelled_twice(picks: list[str], message: str) -> None:
    """Nor one that is not there; the message names up to three images."""
    with pytest.raises(BadDataError, match=f"^{message}$"):
        POOL.label(["a"]).label(picks)


def test_a_refused_image_never_comes_back() -> None:
    """It is neither labelled nor left to label, and picking it is a mistake."""
    pool = POOL.label(["a"]).refuse(["b", "c"])
    assert pool.unlabelled == ["d"]
    assert pool.labelled == {"a"}
    assert pool.label(["d"]).unlabelled == []
    with pytest.raises(BadDataError, match=r"^picked although refused already: b, c$"):
        pool.label(["c", "d", "b"])
