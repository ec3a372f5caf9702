"""What the card of a model says."""

import re
from types import SimpleNamespace
from typing import cast

import pytest

from job.detection.input_size import Fit, InputSize, Square
from job.export.model.card import Card


class Letterbox(Square):
    """A rule of another package."""


@pytest.mark.parametrize(
    ("input_size", "words"),
    [
        (Fit(800, 1333), "at most 1333; its aspect ratio is kept, and fractions are cut off"),
        (Fit(512, 853, 16), "at most 853; .* and both sides are cut to multiples of 16"),
        (Square(300), "300 x 300 pixels, whatever its aspect ratio"),
        (Letterbox(300), "the size that the detector's package says"),
    ],
)
def test_how_large_an_image_becomes_is_said(input_size: InputSize, words: str) -> None:
    """For those who use a graph without al-voc; patches of a transformer are part of it."""
    card = cast("Card", SimpleNamespace(input_size=input_size))
    assert re.search(words, Card.size_rule(card))
