"""The program of each process that trains with others: set up first, and then torch is imported."""

from job.detection.training.member_processes import Exchange, take_part


def _train(exchange: Exchange, rank: int, count: int) -> None:
    from job.detection.training.together import train_as_one  # noqa: PLC0415 - it imports torch

    train_as_one(exchange, rank, count)


if __name__ == "__main__":
    take_part(_train)
