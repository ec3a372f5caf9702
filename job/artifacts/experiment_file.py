"""An experiment's own object, `experiment.yaml`: init, load, list."""

from contextlib import suppress
from dataclasses import dataclass

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
    settings that a later version has added stay unset, and settings of strategies that `config`
    leaves open are as the experiment began. While none of its stages is done, nothing depends on
    the configuration, and all of it may change.

    Args:
        store: Where it is.
        config: What it has to be.
        dataset_digest: Of the version of the data set that it begins on.

    Raises:
        ConfigError: The experiment began with another configuration, or with other data; or the
            configuration has moves to versions that are not there.
    """
    begun = _begun(store, config)
    config = _to_store(store, config, begun, dataset_digest)
    if config == begun:
        return begun
    keys, data = ExperimentKeys(config.experiment), dump_config(config)
    store.write(keys.config, data)
    if store.read(keys.config) != data:
        message = (
            f"experiment {config.experiment!r}: another command has created it with another "
            "configuration at the same time: give one of them another name"
        )
        raise ConfigError(message)
    return load_experiment(store, config.experiment)


def config_to_store(store: Store, config: Config, dataset_digest: str) -> Config:
    """Return what `init_experiment` would store, and write nothing; it raises the same errors."""
    return _to_store(store, config, _begun(store, config), dataset_digest)


def _to_store(store: Store, wanted: Config, begun: Config | None, digest: str) -> Config:
    """Return what there is to store of a configuration; what is stored already, if it may stay."""
    config = Plan(_with_data(wanted, begun, digest)).written_out()
    if begun:
        full = Plan(begun).written_out()
        if full == config:
            return begun
        if any(is_marker(key) for key in store.list(ExperimentKeys(config.experiment).prefix)):
            wanted = changes.with_grown_test(begun, changes.with_old_defaults(begun, wanted))
            config = Plan(_with_data(wanted, begun, digest)).written_out()
            changes.refuse_changes(full, config)
            config = changes.grown(begun, config)
    _check_moves(store, config)
    return config


def _begun(store: Store, config: Config) -> Config | None:
    """Return the configuration of the same experiment that is stored, if it is."""
    is_there = store.exists(ExperimentKeys(config.experiment).config)
    return load_experiment(store, config.experiment) if is_there else None


def _with_data(config: Config, begun: Config | None, digest: str) -> Config:
    """Return a configuration with the digest of its data, and with the moves that were made."""
    filled_in: dict[str, object] = {"sha256": digest}
    if begun and begun.dataset.sha256 == digest and not config.dataset.moves:
        filled_in["moves"] = begun.dataset.moves
    dataset = config.dataset.model_copy(update=filled_in)
    return config.model_copy(update={"dataset": dataset})


def _check_moves(store: Store, config: Config) -> None:
    """Refuse moves, as a copied configuration has them, that this store's data set cannot make.

    Otherwise the first round that uses such a version would fail.
    """
    before = first_dataset(store, config).version
    for move in config.dataset.moves:
        version = _open_digest(store, config, move.sha256).version
        if version <= before or version != move.version:
            message = (
                f"dataset.moves: from round {move.from_round} on, version {move.version}: its "
                f"digest is that of version {version}, after version {before}; leave moves out, "
                "and `al-job move` makes them"
            )
            raise ConfigError(message)
        before = version


def first_dataset(store: Store, config: Config) -> Dataset:
    """Open the version of the data set that an experiment begins on, or has begun on.

    It is the latest one, unless the configuration or the stored experiment names its digest.

    Raises:
        UsageError: The store does not hold the data set.
        ConfigError: None of its versions has the digest of the configuration.
    """
    if config.dataset.sha256:
        return _open_digest(store, config, config.dataset.sha256)
    begun = _begun(store, config)
    if begun and begun.dataset.sha256 and begun.dataset.name == config.dataset.name:
        with suppress(ConfigError):  # other data has its name: whether it may, `init` says
            return _open_digest(store, begun, begun.dataset.sha256)
    return Dataset.open(store, config.dataset.name)


def last_dataset(store: Store, config: Config) -> Dataset:
    """Open the version of the data set that the last round uses, by the moves that were made.

    Raises:
        UsageError: The store does not hold the data set.
        ConfigError: It does not hold the version, or not the one that the experiment begins on.
    """
    begins_on = first_dataset(store, config).digest
    now = _with_data(config, _begun(store, config), begins_on)
    return open_dataset(store, now, config.rounds - 1)


def open_dataset(store: Store, config: Config, round_index: int) -> Dataset:
    """Open the version of an experiment's data set that a round uses.

    Raises:
        UsageError: The store does not hold the data set.
        ConfigError: None of its versions is the one that the round uses.
    """
    digest = config.dataset.sha256_at(round_index)
    if digest is None:
        return Dataset.open(store, config.dataset.name)
    return _open_digest(store, config, digest)


@dataclass(frozen=True)
class UsedVersion:
    """A version of the data set, and the first round that uses it."""

    data: Dataset
    from_round: int


def used_versions(store: Store, config: Config) -> list[UsedVersion]:
    """Open the versions of the data set that an experiment uses, in the order of its rounds.

    Raises:
        UsageError: The store does not hold the data set.
        ConfigError: The store does not hold one of the versions.
    """
    rounds = sorted({0, *(move.from_round for move in config.dataset.moves)})
    return [UsedVersion(open_dataset(store, config, index), index) for index in rounds]


def _open_digest(store: Store, config: Config, digest: str) -> Dataset:
    try:
        return Dataset.open_digest(store, config.dataset.name, digest)
    except ConfigError as error:
        message = (
            f"dataset.sha256: {config.experiment!r} is on data that the store does not hold "
            f"({error}): give an experiment on other data another name"
        )
        raise ConfigError(message) from error
