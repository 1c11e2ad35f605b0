"""A path's form as far as it is typed: what can be read of it, for the picture beside it."""

from contextlib import suppress
from decimal import Decimal, InvalidOperation

from cases import durations
from escalations.models import Responsible
from escalations.path_picture import Said

from .steps import KINDS, typed_steps

# More rows than anybody's ladder has are not drawn.
MOST = 60


def levels_typed(data):
    """[Said] of the rows that stay, of the posted form `data`."""
    with suppress(ValueError):
        count = int(data.get("levels-TOTAL_FORMS", 0))
        return [_said(data, f"levels-{n}-") for n in range(min(count, MOST)) if _stays(data, f"levels-{n}-")]
    return []


def fallback_typed(data):
    return _number(data.get("fallback"))


def _stays(data, row):
    return f"{row}DELETE" not in data and any(data.get(row + name) for name in ("name", "responsible"))


def _said(data, row):
    responsible = data.get(f"{row}responsible", "")
    return Said(
        number=_number(data.get(f"{row}number")),
        name=data.get(f"{row}name", ""),
        responsible=responsible if responsible in Responsible.values else "",
        person_id=_number(data.get(f"{row}person")),
        team_id=_number(data.get(f"{row}team")),
        skill_id=_number(data.get(f"{row}skill")),
        acknowledge=_term(data.get(f"{row}acknowledge_seconds")),
        work=_term(data.get(f"{row}work_seconds")),
        remind=_term(data.get(f"{row}remind_every_seconds")),
        limit=_money(data.get(f"{row}authority_limit")),
        informs=tuple(pk for pk in map(_number, data.getlist(f"{row}informed")) if pk),
        is_around_the_clock=bool(data.get(f"{row}is_around_the_clock")),
        instructions=data.get(f"{row}instructions", ""),
        checklist=tuple(str(step) for kind in KINDS for step in typed_steps(data, row, kind)),
    )


def _number(text):
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else None


def _term(text):
    """Seconds, or the text itself where it is no term."""
    if not text or not text.strip():
        return None
    try:
        return durations.read(text)
    except (durations.NotADuration, OverflowError):
        return text


def _money(text):
    try:
        amount = Decimal((text or "").replace(",", "."))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None
