# ruff: noqa: N803, N806 - shape suffixes
"""Greedy k-centre and k-medoids beside the bare matrix products, and beside other packages.

    python benchmarks/k_center.py [--images 100000] [--budget 1000] [--peers PYTHON]

Random 256-d embeddings, 2,000 of them labelled. Prints seconds, and ratios to the matrix products
that k-centre cannot do without (every image with every centre: one product of all, in blocks that
fit, and one product a pick, as the plain algorithm does it). `--peers` names a Python that has
scikit-activeml, small-text and kmedoids (`pip install scikit-activeml small-text kmedoids`); these
run at `--peer-images`, and so do we once more beside them.
"""

import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
from bench.lines import Line, parser, say
from bench.timing import in_turn
from made_up_record import Sizes, draw

from job.acquisition.numerics.k_medoids import k_medoids
from job.acquisition.registry import make_strategy
from job.acquisition.strategy import Images, TableRecord, Task
from job.config.schema import ArmConfig
from job.records.arrays import rows

EMBEDDING, NUM_LABELLED, CLASSES = 256, 2000, 20
NAMES = ("scikit-activeml", "small-text", "kmedoids")
PATIENCE = 120
PEERS = """
import json, sys, time
import numpy as np
folder, budget = sys.argv[1], int(sys.argv[2])
x = np.load(folder + "/x.npy"); known = np.load(folder + "/known.npy")
everything = np.concatenate([known, x])
def timed(call):
    begun = time.perf_counter(); result = call(); return time.perf_counter() - begun, result
def activeml():
    from skactiveml.pool import CoreSet
    labels = np.full(len(everything), np.nan); labels[: len(known)] = 0
    strategy = CoreSet(random_state=0)
    return timed(lambda: strategy.query(everything, labels, batch_size=budget))[0]
def smalltext():
    from small_text.query_strategies.coresets import greedy_coreset
    labelled = np.arange(len(known)); free = np.arange(len(known), len(everything))
    return timed(
        lambda: greedy_coreset(everything, free, labelled, budget, distance_metric="euclidean")
    )[0]
def medoids():
    import kmedoids
    d = np.load(folder + "/distances.npy")
    seconds, result = timed(lambda: kmedoids.fasterpam(d, len(d) // 4, random_state=0))
    return seconds, float(result.loss)
name = sys.argv[3]
call = {"scikit-activeml": activeml, "small-text": smalltext, "kmedoids": medoids}[name]
try:
    print(json.dumps(call()))
except ImportError as error:
    print(json.dumps(str(error)))
"""


def seconds_of(call: Callable[[], object]) -> float:
    """Return how long a call takes, at its second time."""
    call()
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def table_of(vectors_NE: np.ndarray, *, labelled: bool) -> pa.Table:
    """Return a score record of embeddings, with a box in each image."""
    sizes = Sizes(boxes=1, embedding=1, feature=1)
    record = draw(np.random.default_rng(3), 0, len(vectors_NE), sizes, labelled=labelled)
    table = record.to_table()
    place = table.column_names.index("embedding")
    return table.set_column(place, "embedding", rows(vectors_NE, np.float16))


def select(name: str, x_NE: np.ndarray, known_LE: np.ndarray, budget: int) -> Callable[[], object]:
    """Return what selects by one of our strategies."""
    table, known = table_of(x_NE, labelled=False), table_of(known_LE, labelled=True)
    ids = tuple(table["id"].to_pylist())
    counts = {f"class {number}": 1 for number in range(CLASSES)}
    task = Task(
        unlabelled=Images(ids, TableRecord((table,))),
        labelled=Images(tuple(known["id"].to_pylist()), TableRecord((known,))),
        pool_ids=ids,
        classes=tuple(counts),
        class_counts=counts,
        budget=budget,
        rng=np.random.default_rng(0),
    )
    strategy = make_strategy(ArmConfig(strategy=name))
    return lambda: strategy.select(task)


def products(x_NE: np.ndarray, centres_CE: np.ndarray) -> None:
    """Multiply every image with every centre, in blocks."""
    for first in range(0, len(x_NE), 8192):
        _ = x_NE[first : first + 8192] @ centres_CE.T


def one_by_one(x_NE: np.ndarray, known_LE: np.ndarray, budget: int) -> None:
    """Multiply as the plain algorithm does: all labelled, then one a pick."""
    products(x_NE, known_LE)
    for row in range(budget):
        _ = x_NE @ x_NE[row]


def peers(python: str, x_NE: np.ndarray, known_LE: np.ndarray, budget: int) -> None:
    """Print the others' seconds, and ours at the same size."""
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "x.npy", x_NE)
        np.save(Path(folder) / "known.npy", known_LE)
        some = x_NE[: 4 * budget]
        image_cache = (some**2).sum(axis=1)
        distances = np.sqrt(np.maximum(image_cache[:, None] + image_cache - 2 * some @ some.T, 0))
        np.fill_diagonal(distances, 0)
        np.save(Path(folder) / "distances.npy", distances)
        results = {name: run_peer(python, folder, budget, name) for name in NAMES}
    ours = seconds_of(select("coreset", x_NE, known_LE, budget))
    print(f"\n{len(x_NE):,} images, budget {budget:,}: coreset, ours: {ours:.2f} s")
    for name, result in results.items():
        if isinstance(result, str):
            print(f"{name}: {result}")
        elif isinstance(result, list):
            seconds, loss = result
            begun = time.perf_counter()
            medoids = k_medoids(distances, len(distances) // 4)
            own = time.perf_counter() - begun
            own_loss = float(distances[:, medoids].min(axis=1).sum())
            print(
                f"k-medoids of {len(distances):,}, {len(distances) // 4:,} medoids: "
                f"ours {own:.2f} s, sum of distances {own_loss:.1f}; "
                f"kmedoids (FasterPAM) {seconds:.2f} s, {loss:.1f}"
            )
        else:
            print(f"{name}: {result:.2f} s, {result / ours:.1f} times as long")


def run_peer(python: str, folder: str, budget: int, name: str) -> float | str | list[float]:
    """Return what another package took, or why there is no figure."""
    command = [python, "-c", PEERS, folder, str(budget), name]
    try:
        ended = subprocess.run(  # noqa: S603 - named by whoever runs this
            command, capture_output=True, text=True, check=True, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        return f"not done after {PATIENCE} s"
    result: float | str | list[float] = json.loads(ended.stdout)
    return result


def lines(x_NE: np.ndarray, known_LE: np.ndarray, budget: int) -> list[Line]:
    """Measure our strategies beside the products."""
    centres_CE = np.concatenate([known_LE, x_NE[:budget]])
    samples = in_turn(
        {
            "at once": lambda: products(x_NE, centres_CE),
            "one a pick": lambda: one_by_one(x_NE, known_LE, budget),
            **{name: select(name, x_NE, known_LE, budget) for name in ("coreset", "uwe")},
        }
    )
    return [
        samples.compare(
            f"{name}, {len(x_NE):,} x {EMBEDDING}, budget {budget:,}",
            name,
            f"the matrix products alone, {peer}",
            peer,
            lambda seconds: f"{seconds:.2f} s",
        )
        for name in ("coreset", "uwe")
        for peer in ("at once", "one a pick")
    ]


def main() -> None:
    """Measure and print."""
    options = parser(__doc__)
    options.add_argument("--images", type=int, default=100_000)
    options.add_argument("--budget", type=int, default=1000)
    options.add_argument("--peers", help="A Python that has the other packages.")
    options.add_argument("--peer-images", type=int, default=20_000)
    arguments = options.parse_args()
    rng = np.random.default_rng(0)
    x_NE = rng.standard_normal((arguments.images, EMBEDDING), np.float32)
    known_LE = rng.standard_normal((NUM_LABELLED, EMBEDDING), np.float32)
    say(lines(x_NE, known_LE, arguments.budget), arguments)
    if arguments.peers:
        peers(arguments.peers, x_NE[: arguments.peer_images], known_LE, arguments.budget)


if __name__ == "__main__":
    main()
