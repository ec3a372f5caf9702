"""`al-job replay` on a tiny experiment."""

import csv
import errno
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from job.acquisition.strategies.entropy import Entropy
from job.annotators.oracle import Oracle
from job.artifacts.experiment_file import load_experiment
from job.artifacts.reader import Reader
from job.config.schema import ArmConfig
from job.data.dataset import Dataset
from job.data.ingest.labels import ingest_labels
from job.errors import UsageError
from job.keys import RoundRef
from job.plan import Plan
from job.records.annotation import class_counts
from job.replay.replay import replay as compute
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.conftest import Ended, FinishedState
from tests.growing import Drawn
from tests.outputs import read_output
from tests.stores import filled

pytestmark = pytest.mark.slow  # all replay one experiment of two seeds

STRATEGIES = "random,brust,entropy,coreset,enms_divproto,ppal,pal,uwe"


@pytest.fixture(scope="module")
def state(tiny: str, finished_state: FinishedState) -> Path:
    """The folder of a finished experiment of two seeds with box features."""
    text = tiny.replace("score: {", "score: {box_features: true, ")
    return finished_state(text.replace("rounds: 3", "rounds: 3\nseeds: [0, 1]"))


@pytest.fixture
def replay(state: Path, tmp_path: Path, al_job: Callable[..., Ended]) -> Callable[..., Ended]:
    """A function that replays round 2 of the arm `brust` into a folder."""

    def run(*arguments: object) -> Ended:
        options = ("--store", state, "--round", 2, "--arm", "brust")
        return al_job("replay", *options, "--seed", 0, "--out", tmp_path / "out", *arguments)

    return run


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def test_all_strategies_on_one_round(
    replay: Callable[..., Ended], state: Path, tmp_path: Path
) -> None:
    """A table, and files that agree with it; nothing of the store is touched."""
    before = contents(state)
    ended = replay("--strategies", STRATEGIES)
    assert ended.code == 0, ended.err
    assert contents(state) == before
    names = STRATEGIES.split(",")
    assert [row["strategy"] for row in rows(tmp_path / "out/summary.csv")] == names
    for name in names:
        assert name in ended.out
        picks = rows(tmp_path / f"out/picks/{name}.csv")
        assert [row["rank"] for row in picks] == ["0", "1", "2", "3"]
        assert all(row["reason"] for row in picks)
    told = json.loads((tmp_path / "out/replay.json").read_text())
    assert [told[key] for key in ("experiment", "arm", "round", "budget")] == [
        "tiny",
        "brust",
        2,
        4,
    ]
    assert told["boxes_are"] == "what the detector expects"
    assert told["strategies"]["ppal"]["settings"]["alpha"] == 0.3
    assert sum(told["unlabelled"]["class_shares"].values()) == pytest.approx(1)


def test_the_experiments_own_arm_picks_what_it_picked(
    replay: Callable[..., Ended], state: Path, tmp_path: Path
) -> None:
    """Unless told otherwise, its arms are replayed: the same ids, scores and reasons."""
    replay()
    select = RoundRef("tiny", 0, "brust", 2).stage("select")
    expected = read_output(LocalStore(state), select, "picks.csv")
    assert (tmp_path / "out/picks/brust.csv").read_bytes() == expected
    assert (tmp_path / "out/picks/random.csv").exists()


def test_overlap_is_that_of_the_picks(replay: Callable[..., Ended], tmp_path: Path) -> None:
    """Counted here from the lists of picks."""
    replay("--strategies", "random,brust,coreset", "--budget", 9)
    picks = {
        name: {row["id"] for row in rows(tmp_path / f"out/picks/{name}.csv")}
        for name in ("random", "brust", "coreset")
    }
    for row in rows(tmp_path / "out/overlap.csv"):
        first = picks[row["strategy"]]
        for name, second in picks.items():
            expected = len(first & second) / len(first | second)
            assert float(row[name]) == pytest.approx(expected, abs=1e-6)


def test_the_oracle_counts_true_boxes(
    replay: Callable[..., Ended], state: Path, tmp_path: Path
) -> None:
    """Only when asked for, and said in the file."""
    replay("--strategies", "random", "--oracle")
    told = json.loads((tmp_path / "out/replay.json").read_text())
    assert told["boxes_are"] == "true, by the oracle"
    dataset = Dataset.open(LocalStore(state), "drawn")
    ids = [row["id"] for row in rows(tmp_path / "out/picks/random.csv")]
    counts = class_counts(list(Oracle(dataset).annotate(ids).values()), dataset.classes)
    (row,) = rows(tmp_path / "out/summary.csv")
    boxes = sum(counts.values())
    assert float(row["boxes_per_image"]) == pytest.approx(boxes / 4)
    assert float(row["annotation_seconds"]) == pytest.approx(63 * 4 + 5.9 * boxes)
    assert float(row["money"]) == pytest.approx(0.882 * 4 + 0.0826 * boxes)
    shares = told["strategies"]["random"]["class_shares"]
    assert shares == pytest.approx({name: count / boxes for name, count in counts.items()})


def test_contact_sheets(replay: Callable[..., Ended], tmp_path: Path) -> None:
    """One JPEG a strategy, with as many images as asked for, in rows of four."""
    replay("--strategies", "entropy,random", "--images", "--top", 3, "--budget", 8)
    with Image.open(tmp_path / "out/sheets/entropy.jpg") as sheet:
        assert sheet.format == "JPEG"
        assert np.asarray(sheet).std() > 10  # something is drawn
        height = sheet.height
    replay("--strategies", "entropy", "--images", "--top", 8, "--budget", 8)
    with Image.open(tmp_path / "out/sheets/entropy.jpg") as sheet:
        assert sheet.height > height + 200
    assert not (tmp_path / "out/sheets/random.jpg").exists()  # the earlier replay is replaced


def test_arms_with_settings_of_ones_own(replay: Callable[..., Ended], tmp_path: Path) -> None:
    """From a file, by names of one's own."""
    arms = tmp_path / "arms.yaml"
    arms.write_text(
        "top-2: {strategy: entropy, top_m: 2}\n"
        "cheap: {strategy: cost_aware, of: {strategy: brust}}\n"
    )
    ended = replay("--arms", arms)
    assert ended.code == 0, ended.err
    told = json.loads((tmp_path / "out/replay.json").read_text())
    assert told["strategies"]["top-2"]["settings"]["top_m"] == 2
    assert told["strategies"]["cheap"]["settings"]["of"]["aggregation"] == "sum"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--strategies", "margn"], 78, "--strategies: strategy: unknown 'margn'; known: "),
        (["--strategies", ","], 64, "names no strategy"),
        (["--strategies", "random", "--arms", "x"], 64, "give --strategies or --arms, not both"),
        (["--arms", "/no/such.yaml"], 78, "cannot be read"),
        (["--round", 0], 64, "nothing is scored before it"),
        (["--round", 3], 64, "rounds 0 to 2"),
        (["--arm", "random"], 64, "score --round 1 --arm random"),
    ],
)
def test_what_cannot_be_replayed(
    replay: Callable[..., Ended], tmp_path: Path, arguments: list[object], code: int, words: str
) -> None:
    """One line that says what to do, the right exit code, and no folder."""
    ended = replay(*arguments)
    assert ended.code == code
    assert words in ended.err
    assert "Traceback" not in ended.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "a: {strategy: entropy, topp: 1}",
            "a: strategy 'entropy': topp: unknown key; did you mean 'top'?",
        ),
        ("[1, 2]", "expected a mapping of settings, found list"),
        ("a: [", "not YAML"),
        ("a/b: {strategy: random}", "arm 'a/b'"),
        ("a: {strategy: random}\na: {strategy: entropy}", "'a' is there twice"),
    ],
)
def test_wrong_arms(replay: Callable[..., Ended], tmp_path: Path, text: str, words: str) -> None:
    """The file and the arm are named."""
    arms = tmp_path / "arms.yaml"
    arms.write_text(text)
    ended = replay("--arms", arms)
    assert ended.code in {64, 78}
    assert words in ended.err


def test_a_folder_of_something_else_is_kept(replay: Callable[..., Ended], tmp_path: Path) -> None:
    """Before anything is computed."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out/thesis.txt").write_text("years of work")
    ended = replay("--strategies", "random")
    assert ended.code == 64
    assert "holds thesis.txt, which no replay wrote" in ended.err
    assert (tmp_path / "out/thesis.txt").read_text() == "years of work"


def test_an_earlier_replay_beside_something_else_is_kept_too(
    replay: Callable[..., Ended], tmp_path: Path
) -> None:
    """What is replaced is removed: nothing else may be there."""
    assert replay("--strategies", "random").code == 0
    (tmp_path / "out/thesis.txt").write_text("years of work")
    assert replay("--strategies", "random").code == 64
    assert (tmp_path / "out/thesis.txt").read_text() == "years of work"


def test_a_strategy_that_reads_what_was_not_scored_is_named(
    tiny: str, finished_state: FinishedState, tmp_path: Path, al_job: Callable[..., Ended]
) -> None:
    """An experiment without box features: the message names the strategy and the setting."""
    ended = al_job(
        "replay", "--store", finished_state(tiny), "--round", 1, "--arm", "brust",
        "--strategies", "entropy,ppal", "--out", tmp_path / "out",
    )  # fmt: skip
    assert ended.code == 78
    assert "ppal: the strategy reads box_features" in ended.err
    assert not (tmp_path / "out").exists()


def test_a_file_deep_in_the_folder_is_kept(replay: Callable[..., Ended], tmp_path: Path) -> None:
    """Also below a folder that has the name of one of a replay's, and beside a replay's files."""
    notes = tmp_path / "out/picks/notes.txt"
    notes.parent.mkdir(parents=True)
    notes.write_text("years of work")
    ended = replay("--strategies", "random")
    assert ended.code == 64
    assert "holds picks/notes.txt, which no replay wrote" in ended.error
    notes.unlink()
    assert replay("--strategies", "random").code == 0
    notes.write_text("years of work")
    assert replay("--strategies", "entropy").code == 64
    assert notes.read_text() == "years of work"


def test_the_folder_may_be_the_current_one(
    replay: Callable[..., Ended], state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stays, as a mount has to; the earlier replay is replaced, file by file."""
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path / "out")
    inode = Path().stat().st_ino
    for name, other in (("random", "entropy"), ("entropy", "random")):
        ended = replay("--strategies", name, "--store", state, "--out", ".")
        assert ended.code == 0, ended.err
        assert sorted(str(path) for path in Path().rglob("*.csv")) == [
            *["classes.csv", "overlap.csv", f"picks/{name}.csv", "summary.csv"]
        ]
        assert not Path(f"picks/{other}.csv").exists()
    assert (tmp_path / "out").stat().st_ino == inode


@pytest.mark.parametrize("name", ["/proc/replay", "file/below", "file"])
def test_a_folder_that_cannot_be_made_is_refused_before_anything_is_computed(
    replay: Callable[..., Ended], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """With one line and the exit code of a wrong setting."""
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("job.cli.replay.compute", lambda *_, **__: pytest.fail("computed"))
    ended = replay("--out", tmp_path / name)
    assert ended.code in {64, 78}
    assert str(tmp_path / name) in ended.error


def test_a_full_disk_is_named_and_the_earlier_replay_is_kept(
    replay: Callable[..., Ended], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new files are complete before the old ones go."""
    assert replay("--strategies", "random").code == 0
    before = contents(tmp_path / "out")

    def full(path: Path, _: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    ended = replay("--strategies", "entropy")
    assert ended.code == 75
    assert f"{tmp_path / 'out'}: no space left on device" in ended.error
    assert contents(tmp_path / "out") == before


def test_replays_of_two_seeds_have_two_folders(
    state: Path, tmp_path: Path, al_job: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless `--out` says otherwise."""
    monkeypatch.chdir(tmp_path)
    options = ("--round", 1, "--arm", "brust", "--store", state)
    for seed in (0, 1):
        ended = al_job("replay", *options, "--seed", seed)
        assert ended.code == 0, ended.err
    assert sorted(path.name for path in tmp_path.glob("replay-*")) == [
        "replay-tiny-seed-0-brust-round-001",
        "replay-tiny-seed-1-brust-round-001",
    ]


def test_a_strategy_that_cannot_rank_images_is_named(
    replay: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside its picks, which then mean nothing."""
    monkeypatch.setattr(Entropy, "cannot_rank", lambda *_: "there is one class")
    ended = replay("--strategies", "random,entropy")
    assert "entropy cannot tell images apart: there is one class\n" in ended.out
    assert ended.out.count("cannot tell") == 1


def test_a_round_of_a_later_version_is_replayed_on_it(grown: MemoryStore) -> None:
    """Its own arm picks what it has picked, from the pool with the images that were added."""
    plan = Plan(load_experiment(grown, "growing"))
    ref = RoundRef("growing", 0, "entropy", 2)
    found = compute(grown, plan, ref, {"entropy": plan.config.arms["entropy"]})
    picks = found.picked["entropy"].selection.ids
    assert picks == tuple(pick.id for pick in Reader(grown).picks(ref))
    with pytest.raises(UsageError, match=r"--oracle: 1[0-9] images .* have no label yet"):
        compute(grown, plan, ref, {"entropy": plan.config.arms["entropy"]}, by_oracle=True)


class Empty(Drawn):
    """Labels that say that no image shows anything."""

    @property
    def annotates_pool(self) -> bool:
        """Yes."""
        return True


def test_true_boxes_are_those_of_the_version_of_the_round(finished: LocalStore) -> None:
    """Labels that a later version corrects were not what the round could know."""
    store = filled(MemoryStore(), finished)
    plan = Plan(load_experiment(store, "tiny"))
    ref, arms = RoundRef("tiny", 0, "brust", 1), {"random": ArmConfig(strategy="random")}
    before = compute(store, plan, ref, arms, by_oracle=True)
    labels = Empty(numbers=tuple(range(24)), annotated=False)
    assert ingest_labels(store, labels, "drawn", correct=True).num_corrected > 20
    after = compute(store, plan, ref, arms, by_oracle=True)
    assert after.pool_boxes_per_image == before.pool_boxes_per_image > 0
