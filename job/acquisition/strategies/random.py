"""Uniform random sampling: the baseline, and the cold start."""

from collections.abc import Collection

from job.acquisition.strategy import Pick, Selection, Strategy, Task


class Random(Strategy):
    """Draws images at random: each unlabelled image is equally likely."""

    def select(self, task: Task) -> Selection:
        """Draw without replacement; picks are in the order of the draw, and every score is 0."""
        return draw(task.unlabelled.ids, task)

    def is_random(self, pick: Pick) -> bool:
        """Every pick is."""
        del pick
        return True


def draw(image_ids: Collection[str], task: Task) -> Selection:
    """Draw `task.budget` of some images, or all of them if there are fewer."""
    ids = sorted(image_ids)
    rows = task.rng.choice(len(ids), size=min(task.budget, len(ids)), replace=False)
    return Selection(tuple(Pick(ids[row], 0.0, "drawn at random") for row in rows))
