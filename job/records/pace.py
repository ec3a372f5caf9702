"""How fast a stage went through its images."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast one process went through the images of a stage, or several processes together."""

    images: int = 0
    """Those that a network saw; a training sees an image in each of its epochs."""
    seconds: float = 0.0
    """From the first image that was asked for until all were done."""
    waiting_seconds: float = 0.0
    """How many of these passed until the next images were read; in a training, until the next batch
    was decoded and augmented, too."""
    gpu_mib: int = 0
    """The most memory of a GPU that tensors took, in one process; 0: it computed on a CPU."""

    def __add__(self, other: "Pace") -> "Pace":
        """Return both together."""
        return Pace(
            self.images + other.images,
            round(self.seconds + other.seconds, 3),
            round(self.waiting_seconds + other.waiting_seconds, 3),
            max(self.gpu_mib, other.gpu_mib),
        )

    @property
    def images_per_second(self) -> float:
        """Of a process, or of all that trained together; the mean of partitions."""
        return self.images / self.seconds if self.seconds else 0.0

    @property
    def waiting_share(self) -> float:
        """The share of the seconds that passed with waiting: near 1, the network is not busy."""
        return self.waiting_seconds / self.seconds if self.seconds else 0.0

    @property
    def figures(self) -> dict[str, float]:
        """For a log line; nothing if no network saw an image."""
        if not self.images:
            return {}
        speed = round(self.images_per_second, 1)
        share = round(self.waiting_share, 3)
        memory = {"gpu_mib": self.gpu_mib} if self.gpu_mib else {}
        return {"images_per_second": speed, "waiting_share": share, **memory}


NO_PACE = Pace()
"""Of a stage in which no network saw an image, or whose marker is of an earlier version."""
