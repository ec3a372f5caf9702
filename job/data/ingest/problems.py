"""What happens to a problem of a source: the first one is raised, or all are listed."""

from job.errors import BadDataError


def report(problems: list[str], problem: str, *, skip_bad: bool) -> None:
    """List a problem.

    Args:
        problems: The list.
        problem: One line: the file and the reason.
        skip_bad: Whether problems are listed. Otherwise this one is raised.

    Raises:
        BadDataError: It is not to be listed.
    """
    if not skip_bad:
        message = f"{problem}; --skip-bad leaves out what is bad, --dry-run lists all of it"
        raise BadDataError(message)
    problems.append(problem)
