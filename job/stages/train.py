"""Train the detector on everything labelled so far: read the labels, write the model."""

from job.artifacts import names
from job.artifacts.picks import dump_ids
from job.artifacts.stage_io import StageIO
from job.data.shards import read_labelled
from job.detection.detectors.base import Detector, load_model
from job.detection.detectors.weights import new_detector
from job.detection.device import set_threads
from job.detection.training.checkpoint import threads_of
from job.detection.training.inputs import TrainingInputs
from job.detection.training.process_group import num_processes
from job.detection.training.stopping import asked_to_stop
from job.detection.training.together import train_together
from job.errors import ConfigError
from job.runtime import log


def run(io: StageIO) -> dict[str, object]:
    """Read the labelled shards and what training starts from. Write the model and its history.

    Labels that were corrected since are replaced, and the ids of their images are written too.
    """
    config = io.config
    set_threads(config.runtime)
    processes = num_processes(config.runtime, config.train.batch_size)
    shards = tuple(io.labelled_shards())
    corrections = io.corrections(image for path in shards for image in read_labelled(path))
    detector = _start(io)
    checkpoint = io.load_checkpoint()
    runtime = config.runtime.fixed(processes, threads_of(checkpoint) if checkpoint else None)
    set_threads(runtime)
    io.threads = runtime.num_threads()
    config = config.model_copy(update={"runtime": runtime})
    seed = io.ref.round.own_seed, io.ref.round.index
    inputs = TrainingInputs(config, shards, io.arm.warm_start, seed, corrections)
    if processes > 1:
        trained = train_together(processes, inputs, detector, checkpoint, io.save_checkpoint)
    else:
        with asked_to_stop() as stop:
            trained = inputs.train(detector, checkpoint, io.save_checkpoint, stop)
    io.write(names.MODEL, trained.model)
    io.write(names.HISTORY, trained.history, volatile=True)  # it holds images/s
    if corrections:
        io.write(names.CORRECTED, dump_ids(corrections))
    return trained.figures | ({"corrected": len(corrections)} if corrections else {})


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
