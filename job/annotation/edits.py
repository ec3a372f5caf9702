"""What annotators made of the boxes that were proposed to them."""

from collections.abc import Sequence

from job.annotation.answers import Answer, DrawnBox
from job.annotation.batch import Proposal
from job.artifacts.outcome import Edits

_TOLERANCE_PIXELS = 0.5
"""Corners that differ by less were not moved: tools compute in shares of the image."""


def proposal_name(number: int) -> str:
    """Return the name of a proposal, by its number among those of its image."""
    return f"proposal-{number}"


def edits_of(answer: Answer, proposals: Sequence[Proposal]) -> Edits | None:
    """Return what an annotator made of the proposals of an image.

    None if there was nothing proposed, the image is refused, or the tool does not say.
    """
    if not proposals or answer.is_refused or not answer.tells_proposals:
        return None
    by_name = {proposal_name(number): each for number, each in enumerate(proposals)}
    begun = [box for box in answer.boxes if box.proposal in by_name]
    kept = sum(_is_kept(box, by_name[box.proposal or ""]) for box in begun)
    left = {box.proposal for box in begun}
    return Edits(
        kept=kept,
        moved=len(begun) - kept,
        added=len(answer.boxes) - len(begun),
        removed=len(by_name) - len(left),
    )


def _is_kept(box: DrawnBox, proposal: Proposal) -> bool:
    pairs = zip(box.corners_xyxy, proposal.corners_xyxy, strict=True)
    is_close = all(abs(one - other) < _TOLERANCE_PIXELS for one, other in pairs)
    return is_close and box.label == proposal.label
