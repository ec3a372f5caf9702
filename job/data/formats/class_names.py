"""Names of classes, as files and options list them."""

from collections.abc import Callable, Iterable

from job.data.formats.base import is_text
from job.data.formats.files import SourceFiles, decode
from job.errors import BadDataError, UsageError
from job.runtime.names import given


def checked_classes(names: Iterable[object], num_classes: object, where: str) -> tuple[str, ...]:
    """Return the names of classes as texts.

    Args:
        names: As they were read.
        num_classes: How many there should be; None: any number.
        where: The file or option, for messages.

    Raises:
        BadDataError: A name is not one, or is there twice, or there are more or fewer than it says.
    """
    classes: list[str] = []
    for number, name in enumerate(names):
        is_whole = isinstance(name, int) and not isinstance(name, bool)
        text = name.strip() if isinstance(name, str) else str(name) if is_whole else ""
        if not text or not is_text(text):
            message = (
                f"{where}: class {number} is {given(name)}, which is not a name; put it in quotes"
            )
            raise BadDataError(message)
        if text in classes:
            message = (
                f"{where}: the class {given(text)} occurs twice: {classes.index(text)}, {number}"
            )
            raise BadDataError(message)
        classes.append(text)
    if not classes or num_classes not in {None, len(classes)}:
        told = "no classes" if not classes else f"{num_classes} classes, but names {len(classes)}"
        message = f"{where}: it has {told}"
        raise BadDataError(message)
    return tuple(classes)


def named_classes(
    text: str, option: str, open_file: Callable[[str], tuple[SourceFiles, str]]
) -> tuple[str, ...]:
    """Return the classes that an option names: with commas between them, or in a file, one a line.

    Args:
        text: The option's value. It is a file if it ends in `.txt` or `.names`, or has a slash.
        option: The option, for messages.
        open_file: Returns a file's folder and its name there.

    Raises:
        UsageError: A name is missing, or occurs twice.
        BadDataError: The file is missing, or is not a list of names.
    """
    if "/" in text or text.endswith((".txt", ".names")):
        files, name = open_file(text)
        where = files.where(name)
        lines = decode(files.read(name, f"file of classes; {option} names it"), where)
        return checked_classes(lines.rstrip().splitlines(), None, where)
    try:
        return checked_classes(text.split(","), None, option)
    except BadDataError as error:
        raise UsageError(str(error)) from error
