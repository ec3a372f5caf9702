"""What is aimed at, why it is missed where it is, and what could be next."""

from dataclasses import dataclass

RECIPE = "torchvision's reference recipe"
ALONE = "forward + backward alone"
FASTEST = "the fastest network alone"
LOOP = "torchvision's loop"
CHECKED = "the bare bytes with their SHA-256, into a file"
SCAN = "reading its columns alone"
DECODING = "decoding the images, two threads"


@dataclass(frozen=True)
class Aim:
    """An aim; RESULTS.md has it beside what was reached."""

    row: str
    what: str
    """Which lines it is about, a pattern: the worst of them counts."""
    beside: str
    value: float
    unit: str = "x"
    reason: str = ""
    idea: str = ""

    @property
    def shown(self) -> str:
        """The aim, as a limit."""
        if self.unit == "x":
            return f"at least {self.value:g}"
        return f"at most {self.value:g}{self.unit}"


AIMS = (
    Aim("score, of torchvision's loop", "score, 320 px, float32", LOOP, 4),
    Aim(
        "score, compiled bfloat16, of the fastest network",
        "score, 320 px, bfloat16, compiled",
        FASTEST,
        0.9,
        reason="decoding, scaling and choosing boxes take 1.3 ms of 9, and caches are colder",
        idea="normalisation and the first filter of anchors in the compiled graph",
    ),
    Aim(
        "score, families with a heavy network, of their library's loop",
        "score, 320 px, *, float32",
        "the library's loop",
        1.5,
        reason="both leave convolutions and matrix products to the same kernels",
        idea="convolutions that torch does not give to oneDNN; fold transformers' batch norm",
    ),
    Aim(
        "train, of forward + backward",
        "train, 320 px, batches of 16",
        ALONE,
        0.9,
        reason="one core waits while the other draws samples",
        idea="draw the next batch meanwhile, by random numbers that are not torch's global ones",
    ),
    Aim(
        "train, of torchvision's recipe",
        "train, 320 px, batches of 16",
        RECIPE,
        3,
        reason="both leave nearly all of a step to the same kernels",
        idea="the same, and compile where a run is long enough",
    ),
    Aim(
        "choosing boxes, 20 classes, of torchvision's",
        "3,234 anchors, 20 classes: score",
        "torchvision's postprocess_detections",
        5,
        reason="a third is the maximum over the classes of all anchors, a quarter torchvision's "
        "own suppression and IoU, an image at a time",
        idea="the maximum as part of a compiled network; suppression of a batch at once",
    ),
    Aim("average precision, of pycocotools", "AP of *", "pycocotools", 5),
    Aim(
        "read a pool from S3, of a plain download that hashes and writes",
        "read a pool from S3: *",
        CHECKED,
        0.95,
        reason="digests are computed and files written on the cores that the server runs on",
        idea="ranged parallel reads of a shard; a store that gives SHA-256 itself",
    ),
    Aim(
        "read a pool from S3, of one GET an image", "read a pool from S3: *", "one GET an image", 5
    ),
    Aim(
        "ingest, of decoding alone",
        "ingest *",
        DECODING,
        0.9,
        reason="parsing XML, the tar file and the tables need the interpreter, which one thread "
        "has at a time",
        idea="processes instead of threads; a cheap check of the whole file instead of a decoder",
    ),
    Aim(
        "score with two processes on one node, of one",
        "score, two processes",
        "one process",
        1.8,
        reason="there is no benchmark of it yet",
        idea="partitions by bytes, and one cache",
    ),
    Aim("`al-job --help`", "`al-job --help`", "", 0.3, " s"),
    Aim("`al-job select`, 5,000 images", "`al-job select`, 5,000 images", "", 1.2, " s"),
    Aim("the quickstart, besides computation", "the quickstart's rounds and report", "", 5, " %"),
    Aim(
        "select, every strategy",
        "select, *",
        SCAN,
        1.5,
        " times as long",
        reason="coreset, uwe and the herding family are bound by matrix products with all labelled "
        "images, object_coverage by k-means; product and cost_aware read the record twice",
        idea="one pass for all strategies inside; a bound on the distance before the product",
    ),
    Aim(
        "score on a Hopper card, SSDLite at 320 px",
        "score on a GPU, ssdlite_mobilenet_v2",
        "",
        1 / 2500,
        " s an image",
        reason="no GPU was at hand",
        idea="decode on the GPU",
    ),
)
