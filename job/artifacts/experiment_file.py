"""An experiment's own object, `experiment.yaml`: init, load, list."""

from job.artifacts.stored_config import dump_config, load_config
from job.config import changes
from job.config.schema import Config
from job.data.dataset import Dataset
from job.errors import ConfigError, MissingObjectError, UsageError
from job.keys import ExperimentKeys, check_name, is_marker
from job.plan import Plan
from job.runtime.names import shortened, suggestion
from job.storage import Store


def experiment_names(store: Store) -> list[str]:
    """Return the experiments that the store holds."""
    names = store.list_names("experiments/")
    return [name for name in names if store.exists(ExperimentKeys(name).config)]


def load_experiment(store: Store, name: str, *, read_only: bool = False) -> Config:
    """Read the configuration that an experiment began with.

    Args:
        store: Where it is.
        name: Its name.
        read_only: Leave out settings that a newer version wrote. Whoever runs or changes the
            experiment has to know them all.

    Raises:
        ConfigError: It has settings that this version does not know, or another experiment's name.
        UsageError: There is no such experiment. The message names those that there are.
        BadDataError: It was written by a newer version, or by one before formats.
    """
    key = ExperimentKeys(check_name("experiment", name)).config
    try:
        data = store.read(key)
    except MissingObjectError:
        message = (
            f"{store.url}: no experiment {name!r}; {suggestion(name, experiment_names(store))}; "
            "`al-job init CONFIG` creates one"
        )
        raise UsageError(message) from None
    config, unknown_settings = load_config(data, f"{store.url}/{key}")
    if config.experiment != name:
        message = (
            f"{store.url}/{key} is that of the experiment {config.experiment!r}: give a copy its "
            f"own name in it, `experiment: {name}`"
        )
        raise ConfigError(message)
    if unknown_settings and not read_only:
        message = (
            f"{store.url}/{key}: written by a newer version with settings that this one does not "
            f"know: {shortened(', '.join(unknown_settings))}; update al-voc; status and report "
            "still work"
        )
        raise ConfigError(message)
    return config


def init_experiment(store: Store, config: Config, dataset_digest: str) -> Config:
    """Write the configuration of an experiment, and return it as it is stored.

    It has the data set's digest and every setting written out. It may be there already: then
    settings that a later version has added stay unset. While none of its stages is done, nothing
    depends on the configuration, and all of it may change.

    Raises:
        ConfigError: The experiment began with another configuration, or with other data.
    """
    refuse_other_dataset(config, dataset_digest)
    dataset = config.dataset.model_copy(update={"sha256": dataset_digest})
    config = Plan(config.model_copy(update={"dataset": dataset})).written_out()
    keys = ExperimentKeys(config.experiment)
    if store.exists(keys.config):
        begun = load_experiment(store, config.experiment)
        full = Plan(begun).written_out()
        if full == config:
            return begun
        if any(is_marker(key) for key in store.list(keys.prefix)):
            changes.refuse_changes(full, config)
            config = changes.grown(begun, config)
    store.write(keys.config, dump_config(config))
    return load_experiment(store, config.experiment)


def open_dataset(store: Store, config: Config) -> Dataset:
    """Open the data set of an experiment.

    Raises:
        UsageError: The store does not hold it.
        ConfigError: It is not the one that the experiment began with.
    """
    name, digest = config.dataset.name, config.dataset.sha256
    if digest is None:
        return Dataset.open(store, name)
    try:
        return Dataset.open_digest(store, name, digest)
    except ConfigError as error:
        message = (
            f"dataset.sha256: {config.experiment!r} is on data that the store does not hold "
            f"({error}): give an experiment on other data another name"
        )
        raise ConfigError(message) from error


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
