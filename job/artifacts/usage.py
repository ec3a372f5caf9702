"""What the Jobs of a cluster took, and the ledger in the store that keeps it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields

from job.artifacts.listing import Listing
from job.keys import ExperimentKeys, StageRef
from job.records.pace import NO_PACE, Pace
from job.storage import Store
from job.storage.documents import checked, dump_json, load_json

_REMEDY = "remove it: the driver begins another, and what earlier Jobs took is not counted"


@dataclass(frozen=True)
class Usage:
    """What one Job took of a cluster, or several Jobs together."""

    jobs: int = 0
    queue_seconds: float = 0.0
    """From the Job's creation until its first pod was on a node."""
    pod_seconds: float = 0.0
    """From a pod's start on its node until its end, of all pods together."""
    gpu_seconds: float = 0.0
    """The same, times the GPUs that a pod holds."""
    money: float = 0.0
    """What the GPUs cost, at the price that was set then."""
    pods: int = 0
    """Pods that have ended."""
    failed: int = 0
    """Pods among them that failed."""
    pace: Pace = NO_PACE
    """How fast those that ended well went through their images."""

    def __add__(self, other: "Usage") -> "Usage":
        """Return both together."""
        names = [each.name for each in fields(self) if each.name != "pace"]
        sums = {name: round(getattr(self, name) + getattr(other, name), 3) for name in names}
        return Usage(**sums, pace=self.pace + other.pace)


def by_stage(entries: Iterable[tuple[str, Usage]]) -> dict[str, Usage]:
    """Return what the Jobs of each kind of stage took together."""
    sums: dict[str, Usage] = defaultdict(Usage)
    for stage, usage in entries:
        sums[stage] += usage
    return dict(sums)


@dataclass(frozen=True)
class Page:
    """What is known of the Jobs of a seed."""

    jobs: dict[str, Usage] = field(default_factory=dict)
    """What each of them took, by its stage's prefix, its attempt and when it was created."""
    images: dict[str, str] = field(default_factory=dict)
    """Name of each pod, which is `attempt` in its marker -> the container image, by its digest."""


class Ledger:
    """What each Job of an experiment took: an object for each seed, written when a Job has ended.

    A Job is an entry of its own, so a driver that is restarted may record it again.
    """

    def __init__(self, store: Store, experiment: str, listing: Listing | None = None) -> None:
        """Prepare to read and to write.

        Args:
            store: Where the experiment is.
            experiment: Its name.
            listing: Its objects, if they are listed already.
        """
        self._store = store
        self._listing = listing
        self._prefix = f"{ExperimentKeys(experiment).prefix}usage/"
        self._pages: dict[str, Page] | None = None

    def record(
        self, ref: StageRef, job: str, usage: Usage, images: Mapping[str, str] | None = None
    ) -> None:
        """Write what one of a stage's Jobs took, and which container image each of its pods ran.

        Args:
            ref: The stage.
            job: What tells the Job from all others of the stage.
            usage: What it took.
            images: The name of each pod -> the container image.

        Raises:
            AlJobError: The page that is there is damaged, or the store does not answer. Then it is
                written with the next Job of the same seed.
        """
        key = self._key(ref)
        page = self._load().setdefault(key, Page())
        page.jobs[f"{ref.prefix}{job}"] = usage
        page.images.update(images or {})
        self._store.write(key, dump_page(page))

    def knows(self, ref: StageRef, job: str) -> bool:
        """Whether it is recorded what one of a stage's Jobs took.

        Raises:
            AlJobError: The store does not answer, or a page is damaged.
        """
        page = self._load().get(self._key(ref))
        return page is not None and f"{ref.prefix}{job}" in page.jobs

    def _key(self, ref: StageRef) -> str:
        return f"{self._prefix}{ref.prefix.split('/')[2]}.json"  # `seed-0`, or `test`

    def totals(self) -> Mapping[str, Usage]:
        """Return what the Jobs of each kind of stage took so far.

        Raises:
            AlJobError: The store does not answer, or a page is damaged.
        """
        pages = self._load().values()
        entries = (each for page in pages for each in page.jobs.items())
        return by_stage((stage_of(entry), usage) for entry, usage in entries)

    def images(self) -> Mapping[str, str]:
        """Return which container image each pod ran, by its digest, whatever its tag means by now.

        Raises:
            AlJobError: The store does not answer, or a page is damaged.
        """
        return {pod: image for page in self._load().values() for pod, image in page.images.items()}

    def _load(self) -> dict[str, Page]:
        if self._pages is None:
            listing = self._listing or Listing(self._store.list(self._prefix))
            self._pages = {
                key: load_page(self._store.read(key), f"{self._store.url}: {key}")
                for key in listing.below(self._prefix)
            }
        return self._pages


def stage_of(entry: str) -> str:
    """Return the stage of an entry, which is its prefix in the store and what tells the Job."""
    return entry.split("/")[-2]


def dump_page(page: Page) -> bytes:
    """Return a page of the ledger as it is stored."""
    return dump_json(asdict(page))


def load_page(data: bytes, where: str) -> Page:
    """Read what `dump_page` wrote.

    Raises:
        BadDataError: It is damaged, or of a format that this version does not read.
    """
    content = load_json(data, where, _REMEDY)
    jobs = checked(dict[str, Usage], content.get("jobs"), where, _REMEDY)
    return Page(jobs, checked(dict[str, str], content.get("images", {}), where, _REMEDY))
