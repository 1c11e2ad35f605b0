"""Where this app's part of the API is found: (prefix, viewset, name)."""

from .asking import Answers, Asks, Decisions
from .cases import Cases
from .foreseeing import Foreseen
from .importing import Sheets
from .known import Known
from .lookups import (
    Categories,
    Causes,
    PauseReasons,
    People,
    Questions,
    ReplyTemplates,
    Services,
    Skills,
    Tags,
    Teams,
)
from .oneself import Absences, Oneself
from .people import Partings
from .relating import Relating
from .rosters import Patterns, Roster, Turns
from .saved_views import SavedViews
from .staff import Memberships, PeopleSkills, Roles, Staff, StaffTeams
from .together import Together
from .views import Clocks, Conversation, Customers, Links, Notices, Parties, Promises, Surveys

ROUTES = [
    ("cases", Conversation, "api-conversation"),
    ("cases", Links, "api-link"),
    ("cases", Parties, "api-party"),
    ("cases", Relating, "api-relating"),
    ("cases", Known, "api-known"),
    ("cases", Foreseen, "api-foreseen"),
    ("cases", Cases, "api-case"),
    ("together", Together, "api-donetogether"),
    ("saved-views", SavedViews, "api-savedview"),
    ("customers", Customers, "api-customer"),
    ("clocks", Clocks, "api-clock"),
    ("promises", Promises, "api-promise"),
    ("asks", Asks, "api-ask"),
    ("decisions", Decisions, "api-decision"),
    ("answers", Answers, "api-answer"),
    ("surveys", Surveys, "api-survey"),
    ("notices", Notices, "api-notice"),
    ("me", Oneself, "api-me"),
    ("absences", Absences, "api-absence"),
    ("turns", Turns, "api-duty"),
    ("duty-patterns", Patterns, "api-dutypattern"),
    ("roster", Roster, "api-roster"),
    ("staff", Staff, "api-person-staff"),
    ("staff-teams", StaffTeams, "api-team-staff"),
    ("memberships", Memberships, "api-membership"),
    ("person-skills", PeopleSkills, "api-personskill"),
    ("roles", Roles, "api-role"),
    ("people", Sheets, "api-person-sheet"),
    ("people", Partings, "api-person-parting"),
    ("people", People, "api-person"),
    ("teams", Teams, "api-team"),
    ("categories", Categories, "api-category"),
    ("causes", Causes, "api-cause"),
    ("questions", Questions, "api-question"),
    ("services", Services, "api-service"),
    ("skills", Skills, "api-skill"),
    ("tags", Tags, "api-tag"),
    ("pause-reasons", PauseReasons, "api-pause-reason"),
    ("reply-templates", ReplyTemplates, "api-reply-template"),
]
