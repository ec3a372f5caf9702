"""What an experiment takes from registries, checked before anything is written.

The strategies are not among it: whoever makes a `Plan` validates them.
"""

from collections.abc import Callable, Mapping

from job.annotators import find_annotator
from job.config.schema import Config
from job.detection.detectors.architecture import architecture_of
from job.detection.input_size import Fit
from job.errors import ConfigError
from job.report.registry import SECTIONS


def check_detector(config: Config) -> str:
    """Refuse a wrong name, size, width or place of weights, and early stages that nobody knows.

    Returns:
        The detector in words.

    Raises:
        ConfigError: One is wrong.
    """
    architecture = architecture_of(config.detector)
    if config.train.freeze == "stages" and not architecture.num_early_layers:
        message = (
            f"train.freeze: {config.detector.model} does not say which stages are early "
            "(num_early_layers): set backbone or none"
        )
        raise ConfigError(message)
    keeps_aspect = isinstance(architecture.input_size(config.detector), Fit)
    side = "at the shorter side" if keeps_aspect else "a side"
    return f"{config.detector.model}, {config.detector.size} pixels {side}"


def check_annotator(config: Config) -> str:
    """Refuse an annotator that is not there, and return its name.

    Raises:
        ConfigError: There is none of that name, or its package is broken.
    """
    if not config.annotation.is_by_people:
        find_annotator(config.annotation.annotator)
    return config.annotation.annotator


def check_sections(_: Config) -> str:
    """Refuse a section of the report that cannot be imported, and return how many there are.

    The report comes last: found then, a mistake would have cost the experiment's time.

    Raises:
        ConfigError: The package of one is broken.
    """
    if outside := SECTIONS.outside_names():
        from job.report.sections import SectionBuilder  # noqa: PLC0415 - takes a second

        for name in outside:
            SECTIONS.load(name, SectionBuilder)
    of_others = f", of other packages: {', '.join(outside)}" if outside else ""
    return f"{len(SECTIONS.names())}{of_others}"


CHECKS: Mapping[str, Callable[[Config], str]] = {
    "detector": check_detector,
    "annotator": check_annotator,
    "report sections": check_sections,
}
"""By what is checked. Each returns what there is, in words."""


def check_registries(config: Config) -> None:
    """Refuse an experiment that names what no registry has.

    Raises:
        ConfigError: One of `CHECKS` refuses it.
    """
    for check in CHECKS.values():
        check(config)
