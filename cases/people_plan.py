"""What a sheet of people would do: row by row what is new, changed, the same or wrong. Nothing is written."""

import hashlib
import json
import re
from dataclasses import dataclass, field
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases import roles
from cases.models import Membership, Person, PersonSkill, Skill, Team
from cases.people_sheet import BELOW, BETWEEN, COLUMNS

CREATED, CHANGED, SAME, WRONG = "created", "changed", "same", "wrong"
# What decides over somebody's power; the console's form keeps the same from who may not grant it.
POWERS = ("email", "role", "manager", "money_limit")
DEFAULTS = {"role": roles.Role.AGENT.value, "language": "en", "time_zone": "UTC", "money_limit": Decimal(0)}
NAMED = 12
# "1,500" is fifteen hundred to one bank and one and a half to another: three digits are no cents.
EUROS = re.compile(r"\d{1,10}([.,]\d{1,2})?", re.ASCII)
USERNAME = UnicodeUsernameValidator(
    message=gettext_lazy("This is no username; write letters, digits and @ . + - _ only, without blanks.")
)


@dataclass
class Row:
    """A line as it would be carried out. `values`: what its columns mean; `differences`: (column, was, is)
    in words; `errors`: (column, sentence)."""

    number: int
    username: str
    person: Person | None = None
    values: dict = field(default_factory=dict)
    differences: list = field(default_factory=list)
    errors: list = field(default_factory=list)

    @property
    def outcome(self):
        if self.errors:
            return WRONG
        if self.person is None:
            return CREATED
        return CHANGED if self.differences else SAME

    @property
    def mark(self):
        """The same as long as the row would do the same to the same."""
        said = [self.number, self.username, self.outcome, self.differences, self.errors]
        return hashlib.sha256(json.dumps(said, default=str).encode()).hexdigest()[:16]


class Known:
    """What the desk has of what a sheet names. Seven queries."""

    def __init__(self, lines):
        named = {line.cells.get(name, "") for line in lines for name in ("username", "manager")}
        everybody = dict(Person.objects.order_by("pk").values_list("username", "pk"))
        self.spellings = {}
        for name in (*everybody, *(line.cells["username"] for line in lines)):
            self.spellings.setdefault(name.casefold(), name)
        self.spellings |= {name: name for name in everybody}
        ids = [everybody[name] for name in map(self.spelt, named) if name in everybody]
        self.people = {p.username: p for p in Person.objects.filter(pk__in=ids)}
        names = dict(Person.objects.filter(is_system=False).values_list("pk", "username"))
        pairs = Person.objects.filter(is_system=False).values_list("username", "manager")
        self.managers = {username: names.get(manager) for username, manager in pairs}
        self.names = names
        self.teams, self.paths = team_paths()
        self.skills = dict(Skill.objects.values_list("name", "pk"))
        ids = [person.pk for person in self.people.values()]
        self.teams_of, self.skills_of = {}, {}
        for person, team in Membership.objects.filter(person__in=ids).values_list("person", "team"):
            self.teams_of.setdefault(person, set()).add(team)
        for person, skill in PersonSkill.objects.filter(person__in=ids).values_list("person", "skill"):
            self.skills_of.setdefault(person, set()).add(skill)

    def spelt(self, username):
        """A username as the desk has it, else as the file has it first: it is the same in small letters."""
        return self.spellings.get(username) or self.spellings.get(username.casefold(), username)


def team_paths():
    """({path or name in lower case: id}, {id: path}) of the teams there are."""
    rows = {pk: (name, parent) for pk, name, parent in Team.objects.values_list("pk", "name", "parent")}
    by_words, paths = {}, {}
    for pk in rows:
        steps, at = [], pk
        while at is not None and at in rows and len(steps) <= len(rows):
            steps.append(rows[at][0])
            at = rows[at][1]
        paths[pk] = BELOW.join(reversed(steps))
        by_words[paths[pk].lower()] = by_words[rows[pk][0].lower()] = pk
    return by_words, paths


def compare(lines, *, by):
    """[Row] of these Lines as `by` would import them, in the order of the file."""
    known = Known(lines)
    rows, seen = [], {}
    for line in lines:
        row = _Reader(line, known, by).row
        if row.username and row.username in seen:
            row.errors.append(
                (
                    "username",
                    _("Row %(n)d has the same username; keep one of them.") % {"n": seen[row.username]},
                )
            )
        seen.setdefault(row.username, row.number)
        rows.append(row)
    _check_managers(rows, known)
    return rows


def _check_managers(rows, known):
    """A manager is somebody here or new in this file, and nobody manages themself by way of others."""
    new = {row.username for row in rows if row.person is None and not row.errors}
    above = known.managers | {
        row.username: row.values["manager"] for row in rows if "manager" in row.values and not row.errors
    }
    for row in rows:
        manager = row.values.get("manager")
        if not manager:
            continue
        person = known.people.get(manager)
        if manager not in new and (person is None or person.is_system or not person.is_active):
            row.errors.append(
                (
                    "manager",
                    _("Nobody here has the username “%(name)s”; name somebody here, or leave it empty.")
                    % {"name": manager},
                )
            )
        elif _leads_back(row.username, above):
            row.errors.append(
                ("manager", _("They would be their own manager in the end; name somebody above them."))
            )


def _leads_back(username, above):
    at, passed = above.get(username), set()
    while at and at not in passed:
        if at == username:
            return True
        passed.add(at)
        at = above.get(at)
    return False


class _Reader:
    """Reads one line: each column to a value, or an error that names it."""

    def __init__(self, line, known, by):
        self.known, self.by, self.cells = known, by, line.cells
        username = known.spelt(line.cells["username"])
        self.row = Row(line.number, username, known.people.get(username))
        for column in COLUMNS:
            if column == "username" or column in line.cells:
                try:
                    self._read(column)
                except ValidationError as error:
                    self.row.errors.append((column, " ".join(error.messages)))
        if self.row.person is None:
            self._complete()
        self._differ()
        self._check_powers()

    def _read(self, column):
        text = self.cells[column]
        value = getattr(self, f"_{column}", self._plain)(text) if text or column != "manager" else ""
        if column in ("username", "name", "email", "time_zone"):
            Person._meta.get_field(column).clean(value, None)
        self.row.values[column] = value

    def _complete(self):
        """A new person's columns that the file has not."""
        for column, value in DEFAULTS.items():
            if column not in self.cells or (self.cells[column] == "" and column != "role"):
                self.row.values.setdefault(column, value)
        if "name" not in self.cells and self.row.username:
            self.row.errors.append(("name", _("Somebody new needs a name; add the column.")))

    # --- columns ---

    def _plain(self, text):
        return text

    def _username(self, text):
        if text and self.row.person is None:
            USERNAME(text)
        return self.row.username

    def _manager(self, text):
        return self.known.spelt(text)

    def _time_zone(self, text):
        return text or DEFAULTS["time_zone"]

    def _role(self, text):
        for role in roles.Role:
            if text.lower() in (role.value, str(role.label).lower()):
                if self.row.person is None or self.row.person.role != role:
                    self._require_grant(role)
                return role.value
        allowed = ", ".join(role.value for role in roles.Role if roles.may_grant(self.by, role))
        raise ValidationError(
            _("“%(text)s” is no role; use one of %(all)s.") % {"text": text, "all": allowed}
        )

    def _require_grant(self, role):
        if not roles.may_grant(self.by, role):
            allowed = ", ".join(r.value for r in roles.Role if roles.may_grant(self.by, r))
            raise ValidationError(
                _("You cannot make anybody %(role)s; you can: %(all)s.")
                % {"role": roles.Role(role).label, "all": allowed or "–"}
            )

    def _language(self, text):
        for code, label in settings.LANGUAGES:
            if text.lower() in (code, str(label).lower(), str(_(label)).lower()):
                return code
        if not text:
            return DEFAULTS["language"]
        codes = ", ".join(code for code, _label in settings.LANGUAGES)
        raise ValidationError(
            _("“%(text)s” is no language here; use one of %(all)s.") % {"text": text, "all": codes}
        )

    def _money_limit(self, text):
        plain = "".join(text.replace("€", "").replace("EUR", "").split()) or "0"
        if not EUROS.fullmatch(plain):
            raise ValidationError(
                _(
                    "“%(text)s” is no money limit; write euros as 250 or 1500.50, zero or more, with nothing"
                    " between the thousands."
                )
                % {"text": text}
            )
        return Decimal(plain.replace(",", ".")).quantize(Decimal("0.01"))

    def _teams(self, text):
        return self._several(text, self._one_team)

    def _one_team(self, text):
        pk = self.known.teams.get(text.lower())
        if pk is None:
            raise ValidationError(
                _("There is no team “%(text)s”; write its path as in: %(all)s.")
                % {"text": text, "all": self._some(self.known.paths.values())}
            )
        return pk

    def _skills(self, text):
        return self._several(text, self._one_skill)

    def _one_skill(self, text):
        by_name = {name.lower(): pk for name, pk in self.known.skills.items()}
        pk = by_name.get(text.lower())
        if pk is None:
            raise ValidationError(
                _("There is no skill “%(text)s”; add it first, or use one of: %(all)s.")
                % {"text": text, "all": self._some(self.known.skills)}
            )
        return pk

    def _several(self, text, one):
        parts = (part.strip() for part in text.split(BETWEEN))
        return frozenset(one(part) for part in parts if part)

    def _some(self, names):
        names = sorted(names)
        return ", ".join(names[:NAMED]) + (" …" if len(names) > NAMED else "") if names else "–"

    # --- beside what is there ---

    def _differ(self):
        for column, value in self.row.values.items():
            was, new = self._was(column), self._words(column, value)
            if column != "username" and was != new:
                self.row.differences.append((column, was, new))

    def _was(self, column):
        person = self.row.person
        if person is None:
            return ""
        if column == "teams":
            return self._words(column, self.known.teams_of.get(person.pk, ()))
        if column == "skills":
            return self._words(column, self.known.skills_of.get(person.pk, ()))
        if column == "manager":
            return self.known.names.get(person.manager_id, "")
        return self._words(column, getattr(person, column))

    def _words(self, column, value):
        if column == "teams":
            return f"{BETWEEN} ".join(sorted(self.known.paths[pk] for pk in value))
        if column == "skills":
            names = {pk: name for name, pk in self.known.skills.items()}
            return f"{BETWEEN} ".join(sorted(names[pk] for pk in value))
        return f"{value:.2f}" if isinstance(value, Decimal) else str(value)

    def _check_powers(self):
        row = self.row
        if row.person is None:
            return
        if row.person.is_system:
            row.errors.append(("username", _("This username belongs to the desk itself; use another.")))
        elif not row.person.is_active:
            row.errors.append(("username", _("They work here no longer; let them in again first.")))
        changed = [column for column, _was, _is in row.differences if column in POWERS]
        if changed and row.person.pk == self.by.pk:
            row.errors.append((changed[0], _("Nobody changes their own; ask somebody else to.")))
        elif changed and not roles.may_grant(self.by, row.person.role):
            words = {"role": row.person.get_role_display()}
            row.errors.append((changed[0], _("You may not change who is %(role)s.") % words))
