"""One pass over a round that people label: see what is there, ask for what lacks, or end it.

A pass remembers nothing. It may be killed at any moment and made again: what people are asked for
is written before the first request, a tool is asked again without harm, and what people have said
is in the tool until it is in the book.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain

from job.annotation.accounts import cost_of_people, image_outcome, known_outcome, measured
from job.annotation.batch import PickedImage
from job.annotation.book import Book, Said, last_of_each
from job.annotation.elsewhere import asked_elsewhere, counted_elsewhere
from job.annotation.heard import Heard
from job.annotation.intent import dump_intent, make_intent, read_intent
from job.annotation.judge import Judge
from job.annotation.tool import AnnotationTool, Task
from job.annotation.tools import open_tool
from job.artifacts import names
from job.artifacts.annotating import Annotating, Attention, dump_annotating
from job.artifacts.cost import Cost, Measured
from job.artifacts.outcome import ImageOutcome, RoundOutcome
from job.artifacts.stage_io import StageIO
from job.errors import AnnotatingError, BadDataError
from job.records.annotation import Annotation
from job.runtime import log

_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Answered:
    """A round that people have labelled."""

    labels: dict[str, Annotation]
    """Of the labelled images, in the order of rank."""
    outcome: RoundOutcome
    cost: Cost
    measured: Measured
    intent: bytes
    """What they were asked for, as it is stored."""


def ask_people(io: StageIO, known: Mapping[str, Annotation]) -> Answered:
    """Make one pass over a round, and return it if enough of it is answered.

    Args:
        io: Of the stage `annotate` of the round.
        known: Labels of picks that the data set has: nobody is asked for them.

    Raises:
        AnnotatingError: People are at work on it.
        ConfigError: The tool refuses us, or is not as it was left.
        TemporaryError: The tool does not answer.
        BadDataError: All picks are refused, and nothing else is labelled.
    """
    asking = _Asking(io, known)
    if not asking.needs_tool:
        return asking.answered()
    tool = open_tool(io)
    asking.withdraw_old_picks(tool)
    asking.write_intent()
    asking.look(tool)
    if not asking.is_enough:
        asking.push(tool)
        raise asking.waiting(tool)
    asking.close(tool)
    return asking.answered()


class _Asking:
    """A round, and what people have said of its picks so far."""

    def __init__(self, io: StageIO, known: Mapping[str, Annotation]) -> None:
        self._io = io
        self._known = known
        self._config = io.config.annotation
        self._judge = Judge(io.dataset.classes, self._config)
        self._book = Book(io.store, io.round.experiment)
        self._tasks: dict[str, Task] = {}
        self._heard = Heard(io)
        picks = io.picked_ids(io.round)
        self._wanted = [each for each in picks if each not in known]
        self._before = read_intent(io.store, io.ref.prefix)
        is_ours = self._before and [image.id for image in self._before.images] == picks
        self._intent = self._before if self._before and is_ours else make_intent(io)
        self._images = {image.id: image for image in self._intent.images}
        self._hear(self._book.answers(self._wanted))
        if not is_ours:
            answered = set(self._wanted).difference(self._open)
            self._intent = replace(self._intent, answered=tuple(sorted(answered)))

    def _hear(self, said: Mapping[str, tuple[Said, ...]]) -> None:
        """Judge each image that people are wanted for by what they said of it."""
        self._said = said
        self._verdicts = {
            each: self._judge.verdict(said.get(each, ()), self._images[each].size_wh)
            for each in self._wanted
        }

    @property
    def needs_tool(self) -> bool:
        """Whether there is something to ask for, or something may have been asked for."""
        return bool(self._before or self._open)

    @property
    def _open(self) -> list[str]:
        return [each for each, verdict in self._verdicts.items() if verdict.fate == "open"]

    @property
    def is_enough(self) -> bool:
        """Whether all picks are answered, or as large a share as is enough after this time."""
        total, enough = len(self._intent.images), self._config.enough
        num_answered = total - len(self._open)
        waited = (datetime.now(UTC) - self._intent.begun).total_seconds()
        is_share = num_answered >= enough.share * total - _ROUNDING
        return not self._open or (is_share and waited >= enough.after_seconds)

    def withdraw_old_picks(self, tool: AnnotationTool) -> None:
        """Stop asking for the picks of an earlier selection, which this round has no more."""
        old = {image.id for image in self._before.images} if self._before else set()
        if gone := old - self._images.keys():
            tool.withdraw(gone - asked_elsewhere(self._io))

    def write_intent(self) -> None:
        """Write what will be asked for, before it is."""
        if self._intent is not self._before:
            self._io.store.write(self._io.ref.key(names.BATCH), dump_intent(self._intent))

    def look(self, tool: AnnotationTool) -> None:
        """Hear what people have said so far, in the tool and in the book.

        What was heard before counts, too, if its task was deleted since.
        """
        now = datetime.now(UTC)
        self._tasks = {task.image_id: task for task in tool.tasks()}
        told = [Said.of(each, now) for task in self._tasks.values() for each in task.answers]
        told += [each for each in self._heard.read() if each.answer.image_id not in self._tasks]
        ours = [each for each in told if each.answer.image_id in self._verdicts]
        self._keep_late([each for each in told if each.answer.image_id not in self._verdicts])
        self._heard.write(ours, now)
        booked = self._book.answers(self._wanted).values()
        self._hear(last_of_each(chain(*booked, ours)))

    def _keep_late(self, told: list[Said]) -> None:
        """Keep answers that no round waits for any more: they count when an image is picked."""
        new = [each for each in told if self._book.lacks(each)]
        if not new:
            return
        elsewhere = asked_elsewhere(self._io)
        late = [each.answer for each in new if each.answer.image_id not in elsewhere]
        if self._book.add(late):
            log.get().info("annotate.late", answers=len(late))

    def push(self, tool: AnnotationTool) -> None:
        """Ask for the images that are open; what is asked for already is left alone."""
        batch = self._intent.batch(self._io, self._open)
        tool.push(batch, partial(self._io.dataset.read_images, "pool"))

    def close(self, tool: AnnotationTool) -> None:
        """Stop asking, and put what people have said into the book.

        Somebody may have answered meanwhile, so that there is one more look.
        """
        elsewhere = asked_elsewhere(self._io) if self._open else frozenset()
        tool.withdraw([each for each in self._images if each not in elsewhere])
        self.look(tool)
        self._book.add(each.answer for said in self._said.values() for each in said)
        self._hear(self._book.answers(self._wanted))

    def waiting(self, tool: AnnotationTool) -> AnnotatingError:
        """Write how far people are, and return it as the end of this pass."""
        state = self._state(tool)
        self._io.store.write(self._io.ref.key(names.ANNOTATING), dump_annotating(state))
        return AnnotatingError(f"{self._io.ref}: {state.summary}")

    def _state(self, tool: AnnotationTool) -> Annotating:
        fates = Counter(verdict.fate for verdict in self._verdicts.values())
        return Annotating(
            tool=tool.name,
            link=tool.link,
            total=len(self._images),
            labelled=fates["labelled"] + len(self._images) - len(self._wanted),
            refused=fates["refused"],
            begun=self._intent.begun,
            updated=datetime.now(UTC).replace(microsecond=0),
            attention=tuple(
                Attention(each, self._verdicts[each].problem, self._link(each, tool))
                for each in self._open
                if self._verdicts[each].problem
            ),
            at_work=sum(each in self._tasks and self._tasks[each].is_begun for each in self._open),
            per_hour=self._per_hour(),
        )

    def _link(self, image_id: str, tool: AnnotationTool) -> str:
        return self._tasks[image_id].link if image_id in self._tasks else tool.link

    def _per_hour(self) -> float | None:
        """Return how many images were answered in an hour, by the last one."""
        now, begun = datetime.now(UTC), self._intent.begun
        since = max(begun, now - _HOUR)
        times = (v.said[-1].time for v in self._verdicts.values() if v.fate != "open")
        num = sum(since <= each for each in times)
        return num / (max(now - since, _MINUTE) / _HOUR) if num else None

    def answered(self) -> Answered:
        """Return what became of the picks.

        Raises:
            BadDataError: All are refused, and nothing else is labelled.
        """
        outcomes = self._outcomes()
        labels = {each.id: self._label(each.id) for each in outcomes if each.fate == "labelled"}
        if outcomes and not labels and not self._io.pool_before.labelled:
            message = (
                f"{self._io.ref}: none of the {len(outcomes)} picks could be labelled, and nothing "
                "else is: label one of them after all, and run this again"
            )
            raise BadDataError(message)
        classes = self._io.dataset.classes
        return Answered(
            labels=labels,
            outcome=RoundOutcome(
                annotator=self._config.annotator,
                per_image=self._config.per_image,
                images=outcomes,
                seconds_waited=self._seconds_waited(),
                min_confidence=self._intent.min_confidence,
            ),
            cost=cost_of_people(outcomes, labels, classes, self._config),
            measured=measured(outcomes),
            intent=dump_intent(self._intent),
        )

    def _outcomes(self) -> tuple[ImageOutcome, ...]:
        foreign = {image.id for image in self._intent.images if self._is_foreign(image)}
        shared = counted_elsewhere(self._io) if foreign else frozenset()
        return tuple(
            known_outcome(image.id, self._known[image.id], self._config)
            if image.id in self._known
            else image_outcome(
                replace(image, proposals=()) if image.id in foreign else image,
                self._verdicts[image.id],
                self._config,
                is_shared=image.id in shared,
            )
            for image in self._intent.images
        )

    def _is_foreign(self, image: PickedImage) -> bool:
        """Whether people answered it for another round, and with the proposals of that one."""
        task = self._tasks.get(image.id)
        return image.id in self._intent.answered or (task is not None and task.key != image.key)

    def _label(self, image_id: str) -> Annotation:
        if image_id in self._known:
            return self._known[image_id]
        label = self._verdicts[image_id].annotation
        assert label is not None  # noqa: S101 - it is labelled
        return label

    def _seconds_waited(self) -> float:
        """Return the time from the first request to the last answer."""
        times = [each.time for verdict in self._verdicts.values() for each in verdict.said]
        waited = max(times, default=self._intent.begun) - self._intent.begun
        return max(waited.total_seconds(), 0.0)
