"""How figures look."""

from matplotlib.figure import Figure

from job.report.drawing.render import GREY, INK, PALETTE, Plot, draw, label_ends


def bars(figure: Figure) -> None:
    axes = figure.subplots()
    axes.bar(["a", "b"], [1, 2])
    axes.set(title="Two bars")


def test_the_same_figure_gives_the_same_bytes() -> None:
    """Neither a date nor a random id; it has its words as text, and takes the page's ink."""
    plot = Plot("bars", "Two bars", "a 1, b 2", bars, (2.0, 1.5))
    drawing = draw(plot)
    assert drawing == draw(plot)
    assert (drawing.name, drawing.title, drawing.alt) == ("bars", "Two bars", "a 1, b 2")
    assert drawing.svg.startswith("<svg")
    assert "currentColor" in drawing.svg
    assert INK not in drawing.svg
    assert "Two bars" in drawing.svg
    assert drawing.png.startswith(b"\x89PNG")


def test_an_svg_file_has_the_ink_of_paper() -> None:
    """It stands alone: there is no page to take a colour from."""
    files = dict(draw(Plot("bars", "", "", bars, (2.0, 1.5))).files())
    assert files.keys() == {"bars.svg", "bars.png"}
    assert b"currentColor" not in files["bars.svg"]
    assert b"#1a1a1a" in files["bars.svg"]


def test_labels_that_would_overlap_are_moved_apart() -> None:
    """By 6 % of the axis, upwards, in the order of the lines' ends."""
    axes = Figure().subplots()
    axes.set(ylim=(0, 1))
    label_ends(axes, [(1, 0.51, "b", PALETTE[0]), (1, 0.5, "a", PALETTE[1]), (1, 0.9, "c", GREY)])
    heights = {text.get_text(): round(text.xy[1], 6) for text in axes.texts}  # type: ignore[attr-defined]
    assert (heights["a"], heights["b"], heights["c"]) == (0.5, 0.56, 0.9)
