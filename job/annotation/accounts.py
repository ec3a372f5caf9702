"""What labelling by people took, image by image and of a whole round."""

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import add

from job.annotation.batch import PickedImage
from job.annotation.book import Said
from job.annotation.edits import edits_of
from job.annotation.judge import Verdict
from job.artifacts.cost import Cost, Measured
from job.artifacts.outcome import AnnotatorOutcome, Edits, ImageOutcome
from job.config.annotation import AnnotationConfig
from job.records.annotation import Annotation, class_counts


def image_outcome(
    image: PickedImage, verdict: Verdict, config: AnnotationConfig, *, is_shared: bool
) -> ImageOutcome:
    """Return what became of an image that people were asked for.

    An open image costs nothing now: it does when it is picked again.

    Args:
        image: With the proposals that people have seen.
        verdict: What their answers amount to.
        config: What time costs.
        is_shared: Whether another round has counted it before.
    """
    is_open = verdict.fate == "open"
    said = () if is_open else verdict.said
    return ImageOutcome(
        id=image.id,
        fate=verdict.fate,
        annotators=tuple(_annotator_outcome(each, image, config) for each in said),
        proposals=len(image.proposals),
        agreement=verdict.agreement,
        is_shared=is_shared and not is_open,
        problem=verdict.problem,
    )


def _annotator_outcome(
    said: Said, image: PickedImage, config: AnnotationConfig
) -> AnnotatorOutcome:
    answer = said.answer
    num_boxes = 0 if answer.is_refused else len(answer.boxes)
    if answer.seconds is None:
        counted = config.seconds(1, num_boxes)
    else:
        counted = min(answer.seconds, config.max_seconds_per_image)
    return AnnotatorOutcome(
        by=answer.by,
        boxes=num_boxes,
        is_refused=answer.is_refused,
        seconds=answer.seconds,
        counted_seconds=counted,
        edits=edits_of(answer, image.proposals),
        answers=said.name,
    )


def known_outcome(image_id: str, label: Annotation, config: AnnotationConfig) -> ImageOutcome:
    """Return what became of a pick whose label the data set has: its time is assumed."""
    num_boxes = len(label.crowd) - sum(label.crowd)
    seconds = config.seconds(1, num_boxes)
    annotator = AnnotatorOutcome(by="", boxes=num_boxes, counted_seconds=seconds)
    return ImageOutcome(image_id, "labelled", (annotator,))


def cost_of_people(
    images: Iterable[ImageOutcome],
    labels: Mapping[str, Annotation],
    classes: Sequence[str],
    config: AnnotationConfig,
) -> Cost:
    """Return the cost of a round: of each annotator's time, and of the boxes that each drew.

    The images and boxes are those that are labelled. Time and money are also those of images that
    were refused.
    """
    counts = class_counts(list(labels.values()), classes)
    annotators = [each for image in images for each in image.annotators]
    return Cost(
        images=len(labels),
        boxes=sum(counts.values()),
        seconds=round(sum(each.counted_seconds for each in annotators), 6),
        money=round(config.money(len(annotators), sum(each.boxes for each in annotators)), 6),
        class_counts=counts,
    )


def measured(images: Sequence[ImageOutcome]) -> Measured:
    """Return what of the time of a round was measured, and what became of its proposals."""
    every = [each for image in images for each in image.annotators]
    timed = [each for each in every if each.seconds is not None]
    assumed = [each for each in every if each.seconds is None]
    return Measured(
        answers=len(timed),
        seconds_raw=round(sum(each.seconds or 0.0 for each in timed), 6),
        seconds_counted=round(sum(each.counted_seconds for each in timed), 6),
        assumed_answers=len(assumed),
        assumed_seconds=round(sum(each.counted_seconds for each in assumed), 6),
        refused=sum(image.fate == "refused" for image in images),
        edits=reduce(add, (each.edits for each in every if each.edits), Edits()),
    )
