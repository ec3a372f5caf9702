"""Whether a driver or a stage that it started is at work on an experiment."""

from datetime import UTC, datetime

from job.errors import BadDataError, MissingObjectError, UsageError
from job.keys import ExperimentKeys, RoundRef
from job.progress import ALIVE, OVER, is_with_people, parse_status
from job.runtime.names import shortened
from job.storage import Store


def refuse_while_driven(
    store: Store, experiment: str, harm: str = "what is at work then writes into what was removed"
) -> None:
    """Guard that no driver and no stage is at work on an experiment, as far as its status says.

    Stages that a driver started keep running after it failed.

    Args:
        store: Where the experiment is.
        experiment: Its name.
        harm: What happens if somebody goes ahead nevertheless, for the message.

    Raises:
        UsageError: The status is at most five minutes old, and names a driver or of stages that
            have not ended; or it cannot be read.
    """
    try:
        told = parse_status(store.read(ExperimentKeys(experiment).status))
    except MissingObjectError:
        return
    except BadDataError as error:
        message = f"{experiment}: a driver may be at work on it ({error}); --force goes ahead"
        raise UsageError(message) from error
    driver = told.driver
    if driver is None or datetime.now(UTC) - driver.updated >= ALIVE:
        return
    at_work = [] if driver.phase in OVER else ["the driver"]
    at_work += [
        str(RoundRef(experiment, each.seed, each.arm, each.round).stage(stage))
        for each in told.rounds
        for stage, status in each.stages.items()
        if status.state not in {"done", "failed"} and not is_with_people(status)
    ]
    if at_work:
        message = (
            f"{experiment}: its driver published its status at {driver.updated:%H:%M:%S} UTC "
            f"({driver.phase}); maybe at work: {shortened(', '.join(at_work))}. Stop it first and "
            f"wait five minutes, or give --force: {harm}"
        )
        raise UsageError(message)
