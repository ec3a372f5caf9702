"""A whole experiment: take up its data set and its configuration, run what is left, report."""

import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from job import log, loop
from job.acquisition.registry import complete, make_strategy
from job.acquisition.strategy import Strategy
from job.config import BOUND, Config, known
from job.data.dataset import Dataset
from job.data.ingest import ingest
from job.data.synthetic import SyntheticSource
from job.errors import AlJobError, ConfigError, StopRequested, UsageError
from job.keys import RoundRef, Stage, StageRef
from job.launch.local import LocalLauncher
from job.report.results import Row
from job.report.write import update_report
from job.rounds import (
    Markers,
    begin_experiment,
    experiment_names,
    join_shares,
    load_experiment,
)
from job.stages import run_stage
from job.stages.select import COLD_START_COLUMNS
from job.storage import Store


@dataclass(frozen=True)
class Outcome:
    """What a run did."""

    config: Config
    num_run: int
    """Stages that ran; 0 where all were done."""
    rows: list[Row]


@dataclass(frozen=True)
class Part:
    """A part of an experiment: some arms, some seeds; empty: all of them."""

    arms: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()

    def of(self, config: Config) -> Config:
        """Return the configuration as if it had this part only.

        Raises:
            UsageError: It has no such arm or seed.
        """
        for arm in self.arms:
            if arm not in {*config.arms, *([BOUND] if config.bound else [])}:
                raise UsageError(_unknown("arm", arm, [*config.arms]))
        for seed in self.seeds:
            if seed not in config.seeds:
                raise UsageError(_unknown("seed", str(seed), [str(each) for each in config.seeds]))
        arms = {
            name: arm for name, arm in config.arms.items() if name in self.arms or not self.arms
        }
        changes = {
            "arms": arms,
            "seeds": self.seeds or config.seeds,
            "bound": config.bound and (BOUND in self.arms or not self.arms),
        }
        return config.model_copy(update=changes)


def begin(store: Store, config: Config) -> Config:
    """Begin an experiment, or take it up: nothing is run but, where asked for, the drawing of data.

    Returns:
        The configuration, with the data set's digest.

    Raises:
        ConfigError: A strategy is wrong, or the experiment began with another configuration.
        UsageError: The data set is not there.
    """
    config = complete_arms(config)
    name, synthetic = config.dataset.name, config.dataset.synthetic
    if synthetic:  # drawn already: nothing is done; made from something else: refused
        ingest(store, SyntheticSource(synthetic), name)
    dataset = Dataset.open(store, name)
    wanted = sum(config.budget_of(index) for index in range(config.rounds))
    if wanted > dataset.info("pool").num_images:
        log.get().warning("budget.beyond_pool", wanted=wanted, pool=dataset.info("pool").num_images)
    return begin_experiment(store, config, dataset.digest)


def complete_arms(config: Config) -> Config:
    """Return the configuration with every setting of every strategy written out.

    Raises:
        ConfigError: A strategy or one of its settings is wrong, or round 0 would need scores.
    """
    selections = {"cold_start": config.cold_start}
    selections |= {f"arms.{name}": arm for name, arm in config.arms.items()}
    for where, arm in selections.items():
        try:
            selections[where] = complete(arm)
        except ConfigError as error:
            message = f"{where}: {error}"
            raise ConfigError(message) from error
        _check_columns(where, make_strategy(arm), config)
    cold_start, *arms = selections.values()
    named = dict(zip(config.arms, arms, strict=True))
    return config.model_copy(update={"cold_start": cold_start, "arms": named})


def _check_columns(where: str, strategy: Strategy, config: Config) -> None:
    """Refuse a strategy that reads what will not be there."""
    reads = strategy.columns | strategy.labelled_columns
    if where == "cold_start" and (missing := strategy.columns - COLD_START_COLUMNS):
        message = (
            f"cold_start: {config.cold_start.strategy} needs scores ({', '.join(sorted(missing))}),"
            " and round 0 has none: choose one that needs none or embeddings only, such as random "
            "or coreset"
        )
        raise ConfigError(message)
    if "box_features" in reads and not config.score.box_features:
        message = f"{where}: the strategy reads box_features: set score.box_features to true"
        raise ConfigError(message)


def run(store: Store, config: Config, only: "Part | None" = None) -> Outcome:
    """Run all of an experiment that is not done, in this process, and write its report.

    Args:
        store: Where everything is.
        config: The experiment.
        only: The part of it to run; the rest stays as it is.
    """
    kind, place = config.detector.backbone_place
    if kind == "file" and not Path(place).is_file():
        message = f"detector.backbone: {place}: no such file; name another, or say hub or scratch"
        raise ConfigError(message)
    config = begin(store, config)
    markers = Markers(store)
    launcher = LocalLauncher(store, config)
    part = only.of(config) if only else config
    num_run = loop.run(part, launcher, lambda ref: markers.is_done(ref, config))
    return Outcome(config, num_run, update_report(store, config))


def run_once(store: Store, config: Config, ref: StageRef, shard: tuple[int, int]) -> None:
    """Run one stage, or one share of it, unless it is done; in a pod, the store keeps its log."""
    with _kept_log(store, ref):
        _run_once(store, config, ref, shard)


def _run_once(store: Store, config: Config, ref: StageRef, shard: tuple[int, int]) -> None:
    markers = Markers(store)
    if not markers.is_done(ref, config, shard):
        run_stage(store, config, ref, shard)
        return
    log.get().info("stage.skip", stage=ref.stage, reason="done already")
    own = markers.at(ref.shard_done(*shard))
    if own and not markers.is_done(ref, config):  # who did this share was killed right after
        join_shares(store, ref, own, shard[1])


@contextmanager
def _kept_log(store: Store, ref: StageRef) -> Iterator[None]:
    """Keep what is logged within, in a process whose attempt has a name: its pod will be gone."""
    attempt = os.environ.get("AL_ATTEMPT")
    if not attempt:
        yield
        return
    with log.copied() as copy:
        try:
            yield
        except (AlJobError, StopRequested) as error:
            copy.write(f"al-job: {error}\n")
            raise
        except Exception:
            copy.write(traceback.format_exc())
            raise
        finally:
            try:
                store.write(ref.log(attempt), copy.getvalue().encode())
            except AlJobError as error:
                log.get().warning("stage.log_lost", reason=str(error))


def kept_logs(store: Store, ref: StageRef) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the log of each attempt at a stage that the store keeps."""
    for key in store.list(ref.log("").removesuffix(".log")):
        yield key.rpartition("/")[2].removesuffix(".log"), store.read(key)


def choose_experiment(store: Store, name: str | None) -> Config:
    """Return the named experiment's configuration, or that of the only one there is.

    Raises:
        UsageError: There is none, or none was named and there are several.
    """
    if name:
        return load_experiment(store, name)
    names = experiment_names(store)
    if not names:
        message = (
            f"{store.url} holds no experiment: `al-job run CONFIG` makes and runs one, "
            "`al-job begin CONFIG` only makes it"
        )
        raise UsageError(message)
    return load_experiment(store, _only("experiment", names))


def choose_stage(
    config: Config, stage: Stage, round_index: int, arm: str | None, seed: int | None
) -> StageRef:
    """Return the stage that is meant; an arm or seed left out is the only one there is.

    Raises:
        UsageError: There is no such arm, seed or round, or one was left out and there are several.
    """
    if seed is None:
        seed = int(_only("seed", [str(each) for each in config.seeds]))
    elif seed not in config.seeds:
        raise UsageError(_unknown("seed", str(seed), [str(each) for each in config.seeds]))
    arms = [*config.arms, *([BOUND] if config.bound else [])]
    if arm is not None and arm not in arms:
        raise UsageError(_unknown("arm", arm, arms))
    if arm is None and round_index > 0:  # round 0 is shared by all arms
        arm = _only("arm", list(config.arms))
    last = 1 if arm == BOUND else config.rounds - 1
    if round_index > last:
        message = f"--round {round_index}: {config.experiment} has rounds 0 to {last}"
        raise UsageError(message)
    return RoundRef(config.experiment, seed, arm, round_index).stage(stage)


def _only(kind: str, names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    message = f"which {kind}? Say --{kind} or set AL_{kind.upper()} ({known(names)})"
    raise UsageError(message)


def _unknown(kind: str, name: str, names: list[str]) -> str:
    return f"--{kind} {name}: no such {kind} ({known(names)})"
