"""The documentation's site: all pages of this folder. `make docs` builds it strictly."""

import re
import tomllib
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

# Pydantic fails while autodoc imports, so what has models is imported before.
import job.detection.detectors.architecture
import job.report.sections  # noqa: F401 - see above

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
OUTSIDE = {
    "readme": "README.md",
    "chart": "helm/README.md",
    "contributing": "CONTRIBUTING.md",
    "changelog": "CHANGELOG.md",
    "security": "SECURITY.md",
    "benchmarks": "benchmarks/README.md",
    "benchmark-results": "benchmarks/RESULTS.md",
    "benchmark-profile": "benchmarks/PROFILE.md",
}
"""Pages of the site that lie elsewhere in the repository; here each has an empty page."""
BELOW = {"decisions/README": "0*", "results/README": "*/README"}
"""Pages that lie below another one in the navigation, as a pattern."""

project = "al-voc"
author = "the al-voc authors"
copyright = "2026, the al-voc authors"  # noqa: A001 - Sphinx's name for it
release = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
version = release

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
nitpicky = True
nitpick_ignore_regex = [("py:.*", ".*")]  # types of other projects, whose sites are not reached

myst_heading_anchors = 3

default_role = "literal"  # docstrings are Markdown: what is in single backticks is code
autodoc_member_order = "bysource"
autodoc_typehints = "signature"

html_theme = "furo"
html_title = f"al-voc {release}"
html_show_sourcelink = False

_hidden: dict[str, list[str]] = {}
_LINK = re.compile(r"(!?\[[^\]]*\])\((?!https?:|#|mailto:)([^)#\s]+)(#[^)\s]*)?\)")


def _read(_app: Sphinx, page: str, source: list[str]) -> None:
    """Put in the pages that lie elsewhere, and make links to files point to the site's pages."""
    if page in OUTSIDE:
        source[0] = (ROOT / OUTSIDE[page]).read_text(encoding="utf-8")
    here = (ROOT / OUTSIDE[page] if page in OUTSIDE else DOCS / f"{page}.md").parent
    source[0] = _LINK.sub(lambda match: _relink(match, page, here), source[0])
    if page in BELOW:
        source[0] += f"\n```{{toctree}}\n:hidden:\n:glob:\n\n{BELOW[page]}\n```\n"


def _relink(match: re.Match[str], page: str, here: Path) -> str:
    """Return a link to the page or the image of the site; a file without a page is only named."""
    words, target, anchor = match[1], (here / match[2]).resolve(), match[3] or ""
    if not target.exists():
        logging.getLogger(__name__).warning("no such file: %s", match[2], location=page)
        return words
    if words.startswith("!"):
        return f"{words}(/{target.relative_to(DOCS)})"
    target = target / "README.md" if (target / "README.md").is_file() else target
    pages = {ROOT / path: DOCS / f"{name}.md" for name, path in OUTSIDE.items()}
    target = pages.get(target, target)
    if not target.is_relative_to(DOCS) or target.suffix != ".md":
        return words[1:-1]
    return f"{words}(/{target.relative_to(DOCS)}{anchor})"


def _hide(_app: Sphinx, kind: str, name: str, *others: Any) -> None:
    """Keep an attribute's docstring from napoleon, which takes words before a colon for a type."""
    if kind in {"attribute", "property"}:
        _hidden[name] = list(others[-1])
        others[-1].clear()


def _show(_app: Sphinx, _kind: str, name: str, *others: Any) -> None:
    others[-1].extend(_hidden.pop(name, []))


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect the above."""
    app.connect("source-read", _read)
    app.connect("autodoc-process-docstring", _hide, priority=400)
    app.connect("autodoc-process-docstring", _show, priority=600)
    return {"parallel_read_safe": True}
