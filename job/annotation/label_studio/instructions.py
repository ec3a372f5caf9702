"""What annotators are told in Label Studio: the user's text, and an example of each class.

Label Studio cleans the HTML that it is given. What is written here is what remains of it, so that
it can be compared.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from html import escape


def example_name(class_name: str) -> str:
    """Return the name of the file of a class's example, by which it is found again."""
    return f"example-{sha256(class_name.encode()).hexdigest()[:16]}.jpg"


def instructions_html(text: str, examples: Mapping[str, str], classes: Sequence[str]) -> str:
    """Return the instructions of a project.

    Args:
        text: The user's; an empty line begins a paragraph.
        examples: From a class to the address of its picture.
        classes: In the order in which they are shown.
    """
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n")]
    told = [f"<p>{escape(part, quote=False)}</p>" for part in paragraphs if part]
    shown = [
        f'<h3>{escape(name, quote=False)}</h3><p><img src="{escape(examples[name])}"></p>'
        for name in classes
        if name in examples
    ]
    return "".join(told + shown)
