"""Picks as pictures: with their boxes, their reasons, and what became of them."""

from collections.abc import Sequence

from markupsafe import Markup

from job.keys import RoundRef
from job.report.drawing.outlines import OutlinedImage, View, outlined
from job.serve.pages.frame import below, fill, in_words
from job.serve.picks import ShownPick, State

STATES: dict[State, str] = {
    "labelled": "",
    "refused": "refused",
    "open": "open: it returned to the pool",
    "waiting": "",
}


def pictures(picks: Sequence[ShownPick], ref: RoundRef, experiment: str) -> Markup:
    """Return small pictures of picks, each of which leads to its page.

    Args:
        picks: What is shown, in its order.
        ref: The round of the picks.
        experiment: The relative address of the experiment's page, from the page that shows them.
    """
    return outlined([_small(each, f"{experiment}{below(ref)}", ref) for each in picks])


def picture(each: ShownPick, address: str, ref: RoundRef) -> Markup:
    """Return one large picture; `address`: the relative address of its round."""
    return outlined([_image(each, address, ref, "large", caption="")])


def _small(each: ShownPick, address: str, ref: RoundRef) -> OutlinedImage:
    caption = fill("caption", each=each, state=STATES[each.state])
    link = f"{address}{each.image.rank}"
    return _image(each, address, ref, "small", caption=caption, link=link)


def _image(  # noqa: PLR0913 - what differs between a small and a large one
    each: ShownPick,
    address: str,
    ref: RoundRef,
    size: str,
    *,
    caption: Markup | str,
    link: str = "",
) -> OutlinedImage:
    version = each.image.sha256[:12]  # so that a browser may keep it
    return OutlinedImage(
        href=f"{address}{each.image.rank}-{size}.jpg?v={version}",
        view=View(0, 0, *each.image.size_wh),
        alt=f"Pick {each.image.rank + 1} of {in_words(ref)}: {boxes_in_words(each)}",
        caption=caption,
        outlines=each.outlines,
        link=link,
        num_letters=18 if size == "small" else 30,
    )


def boxes_in_words(each: ShownPick) -> str:
    """Return the boxes of a picture by their names."""
    if not each.outlines:
        return "no box" if each.state == "labelled" else "no boxes yet"
    names: dict[str, int] = {}
    for box in each.outlines:
        names[box.title] = names.get(box.title, 0) + 1
    listed = ", ".join(f"{name} ({count})" if count > 1 else name for name, count in names.items())
    return listed if each.state == "labelled" else f"proposed: {listed}"
