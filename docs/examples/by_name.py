"""A strategy: images in the order of their ids."""

from job.acquisition import Pick, Selection, Strategy, Task


class ByName(Strategy):
    """Selects images in the order of their ids."""

    is_reversed: bool = False
    """Whether the last ids come first."""

    def select(self, task: Task) -> Selection:
        """Select as many of the unlabelled images as the budget allows."""
        ids = sorted(task.unlabelled.ids, reverse=self.is_reversed)[: task.budget]
        return Selection(tuple(Pick(each, 0.0, "by its name") for each in ids))
