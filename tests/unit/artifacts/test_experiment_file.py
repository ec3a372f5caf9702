"""experiment.yaml: its format, and settings of a newer version."""

from dataclasses import replace

import pytest

from job import experiment
from job.acquisition.strategies.brust import Brust
from job.artifacts.experiment_file import load_experiment
from job.artifacts.markers import dump_marker, load_marker
from job.artifacts.stored_config import dump_config, load_config
from job.config import loading
from job.config.annotation import AnnotationConfig
from job.config.schema import ArmConfig, Config
from job.errors import BadDataError, ConfigError
from job.keys import ExperimentKeys, RoundRef
from job.plan import Plan
from job.storage.memory import MemoryStore

KEY = ExperimentKeys("tiny").config
COLD_START = "cold_start:\n  strategy: random\n"


@pytest.fixture
def store(settings: Config) -> MemoryStore:
    """A store in which the experiment has begun."""
    made = MemoryStore()
    experiment.init(made, Plan(settings))
    return made


def test_a_stored_configuration_says_its_format(store: MemoryStore) -> None:
    """And a copy of it is a configuration like any other."""
    text = store.read(KEY).decode()
    assert text.startswith("format: 1\n")
    assert loading.parse(text, "copy") == load_experiment(store, "tiny")


def test_names_of_an_older_version_are_read_by_its_rules(tiny: str) -> None:
    """It wrote 08 and 1e3 without quotes; today's quotes keep them text for every reader."""
    old = f"format: 1\n{tiny}".replace("  random: {", "  08: {").replace("  brust: {", "  1e3: {")
    config, unknown = load_config(old.encode(), "store")
    assert (list(config.arms), unknown) == (["08", "1e3"], [])
    assert list(loading.parse(dump_config(config).decode(), "copy").arms) == ["08", "1e3"]


def test_settings_of_a_newer_version_are_left_alone_by_readers(store: MemoryStore) -> None:
    """At the top and within a section."""
    before = load_experiment(store, "tiny")
    text = store.read(KEY).decode().replace("train:\n", "new: 1\ntrain:\n  newer: {a: 1}\n")
    store.write(KEY, text.encode())
    assert load_experiment(store, "tiny", read_only=True) == before


@pytest.mark.parametrize(
    ("first", "words"),
    [("format: 2\n", "written by a newer version"), ("", "has no `format`")],
)
def test_a_configuration_of_another_format_gets_one_line(
    store: MemoryStore, first: str, words: str
) -> None:
    """It says which version reads it."""
    store.write(KEY, store.read(KEY).replace(b"format: 1\n", first.encode()))
    with pytest.raises(BadDataError, match=words):
        load_experiment(store, "tiny")


NEWER = {
    "train:\n": "train:\n  newer: {a: 1}\n",
    "  brust:\n": "  brust:\n    newer: 1\n",
    "cold_start:\n": "cold_start:\n  newer: 1\n",
    "detector:\n": "detector:\n  newer: 1\n",
}


@pytest.mark.parametrize(
    ("place", "key"),
    [
        ("train:\n", "train.newer"),
        ("  brust:\n", "arms.brust.newer"),
        ("cold_start:\n", "cold_start.newer"),
        ("detector:\n", "detector.newer"),
    ],
)
def test_a_setting_of_a_newer_version_is_for_readers_only(
    store: MemoryStore, place: str, key: str
) -> None:
    """Whoever runs the experiment would run it differently, and every stage of it again."""
    before = load_experiment(store, "tiny")
    store.write(KEY, store.read(KEY).decode().replace(place, NEWER[place]).encode())
    assert load_experiment(store, "tiny", read_only=True) == before
    for refused in (
        lambda: load_experiment(store, "tiny"),
        lambda: experiment.run(store, before),
    ):
        with pytest.raises(ConfigError, match=f"does not know: {key}; update al-voc") as error:
            refused()
        assert "\n" not in str(error.value)


def test_what_an_earlier_version_left_open_is_random(settings: Config) -> None:
    """Its cold start and its arms, as when it began; what is unset stays so, in digests too."""
    text = dump_config(settings).decode().replace(COLD_START, "")
    text = text.replace("  random:\n    strategy: random\n", "  random: {}\n")
    config, _ = load_config(text.encode(), "place")
    assert config.cold_start == config.arms["random"] == ArmConfig(strategy="random")
    assert "cold_start" not in config.model_fields_set
    assert load_config(dump_config(config), "place")[0] == config


def test_a_newer_setting_of_a_strategy_inside_another_is_left_out(settings: Config) -> None:
    """However deep wrappers are nested."""
    objectives = [{"of": {"strategy": "brust", "newer": 1}, "new": 3}]
    inner = {"strategy": "product", "objectives": objectives}
    arms = {"a": {"strategy": "random_share", "of": inner, "newest": 2}}
    content = settings.model_dump(mode="json") | {"arms": arms}
    data = dump_config(Config.model_validate(content))
    config, unknown = load_config(data, "place")
    assert unknown == [
        "arms.a.of.objectives.0.of.newer",
        "arms.a.of.objectives.0.new",
        "arms.a.newest",
    ]
    Plan(config)


def test_a_configuration_that_is_not_text_gets_one_line(store: MemoryStore) -> None:
    """As any other damage."""
    store.write(KEY, store.read(KEY) + b"# gr\xf6\xdfe\n")
    with pytest.raises(BadDataError, match=r"damaged \(not UTF-8 text\): restore it"):
        load_experiment(store, "tiny")


def test_a_copy_of_an_experiment_needs_a_name_of_its_own(store: MemoryStore) -> None:
    """A report of the copy would else be written into the original."""
    store.write(ExperimentKeys("backup").config, store.read(KEY))
    with pytest.raises(ConfigError, match="is that of the experiment 'tiny': give a copy its own"):
        load_experiment(store, "backup")


# A later version has settings that the stored configuration lacks


@pytest.fixture
def older(copy: MemoryStore) -> MemoryStore:
    """The finished experiment as a version left it that lacked some of today's settings."""
    lines = copy.read(KEY).decode().splitlines(keepends=True)
    lacked = ("  max_grad_norm:", "    aggregation:", "    min_confidence:", "    rightness:")
    stored_by_older(copy, "".join(line for line in lines if not line.startswith(lacked)))
    return copy


def stored_by_older(store: MemoryStore, text: str) -> None:
    """Store the configuration of a finished experiment, and markers of stages that ran with it."""
    store.write(KEY, text.encode())
    config = load_experiment(store, "tiny")
    for ref in Plan(config).stages():
        marker = load_marker(store.read(ref.done), "m")
        store.write(ref.done, dump_marker(replace(marker, config=config.stage_digest(ref))))


def test_a_setting_that_a_version_adds_runs_nothing_again(
    older: MemoryStore, settings: Config
) -> None:
    """While it has its default, nothing has changed, and the stored configuration is kept."""
    before = older.read(KEY)
    assert b"max_grad_norm" not in before
    assert b"aggregation" not in before
    assert experiment.run(older, settings).num_run == 0
    assert older.read(KEY) == before


def test_an_experiment_of_an_older_version_may_grow(older: MemoryStore, settings: Config) -> None:
    """The new arm has all settings written out, and what is done stays done."""
    grown = settings.model_copy(update={"full_supervision": True})
    assert experiment.run(older, grown).num_run == 4
    assert b"max_grad_norm" not in older.read(KEY)
    assert experiment.run(older, grown).num_run == 0


def test_an_added_setting_may_not_have_another_value(older: MemoryStore, settings: Config) -> None:
    """The finished rounds were made with its default."""
    train = settings.train.model_copy(update={"max_grad_norm": 1.0})
    with pytest.raises(ConfigError, match=r"train\.max_grad_norm: 10\.0 -> 1\.0"):
        experiment.run(older, settings.model_copy(update={"train": train}))


def test_an_arm_keeps_its_picks_although_its_strategy_has_new_settings(
    older: MemoryStore, settings: Config
) -> None:
    """What is not stored means what it meant then, also if the experiment grows."""
    assert isinstance(brust := Plan(load_experiment(older, "tiny")).arm("brust").strategy, Brust)
    assert (brust.min_confidence, brust.rightness, brust.min_side) == (0.0, False, 0.02)
    grown = settings.model_copy(update={"full_supervision": True})
    assert Plan(experiment.init(older, Plan(grown)).config).arm("brust").strategy == brust
    assert b"min_confidence" not in older.read(KEY)


def test_a_setting_that_is_given_has_to_be_that_of_then(
    older: MemoryStore, settings: Config
) -> None:
    """The finished rounds were made without it."""
    arms = {
        **settings.arms,
        "brust": ArmConfig(strategy="brust", class_weights=True, rightness=True),
    }
    with pytest.raises(ConfigError, match=r"arms\.brust\.rightness: False -> True"):
        experiment.init(older, Plan(settings.model_copy(update={"arms": arms})))


@pytest.mark.parametrize(
    ("setting", "freeze", "digest"),
    [
        ("", "none", "2d27f54d66f9288d343e8a7c8ade4f34cc0daba4385209238858c1255146a54b"),
        (
            ", freeze_backbone: false",
            "none",
            "90290ef415e902469e6f5153972f3fb1aacc853fd55c2dc69e13de7614fb5c02",
        ),
        (
            ", freeze_backbone: true",
            "backbone",
            "aeda553cd8fe649a54b6d430d0683f460ec04f4f1bab17db34817b7cfbf5ef76",
        ),
    ],
)
def test_an_experiment_with_an_old_name_runs_no_stage_again(
    setting: str, freeze: str, digest: str
) -> None:
    """It is read under the new name; the digests are those of the version that stored it."""
    text = (
        "format: 1\nexperiment: old\ndataset: {name: photos}\n"
        f"arms: {{random: {{strategy: random}}}}\ntrain: {{steps: 4{setting}}}\n"
    )
    config, unknown = load_config(text.encode(), "store")
    assert (config.train.freeze, unknown) == (freeze, [])
    stage = RoundRef("old", 0, "random", 1).stage("train")
    assert config.stage_digest(stage) == digest
    again, _ = load_config(dump_config(config), "store")
    assert again.stage_digest(stage) == digest


def test_an_experiment_keeps_the_costs_with_which_it_began(settings: Config) -> None:
    """The file that began it has none: it resumes, although the default has changed since."""
    store = MemoryStore()
    then = settings.model_copy(update={"annotation": AnnotationConfig(preset="tutorial")})
    begun = experiment.init(store, Plan(then)).config
    assert experiment.init(store, Plan(settings)).config.annotation.seconds_per_image == 63
    experiment.init(store, Plan(then))
    store.write(RoundRef("tiny", 0, None, 0).stage("select").done, b"{}")
    assert experiment.init(store, Plan(settings)).config == begun
    now = settings.model_copy(update={"annotation": AnnotationConfig(preset="professional")})
    with pytest.raises(ConfigError, match=r"annotation\.seconds_per_image: 0\.0 -> 63\.0"):
        experiment.init(store, Plan(now))


def without_cold_start(settings: Config) -> Config:
    """The configuration without a cold start, and with an arm that is empty."""
    content = settings.model_dump(exclude={"cold_start"}, exclude_unset=True)
    return Config.model_validate(content | {"arms": content["arms"] | {"random": {}}})


@pytest.mark.parametrize("is_stored", [True, False])
def test_an_experiment_keeps_the_cold_start_that_was_the_default(
    copy: MemoryStore, settings: Config, *, is_stored: bool
) -> None:
    """If the file names none, nothing runs again; an earlier version may not have stored it."""
    text = copy.read(KEY).decode()
    stored_by_older(copy, text if is_stored else text.replace(COLD_START, ""))
    assert experiment.run(copy, without_cold_start(settings)).num_run == 0
    cold_start = ArmConfig(strategy="recommended")
    with pytest.raises(ConfigError, match=r"cold_start\.strategy: random -> recommended"):
        experiment.run(copy, settings.model_copy(update={"cold_start": cold_start}))


def test_a_new_experiment_has_the_cold_start_of_today(settings: Config) -> None:
    """If its file names none."""
    begun = experiment.init(MemoryStore(), Plan(without_cold_start(settings))).config
    assert begun.cold_start == ArmConfig(strategy="recommended", rule=1)
