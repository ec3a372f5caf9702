"""Runtime settings of one invocation: options, variables, and what `auto` is."""

import pytest

from job.config.runtime import RuntimeConfig
from job.errors import UsageError


def test_an_option_counts_more_than_a_variable_and_that_more_than_the_file() -> None:
    """Each source sets what the ones above it leave open."""
    runtime = RuntimeConfig(threads=1, workers=1, batch_size=1)
    variables = {"AL_RUNTIME_THREADS": "2", "AL_RUNTIME_WORKERS": "2", "AL_STORE": "x"}
    found = runtime.changed(["runtime.threads=3"], variables)
    assert (found.threads, found.workers, found.batch_size) == (3, 2, 1)


def test_the_last_of_two_options_counts() -> None:
    """As with options in general, what is said later wins."""
    assert RuntimeConfig().changed(["runtime.threads=3", "runtime.threads=5"], {}).threads == 5


@pytest.mark.parametrize("name", RuntimeConfig.model_fields)
def test_every_setting_has_a_variable(name: str) -> None:
    """Its name is in capitals; an empty variable is as good as none."""
    default = getattr(RuntimeConfig(), name)
    other = {"device": "cpu", "compile": True}.get(name, 7)
    variable = f"AL_RUNTIME_{name.upper()}"
    assert getattr(RuntimeConfig().changed([], {variable: str(other).lower()}), name) == other
    assert getattr(RuntimeConfig().changed([], {variable: ""}), name) == default


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("runtime.thread=4", "unknown 'runtime.thread'; did you mean 'runtime.threads'?"),
        ("threads=4", "expected a setting of runtime, such as runtime.threads=4"),
        ("seeds=[1]", "expected a setting of runtime, such as runtime.threads=4"),
        ("runtime=4", "expected a setting of runtime, such as runtime.threads=4"),
        ("runtime.threads", "expected a setting of runtime, such as runtime.threads=4"),
        ("runtime.threads=0", "threads: input should be 'auto' or input should be greater than 0"),
        ("runtime.threads=[", "not YAML: line 1, column 2: "),
        ("runtime.threads=true", "threads: expected a whole number (given: True)"),
        ("runtime.threads=1_0", "threads: expected a whole number (given: '1_0')"),
        ("runtime.batch_size=1:30", "batch_size: expected a whole number (given: '1:30')"),
        ("runtime.device=gpu", "device: input should be 'auto', 'cpu' or 'cuda' (given: 'gpu')"),
    ],
)
def test_a_wrong_option_is_answered_in_one_line(option: str, message: str) -> None:
    """The line repeats the option, and says what is wrong."""
    with pytest.raises(UsageError) as error:
        RuntimeConfig().changed([option], {})
    assert str(error.value).startswith(f"--set {option}: {message}")
    assert "\n" not in str(error.value)


def test_a_wrong_variable_is_answered_with_its_name() -> None:
    """A misspelt variable would else have no effect, and nobody would notice."""
    with pytest.raises(UsageError, match=r"^AL_RUNTIME_THREAD: unknown .* 'runtime\.threads'\?"):
        RuntimeConfig().changed([], {"AL_RUNTIME_THREAD": "4"})
    with pytest.raises(UsageError, match=r"^AL_RUNTIME_THREADS: threads: .*given: 'four'"):
        RuntimeConfig().changed([], {"AL_RUNTIME_THREADS": "four"})


def test_auto_is_what_the_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that train together get equal parts of the CPUs, of at least 1."""
    monkeypatch.setattr("job.config.runtime.usable_cpus", lambda: 6)
    auto = RuntimeConfig(threads="auto", workers="auto")
    assert (auto.num_threads(), auto.num_workers()) == (6, 6)
    assert (auto.num_threads(4), auto.num_workers(4)) == (1, 1)
    assert (auto.num_threads(8), auto.num_workers(8)) == (1, 1)
    fixed = RuntimeConfig(threads=3, workers=0)
    assert (fixed.num_threads(2), fixed.num_workers(2)) == (3, 0)


def test_a_training_keeps_what_auto_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """A number that is written in the settings is taken as it is."""
    monkeypatch.setattr("job.config.runtime.usable_cpus", lambda: 6)
    auto = RuntimeConfig(threads="auto", workers="auto")
    assert auto.fixed(2, None).threads == 3
    assert auto.fixed(2, 5).threads == 5
    assert auto.fixed(2, 5).workers == 3
    assert RuntimeConfig(threads=4).fixed(2, 5).threads == 4


def test_an_old_name_is_answered_with_the_new_one() -> None:
    """Wherever it is written."""
    words = r"runtime\.kept_mb: this is an old setting; write runtime\.image_cache_mb"
    with pytest.raises(UsageError, match=words):
        RuntimeConfig().changed(["runtime.kept_mb=5"], {})
    with pytest.raises(UsageError, match=words):
        RuntimeConfig().changed([], {"AL_RUNTIME_KEPT_MB": "5"})


def test_a_variable_that_an_option_replaces_is_not_read() -> None:
    """Only what counts has to be right."""
    found = RuntimeConfig().changed(["runtime.threads=4"], {"AL_RUNTIME_THREADS": "["})
    assert found.threads == 4
