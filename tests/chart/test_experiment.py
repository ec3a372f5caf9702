"""The experiment goes through the chart unchanged, and says what is ingested."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from job.config.loading import load, parse

CHART = Path(__file__).parents[2] / "helm"
SMALL = {
    "experiment": "small",
    "dataset": {"name": "voc"},
    "arms": {"entropy": {"strategy": "entropy", "aggregation": "sum"}},
}


def test_quickstart_is_what_runs_without_values(render: Any) -> None:
    """Without values the chart runs the preset of the package."""
    preset = Path(str(files("job.config"))) / "presets/quickstart.yaml"
    assert render().config["experiment.yaml"] == preset.read_text(encoding="utf-8")


def test_an_experiment_replaces_the_default(render: Any) -> None:
    """Helm would merge mappings: nothing of the quickstart is left in a user's experiment."""
    text = render({"experiment": SMALL}).config["experiment.yaml"]
    assert yaml.safe_load(text) == SMALL
    assert list(parse(text, "experiment").arms) == ["entropy"]


def test_numbers_survive(render: Any) -> None:
    """Large and small numbers, which Helm keeps as floating point, arrive unchanged."""
    given = SMALL | {
        "seeds": [0, 123456789],
        "train": {"learning_rate": 1e-7, "weight_decay": 0.0001, "steps": 1000000},
    }
    config = parse(render({"experiment": given}).config["experiment.yaml"], "experiment")
    assert config.seeds == (0, 123456789)
    assert (config.train.learning_rate, config.train.weight_decay) == (1e-7, 0.0001)
    assert config.train.steps == 1000000


def test_a_file_is_taken_as_it_is(render: Any, tmp_path: Path) -> None:
    """With `--set-file`, the file arrives unchanged, with its comments and its order."""
    text = "# mine\nexperiment: small\narms:\n  z: {}\n  a: {}\ndataset: {name: voc}\n"
    path = tmp_path / "experiment.yaml"
    path.write_text(text, encoding="utf-8")
    assert render({}, "--set-file", f"experiment={path}").config["experiment.yaml"] == text


@pytest.mark.parametrize(
    ("experiment", "words"),
    [
        ({"rounds": 2}, "dataset"),  # what is missing, and not only that something is
        ("a: [", "experiment: not YAML"),
        ("- a", "experiment: not YAML"),
        ("experiment: e\narms: {a: {}}\n", "experiment: not complete: dataset is missing"),
        (3, "experiment"),
    ],
)
def test_half_an_experiment_is_refused(refuse: Any, experiment: Any, words: str) -> None:
    """`--set experiment.rounds=2` would be an experiment of nothing but rounds."""
    assert words in refuse({"experiment": experiment})


@pytest.mark.parametrize("name", ["y", "off", "1e-3", "010"])
def test_a_name_that_helm_would_change_is_refused(run_helm: Any, name: str) -> None:
    """By YAML 1.1 these are booleans and numbers: two arms of three would be one, called true."""
    arms = f"{{{name}: {{strategy: random}}, a: {{strategy: brust}}}}"
    text = f"experiment: {{experiment: e, dataset: {{name: d}}, arms: {arms}}}"
    ended = run_helm("template", "al-voc", str(CHART), values=text)
    assert ended.returncode
    assert "put such a name in quotes" in ended.stderr


def test_a_name_in_quotes_arrives_as_it_is(run_helm: Any) -> None:
    """Both readers, of Helm and of `al-job`, then take it for text."""
    text = "experiment: {experiment: e, dataset: {name: d}, arms: {'no': {}, 'y': {}, a1e3: {}}}"
    ended = run_helm(
        "template", "al-voc", str(CHART), "-s", "templates/configmap.yaml", values=text
    )
    [config] = [each for each in yaml.safe_load_all(ended.stdout) if each and each.get("data")]
    arms = parse(config["data"]["experiment.yaml"], "experiment").arms
    assert sorted(arms) == ["a1e3", "no", "y"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("experiment", True),
        ("dataset", {"name": 10}),
        ("seeds", 0),
        ("seeds", [12345678901234567]),
        ("rounds", True),
        ("arms", {"a": "brust"}),
        ("arms", {"a": {"strategy": False}}),
    ],
)
def test_values_that_al_job_would_refuse_are_refused_at_once(
    refuse: Any, key: str, value: object
) -> None:
    """Helm has made a boolean or another number of what was written, or a list is missing."""
    assert key in refuse({"experiment": SMALL | {key: value}})


def test_drawn_data_are_ingested(render: Any) -> None:
    """A data set that the experiment describes is drawn as it describes it."""
    synthetic = {"num_pool": 1000000, "size": 64}
    given = SMALL | {"dataset": {"name": "drawn", "synthetic": synthetic}}
    assert ingest_args(render({"experiment": given})) == [
        "ingest",
        "synthetic",
        "--name=drawn",
        "--num-pool=1000000",
        "--size=64",
    ]


def test_quickstart_s_data_are_ingested(render: Any) -> None:
    """The plain install draws the quickstart's data set."""
    config = load("quickstart")
    assert config.dataset.synthetic
    assert sorted(ingest_args(render())) == sorted(
        ["ingest", "synthetic", f"--name={config.dataset.name}"]
        + [
            f"--{key.replace('_', '-')}={value}"
            for key, value in config.dataset.synthetic.model_dump().items()
        ]
    )


def test_data_described_by_defaults_alone(render: Any) -> None:
    """`synthetic: {}` is a description, too."""
    given = SMALL | {"dataset": {"name": "drawn", "synthetic": {}}}
    assert ingest_args(render({"experiment": given})) == ["ingest", "synthetic", "--name=drawn"]


@pytest.mark.parametrize("given", ["abc", True, 1.5, None])
def test_nonsense_reaches_the_program(render: Any, given: object) -> None:
    """A wrong value is not turned into a number, so `al-job ingest` says what is wrong."""
    synthetic = {"num_pool": given}
    values = {"experiment": SMALL | {"dataset": {"name": "drawn", "synthetic": synthetic}}}
    assert "--num-pool=0" not in ingest_args(render(values))
    assert "--num-pool=1" not in ingest_args(render(values))


def test_data_that_are_there_are_not_ingested(render: Any) -> None:
    """If neither the experiment nor the values describe the data set, it is in the store."""
    assert render({"experiment": SMALL}).jobs("ingest") == []


def test_own_data_are_ingested(render: Any) -> None:
    """Arguments and volumes of the user's reach the Job."""
    args = ["voc", "--root=/voc", "--pool=train", "--test=test", "--name=voc"]
    volume = {"name": "voc", "persistentVolumeClaim": {"claimName": "voc"}}
    mount = {"name": "voc", "mountPath": "/voc"}
    pod = {"extraVolumes": [volume], "extraVolumeMounts": [mount]}
    rendering = render({"experiment": SMALL, "ingest": {"args": args, "pod": pod}})
    assert ingest_args(rendering) == ["ingest", *args]
    [job] = rendering.jobs("ingest")
    spec = job["spec"]["template"]["spec"]
    assert volume in spec["volumes"]
    assert mount in spec["containers"][0]["volumeMounts"]
    assert spec["serviceAccountName"] == "al-voc-stage"


def test_ingest_is_another_job_for_other_data(render: Any) -> None:
    """Another description creates another Job, and the same description does not."""
    other = SMALL | {"dataset": {"name": "drawn", "synthetic": {"seed": 1}}}
    claim = {"store": {"embedded": {"persistence": {"enabled": True}}}}
    names = [
        render(values).jobs("ingest")[0]["metadata"]["name"]
        for values in ({}, {"launch": {"maxParallel": 9}}, {"experiment": other}, claim)
    ]
    assert names[0] == names[1]
    assert len(set(names)) == 3  # an empty volume has to be filled anew


def test_ingest_waits_for_the_store_of_the_release(render: Any) -> None:
    """Both start at once, and waiting for the store does not count as a failure."""
    [job] = render().jobs("ingest")
    [wait] = job["spec"]["template"]["spec"]["initContainers"]
    assert 'urlopen("http://al-voc-store:8333/healthz"' in wait["command"][-1]
    [container] = job["spec"]["template"]["spec"]["containers"]
    assert wait["resources"] == container["resources"]  # a quota of limits admits both
    [job] = render({"store": {"url": "s3://mine"}}).jobs("ingest")
    assert "initContainers" not in job["spec"]["template"]["spec"]


def test_waiting_for_the_store_has_an_end(
    render: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """After five minutes the pod says so, and fails with the code of a store that is away."""
    [job] = render().jobs("ingest")
    [wait] = job["spec"]["template"]["spec"]["initContainers"]
    clock = [0.0]

    def refuse(url: str, timeout: float) -> None:
        clock[0] += timeout
        raise OSError(url)

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    with pytest.raises(SystemExit) as ended:
        exec(wait["command"][-1], {})  # noqa: S102 - the chart's own script
    assert ended.value.code == 75
    assert clock[0] == 300
    assert "the store of the release does not answer" in capsys.readouterr().err


def ingest_args(rendering: Any) -> list[str]:
    [job] = rendering.jobs("ingest")
    args: list[str] = job["spec"]["template"]["spec"]["containers"][0]["args"]
    return args
