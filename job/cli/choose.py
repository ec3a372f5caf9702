"""Which experiment, arm and seed a command means."""

from job.artifacts.experiments import experiment_names, load_experiment
from job.config.experiment import FULLY_SUPERVISED, Config
from job.errors import UsageError
from job.keys import RoundRef, Stage, StageRef
from job.plan import unknown_choice
from job.runtime.names import known
from job.storage import Store


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
            f"{store.url} holds no experiment: `al-job run CONFIG` creates and runs one, "
            "`al-job init CONFIG` only creates it"
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
        raise UsageError(unknown_choice("seed", str(seed), [str(each) for each in config.seeds]))
    arms = [*config.arms, *([FULLY_SUPERVISED] if config.full_supervision else [])]
    if arm is not None and arm not in arms:
        raise UsageError(unknown_choice("arm", arm, arms))
    if arm is None and round_index > 0:  # round 0 is shared by all arms
        arm = _only("arm", list(config.arms))
    last = 1 if arm == FULLY_SUPERVISED else config.rounds - 1
    if round_index > last:
        message = f"--round {round_index}: {config.experiment} has rounds 0 to {last}"
        raise UsageError(message)
    return RoundRef(config.experiment, seed, arm, round_index).stage(stage)


def _only(kind: str, names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    message = f"which {kind}? Say --{kind} or set AL_{kind.upper()} ({known(names)})"
    raise UsageError(message)
