"""A listing answers what is there without asking the store."""

from job.artifacts.listing import Listing


def test_a_listing_finds_the_keys_below_a_prefix() -> None:
    """Only those that begin with it, in their order."""
    listing = Listing(["b/2", "a/1", "b/1", "bc", "c"])
    assert listing.below("b/") == ["b/1", "b/2"]
    assert listing.below("b") == ["b/1", "b/2", "bc"]
    assert listing.below("d") == []
    assert "bc" in listing
    assert "b" not in listing
