"""Webhooks of Label Studio that cannot be made."""

import pytest
import structlog

from tests.label_studio.asking import Place, read_images
from tests.label_studio.double import Found, running_double


def test_a_webhook_that_is_refused_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Label Studio refuses private addresses by default; what people do is still looked at."""
    monkeypatch.setenv("AL_WEBHOOK_SECRET", "shared")

    def answer(method: str, path: str) -> Found | None:
        is_made = (method, path) == ("POST", "/api/webhooks/")
        return (403, {"detail": "URL resolves to a private address"}) if is_made else None

    with running_double() as double, structlog.testing.capture_logs() as lines:
        double.answer = answer
        place = Place(double.url, "x")
        place.tool(webhook="http://10.0.0.1/").push(place.batch(), read_images)
        assert len(place.asked) == len(place.batch().images)
    (line,) = [each for each in lines if each["event"] == "webhook.off"]
    assert "private address" in line["reason"]
