"""Parts of pages that are generated, each between two comments; all other text is by hand."""


def with_part(text: str, name: str, part: str) -> str:
    """Return a page with another text between `<!-- NAME: made by make docs -->` and its end."""
    begin, end = f"<!-- {name}: made by make docs -->", f"<!-- end of {name} -->"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n\n{part}\n\n{end}{after}"
