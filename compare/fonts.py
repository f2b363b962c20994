"""Which installed font has the letters of other scripts, for the texts of figures.

A figure's own font has Latin, Greek and Cyrillic letters, but no Hangul, Chinese or emoji.
"""

import contextlib
import functools
import logging
import warnings
from unicodedata import east_asian_width

from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.text import Text

OWN = "DejaVu Sans"
"""The font of figures, which comes with matplotlib."""

MISSING = "letters that no installed font has are boxes in the figures; install {} to see them"

EMOJI = "\U0001f000"
"""From here on letters are pictures."""

logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # not all fonts have a bold


@functools.cache
def fallback(text: str) -> tuple[list[str], str]:
    """Fonts that have the letters of ``text`` between them, and the letters that none of them has.

    `OWN` is the first, and the only one where it has all.
    """
    own = font_manager.get_font(font_manager.findfont(OWN)).get_charmap()
    families, lacking = [OWN], {ord(letter) for letter in text if letter.isprintable()} - own.keys()
    while lacking:
        family, having = max(_installed().items(), key=lambda font: len(lacking & font[1]))
        if not lacking & having:
            break
        families.append(family)
        lacking -= having
    return families, "".join(map(chr, sorted(lacking)))


def arrange(figure: Figure) -> None:
    """Give the texts of ``figure`` fonts that have their letters, and room for those of no font.

    Of the latter, which the viewer of an SVG may have, a UserWarning says what to install.
    """
    texts = {text: text.get_text() for text in figure.findobj(Text) if isinstance(text, Text)}
    families, unknown = fallback("".join(sorted(set(texts.values()))))
    if len(families) > 1:
        for text in texts:
            text.set_fontfamily(families)
    if unknown:
        _say_once("Noto Emoji" if min(unknown) >= EMOJI else "Noto Sans CJK")
        wide = {ord(letter): "W" for letter in unknown if east_asian_width(letter) in "WF"}
        for text, content in texts.items():  # letters that can be measured, as wide as those
            text.set_text(content.translate(wide))
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        for text, content in texts.items():
            text.set_text(content)


@functools.cache
def _say_once(font: str) -> None:
    warnings.warn(MISSING.format(font), stacklevel=3)


@functools.cache
def _installed() -> dict[str, set[int]]:
    """The letters of each font of this machine, also of those installed since matplotlib looked."""
    manager, letters = font_manager.fontManager, dict[str, set[int]]()
    known = {font.fname for font in manager.ttflist}
    for file in sorted(font_manager.findSystemFonts()):
        with contextlib.suppress(OSError, RuntimeError, ValueError, NotImplementedError):
            font = font_manager.get_font(file)
            if file not in known:
                manager.addfont(file)
            letters.setdefault(font.family_name, set()).update(font.get_charmap())
    return letters or {OWN: set()}
