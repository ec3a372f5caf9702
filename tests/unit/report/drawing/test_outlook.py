"""The figure of the forecast, painted and looked at as an object."""

import numpy as np
from matplotlib.figure import Figure

from job.report.drawing.figures import MeanCurve, styles_of
from job.report.drawing.outlook import forecast_curve

STYLES = styles_of(["a", "falls"])


def line(arm: str, x: list[float], mean: list[float]) -> MeanCurve:
    """With an interval of a tenth to both sides."""
    y = np.array(mean)
    return MeanCurve(arm, np.array(x), y, y - 0.1, y + 0.1)


def test_what_is_measured_is_continued_by_the_forecast() -> None:
    """Solid to 200 images, dashed to 800, dotted at the goal; each arm is named at its end."""
    measured = [line("a", [100, 200], [0.2, 0.3]), line("falls", [100, 200], [0.2, 0.1])]
    plot = forecast_curve(measured, [line("a", [200, 800], [0.3, 0.5])], [0.4], STYLES)
    assert plot.alt == "a: 0.500 at 800 images (0.400 to 0.600)"
    figure = Figure()
    plot.paint(figure)
    (axes,) = figure.axes
    assert [(each.get_linestyle(), list(each.get_ydata())) for each in axes.lines] == [  # type: ignore[arg-type]
        ("-", [0.2, 0.3]),
        ("-", [0.2, 0.1]),
        ("--", [0.3, 0.5]),
        (":", [0.4, 0.4]),
    ]
    assert len(axes.collections) == 1  # the band
    texts = {text.get_text(): text.xy for text in axes.texts}  # type: ignore[attr-defined]
    assert texts["a"] == (800, 0.5)
    assert texts["falls"] == (200, 0.1)
    assert "goal 0.40" in texts
