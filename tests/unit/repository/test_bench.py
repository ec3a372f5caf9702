"""What the benchmarks share: what is measured, what is refused, and what is said of it."""

from dataclasses import replace
from functools import partial
from math import isnan

import pytest
from bench.aims import AIMS
from bench.lines import Line
from bench.noise import Interval, busy_ticks, own_ticks, reason_to_refuse
from bench.results import Run
from bench.timing import Samples, Seconds, in_turn
from bench.verdicts import change, verdict

AIM = next(aim for aim in AIMS if aim.row == "train, of torchvision's recipe")


def line(low: float = 3.1, high: float = 3.3) -> Line:
    return Line(
        AIM.what,
        AIM.beside,
        "9 images/s",
        "3 images/s",
        "x",
        Interval((low + high) / 2, low, high),
        date="2026-01-01",
        machine="a",
        command="training.py",
    )


def test_six_values_lie_between_their_ends() -> None:
    """All six are on one side of the median in 1 of 32 cases, so their ends are at 97 %."""
    assert Interval.of([3, 1, 2, 6, 5, 4]) == Interval(3.5, 1, 6)


def test_nine_values_leave_out_the_outermost() -> None:
    """Eight of nine are on one side in 20 of 512 cases: 96 % for the second to the eighth."""
    assert Interval.of([9, 1, 2, 3, 4, 5, 6, 7, 8]) == Interval(5, 2, 8)


def test_too_few_values_are_refused() -> None:
    """Five values have no interval of 95 %."""
    few = Interval.of([1, 1, 1, 1, 1])
    assert isnan(few.low)
    assert "too noisy" in reason_to_refuse(few, 0)


def test_other_work_is_a_reason_to_refuse() -> None:
    """However narrow the interval is."""
    assert reason_to_refuse(Interval(1, 1, 1), 0.4) == "too busy: other work took 40 % of the CPUs"
    assert not reason_to_refuse(Interval(1, 1, 1), 0.05)


def test_scatter_is_a_reason_to_refuse() -> None:
    """If the ends are more than 1.3 times apart."""
    assert reason_to_refuse(Interval(2, 1.8, 2.4), 0) == "too noisy: 2 (1.8 to 2.4)"
    assert not reason_to_refuse(Interval(2, 1.8, 2.3), 0)


def test_a_cpu_works_unless_it_is_idle_or_waits() -> None:
    """Of the CPUs that are asked for: user, nice, system, interrupts, and what a host took."""
    stat = "cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 1 2 4 100 200 8 16 32 0 0\ncpu1 5 0 0 7 0 0 0 0 0 0\n"
    assert busy_ticks(stat, {0}) == 63
    assert busy_ticks(stat, {0, 1}) == 68


def test_own_work_is_that_of_all_descendants() -> None:
    """And of nobody else."""
    assert own_ticks({1: (0, 1000), 5: (1, 1), 6: (5, 10), 7: (6, 100), 8: (1, 5000)}, 5) == 111


def test_functions_take_turns_in_alternating_order() -> None:
    """A warm-up, then A B, B A, A B: a machine that gets slower favours neither."""
    calls = []

    def noting(name: str) -> Seconds:
        calls.append(name)
        return Seconds(1)

    samples = in_turn({name: partial(noting, name) for name in "AB"}, seconds=0)
    assert "".join(calls) == "AB" + "ABBA" * 3
    assert samples.seconds == {"A": (1,) * 6, "B": (1,) * 6}


def test_quick_functions_are_repeated_until_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten seconds for two functions of half a second, whatever they say: ten rounds."""
    now = [0.0]

    def half_a_second() -> Seconds:
        now[0] += 0.5
        return Seconds(0.001)

    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    samples = in_turn({"A": half_a_second, "B": half_a_second}, seconds=10)
    assert len(samples.seconds["A"]) == 10


def test_a_ratio_is_of_the_same_round() -> None:
    """A machine that is half as fast in every second round scatters seconds, and no ratio."""
    samples = Samples({"A": (1, 2, 1, 2, 1, 2), "B": (3, 6, 3, 6, 3, 6)}, 0)
    assert samples.speedup("A", "B") == Interval(3, 3, 3)
    slower = samples.slower("what", "B", "beside", "A", str)
    assert (slower.value, slower.ours, slower.theirs) == (Interval(3, 3, 3), "4.5", "1.5")


@pytest.mark.parametrize(
    ("low", "high", "before", "expected"),
    [
        (3.1, 3.3, "missed", "reached"),
        (2.7, 2.9, "reached", "missed"),
        (2.9, 3.2, "missed", "missed"),
        (2.9, 3.0, "reached", "reached"),
        (2.9, 3.2, None, "reached"),
    ],
)
def test_a_verdict_changes_only_if_the_interval_says_so(
    low: float, high: float, before: str | None, expected: str
) -> None:
    """An aim of 3: within the interval, what was said last stays; else the median decides."""
    assert verdict(line(low, high), 3, before) == expected  # type: ignore[arg-type]


def test_less_is_better_of_anything_but_a_ratio() -> None:
    """Seconds reach an aim from above."""
    seconds = replace(line(0.17, 0.19), unit=" s")
    assert verdict(seconds, 0.3, None) == "reached"
    assert verdict(seconds, 0.1, None) == "missed"
    assert change(replace(line(0.1, 0.11), unit=" s"), seconds) == "better than 0.18"


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (line(3.2, 3.4), "within noise of 3.2"),
        (line(3.31, 3.33), "within noise of 3.2"),
        (line(3.5, 3.7), "better than 3.2"),
        (line(2.5, 2.7), "worse than 3.2"),
        (replace(line(2.5, 2.7), machine="b"), "3.2 (3.1 to 3.3) on another machine"),
    ],
)
def test_a_change_is_larger_than_noise(now: Line, expected: str) -> None:
    """Overlapping intervals, and medians within 5 %, are the same; machines are not compared."""
    assert change(now, line()) == expected


def test_two_runs_of_the_same_say_the_same() -> None:
    """A second run whose figures differ by noise has the verdicts of the first."""
    first = Run([line(2.96, 3.1)], [])
    second = Run([line(2.9, 3.01)], first.kept, first.judged())
    assert first.judged() == second.judged() == {AIM.row: "reached"}
    assert "within noise of 3.03" in second.page("2026-01-02", "a")


def test_what_cannot_be_trusted_has_no_figure() -> None:
    """The page keeps what was measured before, with its date, and so does the next comparison."""
    bad = replace(line(7.7, 7.9), ours="77 images/s", refused="too busy: other work", date="now")
    run = Run([bad], [line()])
    page = run.page("2026-01-02", "a")
    assert "| 9 images/s |" in page
    assert "of 2026-01-01, a; now: too busy: other work" in page
    assert "7.8" not in page
    assert run.kept == [line()]
    never = Run([bad], [])
    assert "| | " + AIM.beside + " | | too busy: other work |" in never.page("now", "a")
    assert not never.kept
    assert not never.judged()


def test_a_command_that_fails_keeps_its_last_lines() -> None:
    """And the page says why there are none of today."""
    page = Run([], [line()], {}, {"training.py": "not done after 900 s"}).page("now", "a")
    assert "of 2026-01-01, a; now: not run" in page
    assert "- `training.py`: not done after 900 s" in page


def test_the_worst_line_counts_for_an_aim() -> None:
    """`select`, every strategy: the slowest one decides."""
    scans = [
        replace(line(low, high), what=f"select, {name}", unit=" times as long")
        for name, low, high in (("a", 1.1, 1.2), ("b", 4.8, 5), ("c", 2, 2.1))
    ]
    scans = [replace(each, beside="reading its columns alone") for each in scans]
    run = Run(scans, [])
    assert run.judged() == {"select, every strategy": "missed"}
    assert "| at most 1.5 times as long | 4.9 (4.8 to 5) times as long | missed |" in run.page(
        "", ""
    )


def test_each_aim_has_a_row_of_its_own() -> None:
    """What is not measured is `not run`."""
    assert len({aim.row for aim in AIMS}) == len(AIMS)
    assert Run([], []).page("", "").count("not run") == len(AIMS)


def test_a_line_survives_its_file() -> None:
    """What is read is what was written."""
    assert Line.from_json(line().to_json()) == line()
