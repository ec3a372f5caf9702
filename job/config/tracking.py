"""Where curves and losses are shown while an experiment runs, beside its report."""

from job.config.address import Address
from job.config.section import Section


class TrackingConfig(Section):
    """Where the curves of arms and the losses of trainings are shown, beside the report."""

    mlflow: Address | None = None
    """The address of an MLflow tracking server. Whoever tells it has its token in
    `MLFLOW_TRACKING_TOKEN`, or a name and a password in `MLFLOW_TRACKING_USERNAME` and
    `MLFLOW_TRACKING_PASSWORD`, if it asks for any."""
    tensorboard: bool = False
    """Whether files for TensorBoard are written below the experiment's `tensorboard/` in the store,
    which needs the extra `tensorboard`."""
