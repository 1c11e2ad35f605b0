"""A piece of a text around the words that were looked for, those marked. Pure, and safe as markup."""

import re

from django.utils.html import conditional_escape
from django.utils.safestring import mark_safe

BEFORE, AFTER = 40, 120


def _begins_with(words):
    """Words of a text that begin with one of `words`: the same rule as the search's own."""
    return re.compile(r"(?<![^\W_])(?:" + "|".join(map(re.escape, words)) + r")[^\W_]*", re.IGNORECASE)


def marked(text, words):
    """All of `text`, escaped, the found words in <mark>."""
    if not words:
        return conditional_escape(text)
    pieces, at = [], 0
    for hit in _begins_with(words).finditer(text):
        pieces += [
            conditional_escape(text[at : hit.start()]),
            "<mark>",
            conditional_escape(hit[0]),
            "</mark>",
        ]
        at = hit.end()
    pieces.append(conditional_escape(text[at:]))
    return mark_safe("".join(pieces))  # each piece is escaped above


def around(text, words):
    """One line around the first word found, cut at spaces; an ellipsis stands for what was left out."""
    line = " ".join(text.split())
    hit = _begins_with(words).search(line) if words else None
    start = max(0, hit.start() - BEFORE) if hit else 0
    end = min(len(line), (hit.end() if hit else 0) + AFTER)
    if start:
        start = line.find(" ", start, hit.start()) + 1 or start
    if end < len(line):
        end = max(line.rfind(" ", hit.end() if hit else 0, end), hit.end() if hit else end)
    before, after = "…" if start else "", "…" if end < len(line) else ""
    return mark_safe(f"{before}{marked(line[start:end], words)}{after}")  # dots, and escaped words
