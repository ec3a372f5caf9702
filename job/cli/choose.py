"""Which configuration, experiment, arm and seed a command means."""

import typer

from job.artifacts.experiment_file import experiment_names, load_experiment
from job.artifacts.listing import Listing
from job.artifacts.round_reader import RoundReader
from job.config import loading
from job.errors import ConfigError, UsageError
from job.keys import TEST, RoundRef, Stage, StageRef
from job.plan import Plan
from job.runtime.names import known, unknown
from job.storage import Store, open_store


def refuse_given(context: typer.Context, *names: str, why: str) -> None:
    """Refuse options that the command line has, and that would have no effect.

    What is set by the environment is left alone: it may be meant for other commands.

    Args:
        context: Of the command.
        names: The options' names, as parameters of the command.
        why: What to say of such an option.

    Raises:
        UsageError: One is given.
    """
    options = {each.name: each.opts[0] for each in context.command.params}
    for name in names:
        source = context.get_parameter_source(name)
        if source and source.name == "COMMANDLINE":
            message = f"{options[name]}: {why}"
            raise UsageError(message)


def load_plan(source: str) -> Plan:
    """Return the plan of a file or a preset; what is wrong with an arm is told with its file."""
    config = loading.load(source)
    try:
        return Plan(config)
    except ConfigError as error:
        message = f"{source}: {error}"
        raise ConfigError(message) from error


def choose_experiment(store: Store, name: str | None, *, read_only: bool = False) -> Plan:
    """Return the plan of the named experiment, or of the only one that the store holds.

    Args:
        store: The store.
        name: The experiment's name; None for the only one.
        read_only: Leave out settings that a newer version wrote, instead of refusing them.

    Raises:
        UsageError: There is none, or none was named and there are several.
    """
    if name:
        return Plan(load_experiment(store, name, read_only=read_only))
    names = experiment_names(store)
    if not names:
        message = (
            f"{store.url} holds no experiment: `al-job run CONFIG` creates and runs one, "
            "`al-job init CONFIG` only creates it"
        )
        raise UsageError(message)
    return Plan(load_experiment(store, _only("experiment", names), read_only=read_only))


def open_round(
    stage: Stage,
    store: str,
    experiment: str | None,
    round_name: str | None,
    arm: str | None,
    seed: int | None,
) -> RoundReader:
    """Return the reader of the round that is meant: unset, the last one with the stage done.

    It records nothing, so settings that a newer version wrote are left out.

    Raises:
        UsageError: As for `choose_experiment`, `choose_stage` and `choose_last`.
    """
    opened = open_store(store)
    plan = choose_experiment(opened, experiment, read_only=True)
    if round_name is None:
        ref = choose_last(opened, plan, stage, arm, seed)
    else:
        ref = choose_stage(plan, stage, round_name, arm, seed)
    return RoundReader(opened, plan, ref.round)


def choose_stage(
    plan: Plan, stage: Stage, round_name: str, arm: str | None, seed: int | None
) -> StageRef:
    """Return the stage that is meant; an arm or seed left out is the only one there is.

    Args:
        plan: The experiment's.
        stage: The kind of stage.
        round_name: A number, or what a round of the test set is called.
        arm: The arm's name.
        seed: The seed.

    Raises:
        UsageError: There is no such arm, seed or round, or one was left out and there are several;
            or the round has no such stage.
    """
    if round_name.startswith(TEST):
        return _choose_test(plan, stage, round_name)
    round_index, seed = int(round_name), _choose_seed(plan, seed)
    if arm is None and round_index > 0:  # round 0 is shared by all arms
        arm = _only("arm", _arms(plan))
    rounds = plan.arm(arm).rounds if arm else plan.cold_start.rounds
    last, experiment = max(rounds, default=0), plan.config.experiment
    if round_index > last:
        message = f"--round {round_index}: {experiment} has rounds 0 to {last}"
        raise UsageError(message)
    return RoundRef(experiment, seed, arm, round_index).stage(stage)


def _choose_test(plan: Plan, stage: Stage, round_name: str) -> StageRef:
    """Return a stage of the test set that is drawn from the pool; it has no arm and no seed."""
    refs, experiment = plan.test_rounds(), plan.config.experiment
    if not refs:
        message = f"--round {round_name}: {experiment} draws no test set from its pool"
        raise UsageError(message)
    ref = {each.label: each for each in refs}.get(round_name)
    if ref is None:
        message = f"--round {unknown(round_name, [each.label for each in refs])}"
        raise UsageError(message)
    if stage not in plan.stages_of(ref):
        message = (
            f"--round {round_name}: the test set is selected and annotated, and has no {stage}"
        )
        raise UsageError(message)
    return ref.stage(stage)


def choose_last(
    store: Store, plan: Plan, stage: Stage, arm: str | None, seed: int | None
) -> StageRef:
    """Return the last round's stage of a kind that is done.

    An arm or seed left out is the only one there is. No arm is needed while all arms share their
    last round, which is round 0.

    Raises:
        UsageError: There is no such arm or seed, one was left out and there are several, or the
            stage is not done in any round.
    """
    seed, name = _choose_seed(plan, seed), plan.config.experiment
    listing = Listing.of(store, name)
    arms = [plan.arm(each) for each in ([arm] if arm else _arms(plan))]
    stages = [
        [RoundRef(name, seed, each.name, index).stage(stage) for index in (0, *each.rounds)]
        for each in arms
    ]
    done = [[each for each in of_arm if each.done in listing] for of_arm in stages]
    last = {of_arm[-1] for of_arm in done if of_arm}
    if not last:
        message = (
            f"{name}: no round of seed {seed} has its {stage} done yet; `al-job status` shows "
            "what is done"
        )
        raise UsageError(message)
    if len(last) > 1:
        _only("arm", [each.name for each in arms])
    return last.pop()


def _choose_seed(plan: Plan, seed: int | None) -> int:
    if seed is None:
        seed = int(_only("seed", [str(each) for each in plan.seeds]))
    plan.check_seed(seed)
    return seed


def _arms(plan: Plan) -> list[str]:
    """Return the names of the arms that are compared."""
    return [each.name for each in plan.arms if each.is_compared]


def _only(kind: str, names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    message = f"which {kind}? Give --{kind} or set AL_{kind.upper()} ({known(names)})"
    raise UsageError(message)
