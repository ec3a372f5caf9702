"""One fixed rule that selects another strategy by the situation: what to take without experiments.

The rule has a number, which is a setting: an experiment keeps the rule that it began with.
"""

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from job.acquisition.features import situation
from job.acquisition.features.situation import Situation, situation_of
from job.acquisition.registry import make_strategy
from job.acquisition.strategies.balanced_herding import BalancedHerding
from job.acquisition.strategies.presence import Presence
from job.acquisition.strategy import Pick, Selection, Strategy, Task
from job.config.schema import ArmConfig
from job.runtime import log

MANY_EMPTY = 0.5
"""With this share of images without an object, finding those that show one comes first."""


@dataclass(frozen=True)
class Choice:
    """A strategy with its settings, and why it is the one to take."""

    arm: ArmConfig
    why: str


def choose(now: Situation) -> Choice:
    """Return the strategy to take in a situation."""
    if not now.tells_images_apart:
        return Choice(ArmConfig(strategy="random"), "the embeddings do not tell images apart")
    if now.empty_share is not None and now.empty_share >= MANY_EMPTY:
        return Choice(
            ArmConfig(strategy="presence"), f"{now.empty_share:.0%} of the images seem empty"
        )
    return Choice(ArmConfig(strategy="balanced_herding"), "covering the pool comes first")


class Recommended(Strategy):
    """Looks at the situation, and selects by the strategy that is recommended for it.

    If at least half of the images seem to show no object, it is `presence`. Else it is
    `balanced_herding`, also in round 0. If the embeddings do not tell images apart, which is so if
    the network has random weights, it is `random`. The log and the reason of each
    pick say which one it was, and why. [Which strategy, when](which-strategy.md) has the evidence.
    """

    reads: ClassVar[frozenset[str]] = situation.READS | BalancedHerding.reads | Presence.reads
    reads_labelled: ClassVar[frozenset[str]] = (
        situation.READS_LABELLED | BalancedHerding.reads_labelled
    )
    reads_cold_start: ClassVar[frozenset[str]] = situation.READS_COLD_START

    rule: Literal[1] = 1
    """The number of the rule. A later version of al-voc may have another rule, and keeps this one
    for experiments that began with it."""

    def select(self, task: Task) -> Selection:
        """Choose a strategy, and let it select."""
        choice = choose(situation_of(task))
        name = choice.arm.strategy
        log.get().info("select.recommended", strategy=name, reason=choice.why)
        picks = make_strategy(choice.arm).select(task).picks
        return Selection(
            tuple(replace(pick, reason=f"{name}, as {choice.why}: {pick.reason}") for pick in picks)
        )

    def is_random(self, pick: Pick) -> bool:
        """Those of a round in which it chose `random` are."""
        return pick.reason.startswith("random, as ")
