"""What laws set in numbers: the facts of regulatory packs, read from the files beside this one. Pure.

A file is a jurisdiction: its time zone (none where it has several: the chosen calendar's holds), how its days
are counted, and its packs with their terms. The facts say where each comes from and how certain that is:
A statute read, B regulator's notice or a source that states the rule, C one source, perhaps stale, D memory.
Nothing here is law: what is below A is to be confirmed by a named person before anybody relies on it.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cases.states import EndsOn
from cases.terms import OF_THE_INSTANT, Term, TermError, Unit

FOLDER = Path(__file__).parent
CERTAINTIES = ("A", "B", "C", "D")
# What a desk can see happen. Everything else is shown as information, and no clock runs for it.
ENDS_ON = {
    "acknowledge": EndsOn.ANSWERED,
    "respond": EndsOn.ANSWERED,
    "resolve": EndsOn.RESOLVED,
    "final_response": EndsOn.RESOLVED,
}
# Kept for the record, or no number at all.
WITHOUT_CLOCK = ("years", "prompt", "none")
MILESTONES = {
    *ENDS_ON,
    "adr_letter",
    "customer_cure",
    "customer_cure_minimum",
    "determine",
    "final_or_fspo_notice",
    "forward_to_firm",
    "hierarchical_handoff",
    "notify",
    "notify_authority",
    "repair",
    "replace",
    "resolve_informally",
    "retain",
    "satisfy",
    "update",
}


class PackError(ValueError):
    """A file of facts that cannot be read; the message says where and what is wrong."""


@dataclass(frozen=True, slots=True)
class Counting:
    """How a jurisdiction counts days, and where that comes from."""

    day_zero: str  # "not_counted" or "counted"
    last_day: str  # "stays" or "next_business_day"
    source: str
    certainty: str
    url: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One term of a law. `amount` is None where the law gives no number."""

    key: str
    scope: str
    trigger: str
    unit: str
    milestone: str
    source: str
    certainty: str
    counting: Counting
    zone: str
    amount: int | None = None
    narrow: bool = False  # its trigger is not what every complaint is: an outage, an error in a bill
    restarts_at_cure: bool = False
    extension: str = ""
    url: str = ""
    note: str = ""

    @property
    def ends_on(self):
        """What ends its clock (EndsOn), or None: it is information, not a clock."""
        return ENDS_ON.get(self.milestone) if self.unit in list(Unit) else None

    @property
    def counts_days(self):
        return self.unit in list(Unit) and Unit(self.unit) not in OF_THE_INSTANT

    @property
    def is_certain(self):
        """Whether somebody read it in the law itself, the counting of its days included."""
        return self.certainty == "A" and (not self.counts_days or self.counting.certainty == "A")

    @property
    def says(self):
        """What a confirmation confirms: another number, counting or source has to be confirmed anew."""
        counting = f"{self.counting.day_zero}, {self.counting.last_day}" if self.counts_days else "exactly"
        anew = ", restarts at cure" if self.restarts_at_cure else ""
        return f"{self.amount} {self.unit}, {counting}{anew}: {self.milestone}. {self.source}"

    def term(self, zone=""):
        """Its Term, in the jurisdiction's zone; where that has several, in `zone`."""
        return Term(
            amount=self.amount,
            unit=self.unit,
            zone=self.zone or zone,
            first_day_counts=self.counts_days and self.counting.day_zero == "counted",
            gives_way=self.counts_days and self.counting.last_day == "next_business_day",
            restarts_at_cure=self.restarts_at_cure,
        )


@dataclass(frozen=True, slots=True)
class Pack:
    key: str
    name: str
    jurisdiction: str
    counting: Counting
    zone: str
    terms: tuple

    def fact(self, key):
        """Its Fact with that key. Raises KeyError."""
        for fact in self.terms:
            if fact.key == key:
                return fact
        raise KeyError(key)


@cache
def packs():
    """{key: Pack} of all files, in their order. Raises PackError."""
    return read_all(sorted(FOLDER.glob("*.toml")))


@cache
def facts():
    """{key: Fact} of all packs."""
    return {fact.key: fact for pack in packs().values() for fact in pack.terms}


def read_all(paths):
    """{key: Pack} of these files; no key of a pack or of a term comes twice."""
    found, seen = {}, set()
    for path in paths:
        for pack in read(path.read_text("utf-8"), path.name):
            _require(pack.key not in found, path.name, f"there are two packs “{pack.key}”")
            found[pack.key] = pack
            for fact in pack.terms:
                _require(fact.key not in seen, path.name, f"there are two terms “{fact.key}”")
                seen.add(fact.key)
    return found


def read(text, where):
    """[Pack] of one file's `text`; `where` is its name in errors. Raises PackError."""
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PackError(f"{where}: {error}") from error
    counting = _made(Counting, said.get("counting") or {}, f"{where}, counting")
    _require(counting.day_zero in ("not_counted", "counted"), where, "day_zero is not_counted or counted")
    _require(
        counting.last_day in ("stays", "next_business_day"), where, "last_day is stays or next_business_day"
    )
    _require(counting.certainty in CERTAINTIES, where, "a certainty is A, B, C or D")
    about = {"counting": counting, "zone": said.get("zone", "")}
    return [_pack(row, said.get("jurisdiction", ""), about, where) for row in said.get("packs", ())]


def _pack(row, jurisdiction, about, where):
    _require(
        jurisdiction and row.get("key") and row.get("name"), where, "a pack has a jurisdiction, a key, a name"
    )
    terms = tuple(_fact(term | about, f"{where}, {row['key']}") for term in row.get("terms", ()))
    _require(terms, where, f"“{row['key']}” has no terms")
    return Pack(key=row["key"], name=row["name"], jurisdiction=jurisdiction, terms=terms, **about)


def _fact(said, where):
    where = f"{where}, {said.get('key', '?')}"
    fact = _made(Fact, said, where)
    _require(fact.key and fact.source, where, "a term has a key and a source")
    _require(fact.certainty in CERTAINTIES, where, "a certainty is A, B, C or D")
    _require(fact.milestone in MILESTONES, where, f"there is no milestone “{fact.milestone}”")
    _require(fact.unit in [*Unit, *WITHOUT_CLOCK], where, f"there is no unit “{fact.unit}”")
    has_number = fact.unit not in ("prompt", "none")
    _require((fact.amount is not None) == has_number, where, "an amount goes with a unit that has a number")
    if fact.unit in list(Unit):
        try:
            fact.term("UTC")
        except TermError as error:
            raise PackError(f"{where}: {error}") from error
    return fact


def _made(kind, said, where):
    try:
        return kind(**said)
    except TypeError as error:
        raise PackError(f"{where}: {error}") from error


def _require(holds, where, what):
    if not holds:
        raise PackError(f"{where}: {what}.")
