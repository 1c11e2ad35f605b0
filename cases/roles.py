"""Who may do what: one table, asked by pages, console and API alike (RULES 1). Pure: it is given people and
facts."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    AGENT = "agent", _("Agent")
    SUPERVISOR = "supervisor", _("Supervisor")
    ESCALATION_MANAGER = "manager", _("Escalation manager")
    AUDITOR = "auditor", _("Auditor")
    ADMINISTRATOR = "administrator", _("Administrator")


class Scope(models.IntegerChoices):
    """How far a permission reaches. Each wider one includes the narrower ones."""

    NONE = 0, _("not at all")
    OWN = 1, _("own teams, and what was handed over")
    DEPARTMENT = 2, _("own teams and all below them")
    ALL = 3, _("everything")


A, S, M, U, D = (Role.AGENT, Role.SUPERVISOR, Role.ESCALATION_MANAGER, Role.AUDITOR, Role.ADMINISTRATOR)
NONE, OWN, DEPARTMENT, ALL = (Scope.NONE, Scope.OWN, Scope.DEPARTMENT, Scope.ALL)

# action: {role: scope}; a role that is not named may not.
MAY = {
    "case.work": {A: OWN, S: DEPARTMENT, M: ALL},  # reply, promise, pause, resolve, escalate
    "case.open": {A: ALL, S: ALL, M: ALL},  # bring a new case
    "case.find": {
        A: ALL,
        S: ALL,
        M: ALL,
        U: ALL,
    },  # by number or customer: holder, state, what was told, what is next
    "case.log": {A: ALL, S: ALL, M: ALL},  # log a call or a note on any case found
    "case.read": {A: OWN, S: DEPARTMENT, M: ALL, U: ALL},  # the whole of it
    "case.restrict": {A: OWN, S: DEPARTMENT, M: ALL},  # restrict it, open it again, name who is on it
    "party.clear": {S: DEPARTMENT, M: ALL},  # say that a complaint is not about somebody after all
    "case.read_for_a_reason": {A: ALL, S: ALL},  # another team's, the reason recorded, for the day
    "escalation.hold": {A: OWN, S: DEPARTMENT, M: ALL},
    "resolution.declare": {S: DEPARTMENT, M: ALL},
    "offer.approve": {S: DEPARTMENT, M: ALL},  # and refusals, up to their own money limit
    "rules.read": {A: ALL, S: ALL, M: ALL, U: ALL, D: ALL},
    "rules.draft": {S: ALL, M: ALL},
    "rules.publish": {M: ALL},
    "people.read": {A: OWN, S: DEPARTMENT, M: ALL, U: ALL, D: ALL},
    "profile.change": {A: OWN, S: OWN, M: OWN, U: OWN, D: OWN},  # one's own: preferences, absence
    "people.change": {S: DEPARTMENT, M: ALL, D: ALL},
    "customer.read": {A: ALL, S: ALL, M: ALL, U: ALL},
    "customer.change": {A: ALL, S: ALL, M: ALL},
    "view.share": {A: OWN, S: DEPARTMENT, M: ALL},  # a saved view, with a team
    "history.read": {A: OWN, S: DEPARTMENT, M: ALL, U: ALL},
    "settings.change": {D: ALL},
    "dashboard.read": {S: DEPARTMENT, M: ALL, U: ALL},  # what needs a decision, the forecast, the trends
    "engine.watch": {S: DEPARTMENT, M: ALL, U: ALL, D: ALL},  # of the cases within reach, what cannot run
    "engine.mend": {M: ALL, D: ALL},  # let it try again what it gave up
}

# A case without a team and an owner is nobody's yet (RULES 2): who may do this on cases of their own may do
# it on those too, or it would wait for a manager to be seen at all.
ON_NOBODYS = {"case.read", "case.work", "case.restrict"}


def scope(person, action):
    """How far `person` may do `action`. Raises KeyError for an action that is not in the table."""
    allowed = MAY[action]
    if not getattr(person, "is_authenticated", False) or not person.is_active or person.is_system:
        return Scope.NONE
    return allowed.get(Role(person.role), Scope.NONE)


def may(person, action):
    """Whether `person` may do `action` at all; which cases it reaches is CaseQuerySet.reachable."""
    return scope(person, action) > Scope.NONE


def who_may(action):
    """The roles that may do `action` at all."""
    return list(MAY[action])


# --- The console ------------------------------------------------------------------------------------------

# Which table of models (by what they are about) asks which action to see and to change in the console.
CONFIGURATION = {
    "calendar",
    "calendarversion",
    "period",
    "calendarexception",
    "holiday",
    "slapolicy",
    "slapolicyversion",
    "slatarget",
    "packversion",
    "packterm",
    "packconfirmation",
    "category",
    "service",
    "pausereason",
    "cause",
    "tag",
    "intakerule",
    "replytemplate",
    "question",
    "recalculation",
    "escalationpath",
    "pathversion",
    "level",
    "levelinform",
    "levelstep",
    "rule",
    "option",
    "escalationreason",
    "backtest",
}
PEOPLE = {"person", "team", "membership", "skill", "personskill", "absence", "duty", "dutypattern"}
CUSTOMERS = {"customer", "contact", "subscription"}
# Of many departments' cases at once: for who may read the history of all.
OF_ALL_CASES = {"listreading"}
# Nobody's but the holder's of the case: no page of the console has them.
PRIVATE = {"complaintprofile"}


# Which roles somebody may give and take. Nobody changes their own.
GRANTS = {M: {A, S, M}, D: set(Role)}


def may_grant(person, role):
    """Whether `person` may make somebody a `role`, or change who is one: their role, limit, and whether
    they may log in."""
    return may(person, "people.change") and Role(role) in GRANTS.get(Role(person.role), ())


def may_enter_console(person):
    """Supervisors draft, managers publish, administrators keep people, auditors read. Agents work in the
    pages."""
    return person.role in (Role.SUPERVISOR, Role.ESCALATION_MANAGER, Role.AUDITOR, Role.ADMINISTRATOR)


def has_model_permission(person, permission):
    """Django's `app.verb_model` asked of the table above. Facts of a case are read in the console, never
    changed there."""
    verb, _sep, model = permission.rpartition(".")[2].partition("_")
    model = model.removeprefix("historical")
    reading = verb == "view"
    if model in PRIVATE:
        return False
    if model in CONFIGURATION:
        return may(person, "rules.read" if reading else "rules.draft")
    if model in PEOPLE:
        return may(person, "people.read" if reading else "people.change")
    if model in CUSTOMERS:
        return may(person, "customer.read" if reading else "customer.change") and verb != "delete"
    reach = Scope.ALL if model in OF_ALL_CASES else Scope.OWN
    return reading and scope(person, "history.read") >= reach
