"""Terms as people write them: "2 h 30 min", "45 s". No days: how long a working one is, the calendar says."""

import re

from django.utils.translation import gettext as _

UNITS = {"h": 3600, "min": 60, "s": 1}
WORDS = {
    "h": "h hour hours hora horas ч час часа часов",
    "min": "m min minute minutes minuto minutos мин",
    "s": "s sec second seconds segundo segundos с сек",
}
SPELLINGS = {spelling: unit for unit, spellings in WORDS.items() for spelling in spellings.split()}
PART = re.compile(r"\s*(\d+(?:[.,]\d+)?)\s*([^\W\d_]+)\.?\s*")


class NotADuration(ValueError):
    """What was typed is no term; the message says what would be."""


def read(text):
    """Seconds, a whole number, of a term such as "2 h 30 min". Raises NotADuration."""
    text, seconds, at = text.strip().lower(), 0.0, 0
    while at < len(text):
        part = PART.match(text, at)
        unit = SPELLINGS.get(part[2]) if part else None
        if unit is None:
            raise NotADuration(
                _("“%(text)s” is no term; write hours, minutes and seconds, such as 2 h 30 min.")
                % {"text": text}
            )
        seconds += float(part[1].replace(",", ".")) * UNITS[unit]
        at = part.end()
    if seconds != int(seconds):
        raise NotADuration(_("“%(text)s” is no whole number of seconds.") % {"text": text})
    return int(seconds)


def word(seconds):
    """The same back: 9000 is "2 h 30 min"; what can be read again is never rounded."""
    names = {"h": _("h"), "min": _("min"), "s": _("s")}
    parts, left = [], int(seconds)
    for unit, size in UNITS.items():
        number, left = divmod(left, size)
        if number:
            parts.append(f"{number} {names[unit]}")
    return " ".join(parts) or f"0 {names['s']}"
