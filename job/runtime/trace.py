"""Traces of OpenTelemetry, as far as every process has to know: whether, and the ids of a span.

Ids are made of names, so a driver that is restarted continues the trace of the one before. Their
form is that of W3C's Trace Context, https://www.w3.org/TR/trace-context/.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

PARENT = "TRACEPARENT"
"""The variable that tells a process of which span its work is."""
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")


def is_traced(environment: Mapping[str, str]) -> bool:
    """Whether the standard variables name somebody who takes traces, and none switches it off."""
    is_off = environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    exporter = environment.get("OTEL_TRACES_EXPORTER") or "otlp"
    return not is_off and exporter == "otlp" and any(map(environment.get, _ENDPOINTS))


def log_fields(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what each log line says of the span that this process is part of; maybe nothing."""
    found = _PARENT.fullmatch(environment.get(PARENT, ""))
    return {"trace_id": found[1], "span_id": found[2]} if found else {}


@dataclass(frozen=True)
class TraceIds:
    """The ids of an experiment's trace and of its spans, in hexadecimal digits."""

    place: str
    """The address of the store."""
    experiment: str

    @property
    def trace_id(self) -> str:
        """The trace."""
        return self._digest()[:32]

    def span_id(self, *parts: object) -> str:
        """Return the id of what these parts name; without any, of the experiment itself."""
        return self._digest("span", *parts)[:16]

    def parent(self, *parts: object) -> str:
        """Return the same as a process gets it in `TRACEPARENT`."""
        return f"00-{self.trace_id}-{self.span_id(*parts)}-01"

    def _digest(self, *parts: object) -> str:
        words = (self.place, self.experiment, *map(str, parts))
        return sha256("\n".join(words).encode()).hexdigest()
