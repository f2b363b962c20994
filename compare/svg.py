"""A figure as an element of an HTML page, in the page's font and colours."""

from __future__ import annotations

import warnings
from io import StringIO
from xml.etree import ElementTree

import matplotlib
from markupsafe import Markup

from nnbasic.compare.colours import COLOURS
from nnbasic.compare.theme import Drawn

SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"

_PROPERTIES = {light: f"var(--{name}, {light})" for name, (light, _) in COLOURS.items()}
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


def element(figure: Drawn) -> Markup:
    """The figure as an ``<svg>``; its label says to a screen reader what it shows.

    The colours of the theme become custom properties, `--ink` and so on, which have the figure's
    own colours where the page does not set them. Ids are hashes that begin with the label, so
    that figures of different labels share none.
    """
    description = str(figure.get_label())
    file = StringIO()
    # text stays text, in the page's font
    settings = matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": description})
    with settings, warnings.catch_warnings():
        # a font without 한국어 is no loss: the browser has another one
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
        figure.get_figure(root=True).savefig(file, format="svg", metadata=_NO_METADATA)
    root = ElementTree.fromstring(file.getvalue())
    for definitions in root.iter(f"{SVG}defs"):
        for sheet in definitions.findall(f"{SVG}style"):
            definitions.remove(sheet)  # it would hold for the whole page
    for part in root.iter():
        _adapt(part)
    _flatten(root)
    root.attrib = {
        "viewBox": root.attrib["viewBox"],
        "role": "img",
        "aria-label": description,
        "font-family": "sans-serif",
        "stroke-linejoin": "round",
    }
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _adapt(part: ElementTree.Element) -> None:
    """Leave out of ``part`` what the page does not need, and colour it by the page."""
    part.tag, part.tail = part.tag.removeprefix(SVG), None
    if part.tag != "text":
        part.text = None
    if part.tag == "g":
        part.attrib.pop("id", None)  # the same in all figures, and nothing refers to it
    if part.get("transform", "").startswith("rotate(-0 "):
        del part.attrib["transform"]
    if LINK in part.attrib:
        part.set("href", part.attrib.pop(LINK))
    if style := part.get("style"):
        declarations = (map(str.strip, each.split(":", 1)) for each in style.split(";"))
        kept = (
            f"{name}:{_PROPERTIES.get(value, value)}"
            for name, value in declarations
            if name != "font-family"
        )
        part.set("style", ";".join(kept))
    for name in {"d", "x", "y"}.intersection(part.attrib):
        part.set(name, " ".join(map(_rounded, part.attrib[name].split())))


def _flatten(part: ElementTree.Element) -> None:
    """Put what is in groups that say nothing in their place."""
    children: list[ElementTree.Element] = []
    for child in part:
        _flatten(child)
        children += child if child.tag == "g" and not child.attrib else [child]
    part[:] = children


def _rounded(token: str) -> str:
    """A coordinate to a tenth of a point; other parts of a path as they are."""
    try:
        return f"{round(float(token), 1):g}"
    except ValueError:
        return token
