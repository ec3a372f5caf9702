"""The variables of torch.distributed."""

import pytest

from job.errors import ConfigError
from job.runtime.place import Place

VARIABLES = {
    "RANK": "3",
    "WORLD_SIZE": "4",
    "LOCAL_RANK": "1",
    "MASTER_ADDR": "train-0.train",
    "MASTER_PORT": "29500",
}


def test_without_the_variables_there_is_no_place() -> None:
    """Empty ones are as good as none; those of other programs do not count."""
    assert Place.of({"RANK": "", "LOCAL_WORLD_SIZE": "2"}) is None


def test_the_variables_say_the_place() -> None:
    """Without torchrun's own variable, a process has its node to itself."""
    assert Place.of(VARIABLES) == Place(3, 4, 1, 1, "train-0.train:29500")
    assert Place.of(VARIABLES | {"LOCAL_WORLD_SIZE": "2"}) == Place(
        3, 4, 1, 2, "train-0.train:29500"
    )


@pytest.mark.parametrize("name", VARIABLES)
def test_a_variable_that_is_missing_is_named(name: str) -> None:
    """All five are needed, and the message names the one that is not there."""
    given = {key: value for key, value in VARIABLES.items() if key != name}
    with pytest.raises(ConfigError, match=f"without {name}: set all five"):
        Place.of(given)


@pytest.mark.parametrize(
    ("name", "value", "limits"),
    [
        ("RANK", "4", r"from 0 to 3 \(WORLD_SIZE=4\)"),
        ("RANK", "-1", "from 0 to 3"),
        ("LOCAL_RANK", "one", "from 0 to 3"),
        ("WORLD_SIZE", "0", "of at least 1"),
        ("MASTER_PORT", "70000", "from 1 to 65535"),
        ("LOCAL_WORLD_SIZE", "8", "from 1 to 4"),
    ],
)
def test_a_variable_that_makes_no_sense_is_refused(name: str, value: str, limits: str) -> None:
    """The message has the variable, its value and what it may be."""
    with pytest.raises(ConfigError, match=f"^{name}={value}: it has to be a number {limits}"):
        Place.of(VARIABLES | {name: value})


@pytest.mark.parametrize(
    ("address", "expected"),
    [("127.0.0.1:1", True), ("localhost:1", True), ("10.0.0.1:1", False), ("train-0:1", False)],
)
def test_processes_that_meet_at_the_loopback_are_on_one_machine(
    address: str, *, expected: bool
) -> None:
    """Any other address may be another machine's."""
    assert Place(0, 2, 0, 2, address).is_on_one_machine is expected


def test_all_but_the_first_process_follow() -> None:
    """One process writes what all of them make."""
    assert [Place(rank, 2, 0, 1, "a:1").is_follower for rank in (0, 1)] == [False, True]
