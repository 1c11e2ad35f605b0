"""Paths to start from: read from the files beside this, their words in the reader's language."""

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

# Under a name that no extraction looks for: the words themselves stand in words.py.
from django.utils.translation import gettext as in_words

from cases import durations

HERE = Path(__file__).parent
# In the order in which they are offered.
KEYS = ("retail", "telecoms", "banking", "support", "public")
KINDS = ("person", "team", "skill")


@dataclass(frozen=True)
class Role:
    """Somebody to be named before a draft is made; `kinds`: person, team, skill, what may be named."""

    key: str
    name: str
    hint: str
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class StepTemplate:
    """A step of a level's checklist, for handoffs of any kind."""

    text: str
    is_required: bool = False


@dataclass(frozen=True)
class LevelTemplate:
    """A level whose `role` is still to be filled, or that is `responsible` by itself (account_manager,
    holders_manager). Terms in seconds."""

    name: str
    acknowledge_seconds: int
    role: str = ""
    responsible: str = ""
    work_seconds: int | None = None
    remind_every_seconds: int | None = None
    authority_limit: Decimal | None = None
    instructions: str = ""
    informs: tuple[str, ...] = ()
    steps: tuple[StepTemplate, ...] = ()


@dataclass(frozen=True)
class PathTemplate:
    key: str
    name: str
    about: str
    roles: tuple[Role, ...]
    levels: tuple[LevelTemplate, ...]
    fallback: str  # the key of a role
    is_around_the_clock: bool = False

    def role(self, key):
        return next(role for role in self.roles if role.key == key)


@cache
def read(key):
    """What the file `key` says, as it stands there."""
    return tomllib.loads((HERE / f"{key}.toml").read_text(encoding="utf-8"))


def template(key):
    """The PathTemplate of that key, in the language in force; None where there is none."""
    return _template(key, read(key)) if key in KEYS else None


def templates():
    return [template(key) for key in KEYS]


def _template(key, said):
    return PathTemplate(
        key=key,
        name=in_words(said["name"]),
        about=in_words(said["about"]),
        roles=tuple(
            Role(row["key"], in_words(row["name"]), in_words(row["hint"]), tuple(row["kinds"]))
            for row in said["roles"]
        ),
        levels=tuple(_level(row) for row in said["levels"]),
        fallback=said["fallback"],
        is_around_the_clock=said.get("around_the_clock", False),
    )


def _level(row):
    terms = {
        field: durations.read(row[word])
        for word, field in (
            ("acknowledge", "acknowledge_seconds"),
            ("work", "work_seconds"),
            ("remind", "remind_every_seconds"),
        )
        if word in row
    }
    return LevelTemplate(
        name=in_words(row["name"]),
        role=row.get("role", ""),
        responsible=row.get("responsible", ""),
        authority_limit=Decimal(row["limit"]) if "limit" in row else None,
        instructions=in_words(row["instructions"]),
        informs=tuple(row.get("informs", ())),
        steps=tuple(
            StepTemplate(in_words(step["text"]), step.get("is_required", False)) for step in row["steps"]
        ),
        **terms,
    )
