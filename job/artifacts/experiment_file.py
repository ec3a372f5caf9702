"""An experiment's own object, `experiment.yaml`: init, load, list."""

from job.artifacts.markers import MARKER
from job.config import changes, loading
from job.config.schema import Config
from job.config.validation import validated, without_unknown
from job.errors import ConfigError, MissingObjectError, UsageError
from job.keys import ExperimentKeys, check_name
from job.runtime.names import unknown
from job.storage import Store
from job.storage.documents import FORMAT, without_format


def experiment_names(store: Store) -> list[str]:
    """Return the experiments that the store holds."""
    names = store.list_names("experiments/")
    return [name for name in names if store.exists(ExperimentKeys(name).config)]


def load_experiment(store: Store, name: str) -> Config:
    """Read the configuration that an experiment began with.

    Raises:
        UsageError: There is no such experiment. The message names those that there are.
        BadDataError: It was written by a newer version, or by one before formats.
    """
    key = ExperimentKeys(check_name("experiment", name)).config
    try:
        return _parse(store.read(key), f"{store.url}/{key}")
    except MissingObjectError:
        message = (
            f"{store.url}: no experiment of that name: {unknown(name, experiment_names(store))}; "
            "`al-job init CONFIG` creates one"
        )
        raise UsageError(message) from None


def init_experiment(store: Store, config: Config, dataset_digest: str) -> Config:
    """Write the configuration of an experiment, and return it with the data set's digest.

    It may be there already. While none of its stages is done, nothing depends on the configuration,
    and all of it may change.

    Raises:
        ConfigError: The experiment began with another configuration, or with other data.
    """
    refuse_other_dataset(config, dataset_digest)
    dataset = config.dataset.model_copy(update={"sha256": dataset_digest})
    config = config.model_copy(update={"dataset": dataset})
    keys = ExperimentKeys(config.experiment)
    if store.exists(keys.config):
        begun = load_experiment(store, config.experiment)
        if begun == config:
            return config
        if any(key.endswith(MARKER) for key in store.list(keys.prefix)):
            changes.refuse_changes(begun, config)
    store.write(keys.config, f"format: {FORMAT}\n{config.to_yaml()}".encode())
    return config


def _parse(data: bytes, where: str) -> Config:
    """Read a stored configuration; settings of a newer version are left alone."""
    content = without_format(loading.parse_mapping(data.decode(), where), where)
    return validated(Config, without_unknown(Config, content), where)


def refuse_other_dataset(config: Config, digest: str) -> None:
    """Guard that an experiment keeps the data that it began with.

    Raises:
        ConfigError: The data set has another digest.
    """
    if config.dataset.sha256 not in {None, digest}:
        message = (
            f"dataset.sha256: {config.experiment!r} is on a data set {config.dataset.name!r} of "
            f"digest {config.dataset.sha256}, and the store's has {digest}: give an experiment on "
            "other data another name"
        )
        raise ConfigError(message)
