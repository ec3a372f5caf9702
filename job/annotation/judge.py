"""What the answers to an image amount to: it is labelled, refused, or still open."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from job.annotation.book import Said
from job.annotation.checks import annotation_of, problems_of
from job.annotation.several import agreement, consensus
from job.artifacts.outcome import Fate
from job.config.annotation import AnnotationConfig
from job.records.annotation import Annotation


@dataclass(frozen=True)
class Verdict:
    """What became of one image so far."""

    fate: Fate
    said: tuple[Said, ...] = ()
    """The last answer of each annotator, in the order of time."""
    annotation: Annotation | None = None
    """Of a labelled image."""
    agreement: float | None = None
    """Of those who labelled it; None: fewer than two did."""
    problem: str = ""
    """Of an open image: why its last wrong answer cannot be taken."""


@dataclass(frozen=True)
class Judge:
    """Judges images by the settings of an experiment."""

    classes: Collection[str]
    config: AnnotationConfig

    def verdict(self, said: Sequence[Said], size_wh: tuple[int, int]) -> Verdict:
        """Return what the answers to an image amount to.

        An answer that is marked as ground truth settles it. Otherwise as many answers as are waited
        for have to be right, and the last one among them: a right answer takes the place of a wrong
        one before it.

        Args:
            said: The last answer of each annotator, in the order of time.
            size_wh: The image's size in pixels, upright.
        """
        wrong = {
            place: problems
            for place, each in enumerate(said)
            if (problems := problems_of(each.answer, size_wh, self.classes))
        }
        right = [each for place, each in enumerate(said) if place not in wrong]
        reviewed = [each for each in right if each.answer.is_ground_truth]
        is_settled = len(right) >= self.config.per_image and len(said) - 1 not in wrong
        if not reviewed and not is_settled:
            problems = wrong[max(wrong)] if wrong else []
            return Verdict("open", tuple(said), problem="; ".join(problems))
        return self._settled(said, right, reviewed, size_wh)

    def _settled(
        self,
        said: Sequence[Said],
        right: Sequence[Said],
        reviewed: Sequence[Said],
        size_wh: tuple[int, int],
    ) -> Verdict:
        """Return the verdict on an image with enough right answers."""
        labels = [annotation_of(each.answer, size_wh) for each in _labelling(right)]
        agreed = agreement(labels, self.config.consensus_iou)
        if not _labelling(reviewed[-1:] or self._deciding(right)):
            return Verdict("refused", tuple(said), agreement=agreed)
        if not reviewed and self.config.several == "consensus":
            best = consensus(labels, self.config.consensus_iou)
        else:
            best = annotation_of((reviewed or right)[-1].answer, size_wh)
        return Verdict("labelled", tuple(said), best, agreed)

    def _deciding(self, right: Sequence[Said]) -> Sequence[Said]:
        """Return the answers that decide whether an image is refused, if none is ground truth.

        It is the last one. By consensus it takes more than half of the annotators.
        """
        if self.config.several == "latest":
            return right[-1:]
        num_refused = len(right) - len(_labelling(right))
        return () if 2 * num_refused > len(right) else right


def _labelling(said: Sequence[Said]) -> list[Said]:
    return [each for each in said if not each.answer.is_refused]
