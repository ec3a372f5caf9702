"""Logging and progress: JSON lines, or text and bars if standard error is a terminal."""

import io
import logging
import os
import sys
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO, TypeVar

import structlog
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from job.runtime.trace import log_fields

SECONDS_BETWEEN_LINES = 30.0

console = Console(stderr=True)

T = TypeVar("T")

_of_process: dict[str, str] = {}


def configure(*, json: bool | None = None, level: str = "info") -> None:
    """Send log lines to standard error: JSON, or lines for people if it is a terminal.

    If this process is part of a trace, each line says of which.

    Args:
        json: Whether to write JSON; unset: unless standard error is a terminal.
        level: The least severe level that is written.
    """
    as_json = not sys.stderr.isatty() if json is None else json
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(pad_event_to=0, sort_keys=False)
    )
    _of_process.clear()
    everywhere(**log_fields(os.environ))
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _say_whose,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso" if as_json else "%H:%M:%S", utc=as_json),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=_ConsoleLoggerFactory(),
        cache_logger_on_first_use=False,
    )


def everywhere(**fields: str) -> None:
    """Add fields to every log line of this process from now on, in all of its threads."""
    _of_process.update(fields)


def _say_whose(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    event.update(_of_process)
    return event


class _ConsoleLogger:
    """Writes lines above a progress bar that may be there."""

    def msg(self, message: str) -> None:
        console.print(Text.from_ansi(message), soft_wrap=True)

    log = debug = info = warn = warning = error = critical = exception = fatal = msg


class _ConsoleLoggerFactory:
    def __call__(self, *_: object) -> _ConsoleLogger:
        return _ConsoleLogger()


def get() -> structlog.typing.FilteringBoundLogger:
    """The logger; its lines carry what `bound` has bound."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return logger


@contextmanager
def bound(**context: object) -> Iterator[None]:
    """Add fields to every log line and progress bar within."""
    with structlog.contextvars.bound_contextvars(**context):
        yield


class _Copying(io.TextIOBase):
    """Standard error, with a copy of what goes through it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.copy = io.StringIO()

    def write(self, text: str) -> int:
        self.copy.write(text)
        return self._stream.write(text)

    def flush(self) -> None:
        self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()


@contextmanager
def copied() -> Iterator[io.StringIO]:
    """Give a copy of what this process's Python code writes to standard error within."""
    stream = sys.stderr
    copying = _Copying(stream)
    sys.stderr = copying
    try:
        yield copying.copy
    finally:
        sys.stderr = stream


class Bar(Protocol):
    """Progress of work whose size is known."""

    def advance(self, amount: int = 1) -> None:
        """Count `amount` more as done."""


class _Rate(ProgressColumn):
    """Units a second, with the unit's name."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.1f} {task.fields['unit']}/s" if speed else "")


class _TerminalBar:
    def __init__(self, progress: Progress, task: int) -> None:
        self._progress, self._task = progress, task

    def advance(self, amount: int = 1) -> None:
        self._progress.advance(self._task, amount)  # type: ignore[arg-type]


class _LineBar:
    """Where nobody watches: a log line now and then."""

    def __init__(self, what: str, total: int, unit: str) -> None:
        self._what, self._total, self._unit = what, total, unit
        self._done, self._begun = 0, time.monotonic()
        self._next_line = self._begun + SECONDS_BETWEEN_LINES

    def advance(self, amount: int = 1) -> None:
        self._done += amount
        now = time.monotonic()
        if now < self._next_line:
            return
        self._next_line = now + SECONDS_BETWEEN_LINES
        rate = self._done / (now - self._begun)
        get().info(
            "progress",
            what=self._what,
            done=self._done,
            total=self._total,
            unit=self._unit,
            per_second=round(rate, 1),
            seconds_left=round((self._total - self._done) / rate),
        )


@contextmanager
def progress(what: str, total: int, unit: str) -> Iterator[Bar]:
    """Show progress: a bar with rate and remaining time on a terminal, log lines elsewhere.

    Args:
        what: The work's name, such as `train`.
        total: Its size.
        unit: What is counted, in the plural, such as `images`.
    """
    if not console.is_terminal:
        yield _LineBar(what, total, unit)
        return
    context = structlog.contextvars.get_contextvars()
    where = " ".join(
        f"{name} {context[name]}" for name in ("seed", "arm", "round") if name in context
    )
    columns = (
        TextColumn("{task.description}", style="bold", markup=False),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task(f"{where} {what}".strip(), total=total, unit=unit)
        yield _TerminalBar(bars, task)


def track(items: Iterable[T], what: str, total: int, unit: str) -> Generator[T, None, None]:
    """Yield the items, each counted as one when the next is asked for."""
    with progress(what, total, unit) as bar:
        for item in items:
            yield item
            bar.advance()
