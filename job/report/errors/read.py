"""What the models of each arm's last round get wrong on the test set, read from the store."""

from collections.abc import Iterator, Sequence

from job.artifacts.reader import Reader
from job.artifacts.round_reader import RoundReader
from job.data.shards import LabelledImage
from job.detection.metrics.detections import Detections
from job.detection.metrics.error_kinds import Kind, explain
from job.errors import MissingObjectError
from job.keys import RoundRef
from job.plan import Plan
from job.report.analysis.results import Row
from job.report.drawing.outlines import OutlinedImage
from job.report.errors.examples import Gallery
from job.report.errors.summary import ArmErrors, SeedErrors, summarise
from job.runtime import log

MAX_ARMS = 3
"""So many arms have pictures: the page is one file."""


def read_errors(
    reader: Reader, plan: Plan, rows: Sequence[Row], arms: Sequence[str]
) -> Iterator[ArmErrors]:
    """Yield the errors of each arm after the last round that any of its seeds has.

    If the test images are not there any more, there are none: all else of a report does without.

    Args:
        reader: One with a listing of the experiment.
        plan: The experiment.
        rows: Its results, on one test set.
        arms: The arms, in their order.

    Raises:
        BadDataError: The test set or the detections in it are damaged.
    """
    tests = _TestSets(reader, plan)
    for number, (arm, refs) in enumerate(_last_rounds(plan, arms, rows).items()):
        try:
            found = _of_arm(arm, refs, tests, has_pictures=number < MAX_ARMS)
        except MissingObjectError as error:
            log.get().warning("report.without_errors", arm=arm, reason=str(error))
            continue
        if found:
            yield found


def _last_rounds(plan: Plan, arms: Sequence[str], rows: Sequence[Row]) -> dict[str, list[RoundRef]]:
    """Return the last round of each arm that was measured, of each seed that has it.

    Round 0 is of all arms, so it stands for none of them, unless there is no other.
    """
    measured = {(row.arm, row.round, row.seed) for row in rows if row.mAP is not None}
    last = {
        arm: max((index for name, index, _ in measured if name == arm), default=0) for arm in arms
    }
    shown = [arm for arm in arms if last[arm]] or list(arms[:1])
    found = {arm: list[RoundRef]() for arm in shown}
    for arm, ref in plan.rounds():
        is_last = arm.name in found and ref.index == last[arm.name]
        if is_last and (arm.name, ref.index, ref.own_seed) in measured:
            found[arm.name].append(ref)
    return found


class _TestSets:
    """The test sets that models were measured on, each of which is read once."""

    def __init__(self, reader: Reader, plan: Plan) -> None:
        self._reader = reader
        self._plan = plan
        self._images = dict[str, dict[str, LabelledImage]]()

    def gallery(self, ref: RoundRef) -> Gallery | None:
        """Return what a round's model got wrong; None if the test set has grown since."""
        io = RoundReader.beside(self._reader, self._plan, ref)
        classes, digest = io.dataset.classes, io.dataset.digest
        if digest not in self._images:
            self._images[digest] = {image.id: image for image in io.test_images()}
        images = self._images[digest]
        found = Detections.from_table(self._reader.detections(ref), classes)
        if set(found.ids) != images.keys():
            return None
        truth = {image_id: image.annotation for image_id, image in images.items()}
        return Gallery(images, found, explain(truth, found, classes), classes)


def _of_arm(
    arm: str, refs: Sequence[RoundRef], tests: _TestSets, *, has_pictures: bool
) -> ArmErrors | None:
    """Return the errors of an arm; the millions of detections of one model are held at a time."""
    models, classes = list[SeedErrors](), tuple[str, ...]()
    pictures = dict[Kind, list[OutlinedImage]]()
    for ref in refs:
        if gallery := tests.gallery(ref):
            models.append(SeedErrors.of(ref.own_seed, gallery.explained))
            classes = gallery.classes
            if has_pictures and len(models) == 1:
                pictures = gallery.pictures()
    return summarise(arm, refs[0].index, models, classes, pictures) if models else None
