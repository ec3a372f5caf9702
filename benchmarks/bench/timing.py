"""Functions that are timed in turn: A B C, then C B A, so that a busy moment hits all alike."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bench.lines import Line
from bench.noise import Interval, OtherWork, reason_to_refuse

FEWEST_ROUNDS = 6
"""With fewer, the median has no interval of 95 %."""
MOST_ROUNDS = 40
SECONDS = 40.0
"""For so long all functions of a comparison are measured, unless six rounds take longer."""


class Seconds(float):
    """What a function returns that has timed the part of it which counts."""


def seconds_of(function: Callable[[], object]) -> float:
    """Return how long a call takes, or what it says that it took."""
    begun = time.perf_counter()
    result = function()
    return result if isinstance(result, Seconds) else time.perf_counter() - begun


@dataclass(frozen=True)
class Samples:
    """What each function took in each round, and how much of the CPUs others took meanwhile."""

    seconds: Mapping[str, tuple[float, ...]]
    others: float

    def typical(self, name: str) -> float:
        """Return the median of a function's seconds."""
        return Interval.of(self.seconds[name]).median

    def speedup(self, ours: str, theirs: str) -> Interval:
        """Return how many times as fast as another one a function is: of the rounds' ratios."""
        pairs = zip(self.seconds[ours], self.seconds[theirs], strict=True)
        return Interval.of([other / own for own, other in pairs])

    def compare(
        self, what: str, ours: str, beside: str, theirs: str, figure: Callable[[float], str]
    ) -> Line:
        """Return the line that compares two functions; `figure` says seconds as a reader wants."""
        ratio = self.speedup(ours, theirs)
        texts = figure(self.typical(ours)), figure(self.typical(theirs))
        return Line(what, beside, *texts, "x", ratio, reason_to_refuse(ratio, self.others))

    def slower(
        self, what: str, ours: str, beside: str, theirs: str, figure: Callable[[float], str]
    ) -> Line:
        """Return the line that says how many times as long as the other one a function takes."""
        line = self.compare(what, theirs, beside, ours, figure)
        return replace(line, ours=line.theirs, theirs=line.ours, unit=" times as long")

    def absolute(self, what: str, ours: str, scale: float = 1.0, unit: str = " s") -> Line:
        """Return the line of a function's own seconds, times a scale in another unit."""
        value = Interval.of([scale * each for each in self.seconds[ours]])
        return Line(what, "", "", "", unit, value, reason_to_refuse(value, self.others))


def in_turn(functions: Mapping[str, Callable[[], object]], seconds: float = SECONDS) -> Samples:
    """Run each function once to warm up, and then as often as the seconds allow.

    A function that says what it took may have taken longer, so the clock decides how often.
    """
    begun = time.perf_counter()
    for function in functions.values():
        function()
    warm_up = max(time.perf_counter() - begun, 1e-9)
    rounds = min(max(int(seconds / warm_up), FEWEST_ROUNDS), MOST_ROUNDS)
    taken: dict[str, list[float]] = {name: [] for name in functions}
    work = OtherWork()
    for number in range(rounds):
        for name in list(functions)[:: -1 if number % 2 else 1]:
            taken[name].append(seconds_of(functions[name]))
    return Samples({name: tuple(each) for name, each in taken.items()}, work.share())
