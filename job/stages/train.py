"""Train the detector on everything labelled so far: read the labels, write the model."""

from job.artifacts import names
from job.artifacts.picks import dump_ids
from job.artifacts.stage_io import StageIO
from job.data.shards import read_labelled
from job.detection.detectors.base import Detector, load_model
from job.detection.detectors.weights import new_detector
from job.detection.device import set_threads
from job.detection.training.checkpoint import threads_of
from job.detection.training.inputs import Trained, TrainingInputs
from job.detection.training.process_group import check_place, num_processes
from job.detection.training.stopping import asked_to_stop
from job.detection.training.together import train_together
from job.errors import ConfigError
from job.runtime import log
from job.runtime.place import Place


def run(io: StageIO) -> dict[str, object]:
    """Read the labelled shards and what training starts from. Write the model and its history.

    Labels that were corrected since are replaced, and the ids of their images are written too.
    """
    config = io.config
    set_threads(config.runtime)
    group = _group(io)
    shards = tuple(io.labelled_shards())
    corrections = io.corrections(image for path in shards for image in read_labelled(path))
    detector = _start(io)
    checkpoint = io.load_checkpoint()
    local_count = group if isinstance(group, int) else group.local_count
    runtime = config.runtime.fixed(local_count, threads_of(checkpoint) if checkpoint else None)
    set_threads(runtime)
    io.threads = runtime.num_threads()
    config = config.model_copy(update={"runtime": runtime})
    seed = io.ref.round.own_seed, io.ref.round.index
    inputs = TrainingInputs(
        config, shards, io.arm.warm_start, seed, corrections, io.digest_of_inputs
    )
    trained = _train(io, group, inputs, detector, checkpoint)
    if not trained:
        return {}
    io.pace = trained.pace
    io.write(names.MODEL, trained.model)
    io.write(names.HISTORY, trained.history, volatile=True)  # it holds images/s
    if corrections:
        io.write(names.CORRECTED, dump_ids(corrections))
    return trained.figures | ({"corrected": len(corrections)} if corrections else {})


def _group(io: StageIO) -> int | Place:
    """Return how many processes to start here, or this one's place among those of others."""
    runtime, batch_size = io.config.runtime, io.config.train.batch_size
    if io.place is None:
        return num_processes(runtime, batch_size)
    check_place(io.place, runtime, batch_size)
    return io.place if io.place.count > 1 else 1


def _train(
    io: StageIO,
    group: int | Place,
    inputs: TrainingInputs,
    detector: Detector,
    checkpoint: bytes | None,
) -> Trained | None:
    """Train in this process or in several; None: the result is with another one."""
    if group == 1:
        with asked_to_stop() as stop:
            return inputs.train(detector, checkpoint, io.save_checkpoint, stop)
    trained = train_together(group, inputs, detector, checkpoint, io.save_checkpoint)
    if trained:
        io.processes, io.nodes = trained.processes, trained.nodes
    return trained


def _start(io: StageIO) -> Detector:
    """Return the detector that training starts from: what the configuration says, nothing else."""
    config = io.config.detector
    if io.arm.warm_start:
        io.start = {"detector": "the model of the previous round"}
        return load_model(io.model(io.earlier[-1]), config)
    detector = new_detector(config, io.dataset.classes, io.ref.round.own_seed, io.weights)
    freeze = io.config.train.freeze
    if freeze != "none" and "backbone" not in detector.pretrained:
        message = (
            f"train.freeze: {freeze}, but the backbone is {detector.origins['backbone']}: "
            "set none, or take one by detector.backbone"
        )
        raise ConfigError(message)
    io.start = {str(part): origin for part, origin in detector.origins.items()}
    log.get().info("train.start", **io.start)
    return detector
