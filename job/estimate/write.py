"""An outlook as tables and lines for people, and as JSON."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta

from job.estimate.boxes import Span
from job.estimate.device import threads_in_words
from job.estimate.labels import Labels
from job.estimate.outlook import Outlook
from job.estimate.times import UNITS, StageTimes
from job.runtime.tables import TextTable
from job.storage.documents import dump_json

ALL = "all arms and seeds"
TEST_SET = "test set, apart"
_HOUR = 3600


def tables_of(outlook: Outlook) -> list[TextTable]:
    """Return the stages, the arms, and the labels of each arm."""
    return [_stages(outlook), _arms(outlook), _labels(outlook)]


def _stages(outlook: Outlook) -> TextTable:
    title = f"{outlook.plan.config.experiment}: stages"
    header = ("stage", "all", "done", "left", "work left", "each", "time left", "measured on")
    table = TextTable(title, header, names={"stage", "measured on"})
    for each in outlook.times.of_stages():
        table.rows.append(_stage(each))
    return table


def _stage(each: StageTimes) -> tuple[str, ...]:
    counts = (each.stage, str(each.num), str(each.num_done), str(each.num_left))
    if not each.num_left:
        return counts
    work = f"{each.amount_left:,} {UNITS[each.stage]}"
    if each.seconds_left is None:
        return (*counts, work, "unknown", "unknown")
    seconds = f"{each.seconds_left / (each.num_left - each.num_unknown):.1f} s"
    more = f" + {each.num_unknown} unknown" if each.num_unknown else ""
    time_left = f"{_time(each.seconds_left)}{more}"
    return (*counts, work, seconds, time_left, "; ".join(each.sources))


def _arms(outlook: Outlook) -> TextTable:
    title = f"{outlook.plan.config.experiment}: arms, after round 0"
    table = TextTable(title, ("arm", "rounds", "done", "time left"), names={"arm"})
    for arm in outlook.plan.arms:
        each = outlook.times.of_arm(arm)
        rounds = (str(each.num_rounds), str(each.num_done))
        time_left = "unknown" if each.seconds_left is None else _time(each.seconds_left)
        table.rows.append((arm.name, *rounds, time_left))
    return table


def _labels(outlook: Outlook) -> TextTable:
    title = f"{outlook.plan.config.experiment}: labels of one seed, with round 0"
    header = ("arm", "images", "labelled", "boxes", "hours", "money")
    table = TextTable(title, header, names={"arm"})
    for arm in outlook.plan.arms:
        table.rows.append((arm.name, *_cells(outlook, outlook.labels.of_arm(arm))))
    table.rows.append((ALL, *_cells(outlook, outlook.labels.of_all())))
    if test := outlook.labels.of_test():
        table.rows.append((TEST_SET, *_cells(outlook, test)))
    return table


def _cells(outlook: Outlook, labels: Labels) -> Iterator[str]:
    costs = outlook.plan.config.annotation
    least = "" if labels.boxes else "at least "
    yield f"{labels.images:,.0f}"
    yield f"{labels.images_done / max(labels.images, 1):.0%}"
    yield _span(labels.boxes) if labels.boxes else "unknown"
    yield least + _span(labels.seconds(costs).map(lambda seconds: seconds / _HOUR), 1)
    yield least + _span(labels.money(costs), 2)


def _span(span: Span, decimals: int = 0) -> str:
    """Return the expected number and its range, which is left out if it is one number."""
    low, expected, high = (f"{each:,.{decimals}f}" for each in (span.low, span.expected, span.high))
    return expected if low == high else f"{expected} ({low} to {high})"


def _time(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))


def remarks_of(outlook: Outlook) -> list[str]:
    """Return, in sentences, what the tables add up to and what their figures rest on."""
    return [*_of_time(outlook), *_of_labels(outlook)]


def _of_time(outlook: Outlook) -> Iterator[str]:
    times, devices, hours = outlook.times, outlook.devices, outlook.hours_left
    if not times.left:
        yield "nothing is left to run"
        return
    seconds, in_parallel = times.total(times.left), times.in_parallel()
    if seconds is not None and in_parallel is not None:
        yield (
            f"about {_time(seconds)} of work left, one stage at a time; "
            f"{_time(in_parallel)} if everything runs at once that can"
        )
    if hours is not None:
        threads = f", with {threads_in_words(devices.threads)}" if devices.kind == "CPU" else ""
        yield f"about {hours:.2f} {devices.kind} hours{threads} ({devices.why})"
    unknown = [each.stage for each in times.of_stages() if each.num_unknown]
    if unknown:
        advice = "; --probe measures here, for about a minute, those that run the network"
        told = f"no finished stage tells how long these take: {', '.join(unknown)}"
        yield told + (advice if "train" in unknown else "")


def _of_labels(outlook: Outlook) -> Iterator[str]:
    config, counts = outlook.plan.config, outlook.labels.counts
    labels = outlook.labels.of_all()
    if labels.images_done == labels.images:
        yield "all images are labelled: their boxes are counted"
    elif counts:
        yield (
            f"boxes: {counts.mean:.2f} an image, by {counts.source}; the range is from the images "
            "with the fewest to those with the most"
        )
    else:
        yield "boxes: unknown, since no image is labelled; hours and money are of images alone"
    costs = config.annotation
    yield (
        f"annotation takes {costs.seconds_per_image:g} s an image and {costs.seconds_per_box:g} s "
        f"a box, and costs {costs.price_per_image:g} an image and {costs.price_per_box:g} a box"
    )
    if outlook.data.is_labelled and costs.annotator == "oracle":
        yield "the oracle knows the boxes; hours and money are what people would take"
    elif len(outlook.plan.arms) > 1:
        yield "an image that several arms or seeds pick is labelled once: the sum is an upper bound"
    if not outlook.data.is_there:
        yield f"data set {outlook.data.name!r} is synthetic: it is drawn when the experiment begins"
    picked, wanted = outlook.picked_and_wanted
    if picked < wanted:
        yield (
            f"the pool has {picked} images to select from, and {config.rounds} rounds want "
            f"{wanted}: the last rounds label fewer images or none"
        )


def to_json(outlook: Outlook) -> bytes:
    """Return all of it as JSON; seconds and money as numbers."""
    times, labels, costs = outlook.times, outlook.labels, outlook.plan.config.annotation

    def labelled(found: Labels) -> dict[str, object]:
        return {
            **asdict(found),
            "annotation_seconds": asdict(found.seconds(costs)),
            "annotation_money": asdict(found.money(costs)),
        }

    stages = {each.stage: {**asdict(each), "unit": UNITS[each.stage]} for each in times.of_stages()}
    arms = {
        arm.name: {**asdict(times.of_arm(arm)), "labels": labelled(labels.of_arm(arm))}
        for arm in outlook.plan.arms
    }
    return dump_json(
        {
            "experiment": outlook.plan.config.experiment,
            "stages": stages,
            "arms": arms,
            "labels": labelled(labels.of_all()),
            **({"test": labelled(test)} if (test := labels.of_test()) else {}),
            "seconds_left": times.total(times.left),
            "seconds_left_in_parallel": times.in_parallel(),
            "device": asdict(outlook.devices),
            "device_hours_left": outlook.hours_left,
            "annotation": costs.model_dump(mode="json"),
            "remarks": remarks_of(outlook),
        }
    )
