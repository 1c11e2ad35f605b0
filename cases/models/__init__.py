"""Who the customer is, what was asked, what is owed and by when."""

from .answer import Answer, ComplaintProfile
from .asking import Ask, Decision
from .attempt import Attempt
from .calendar import Calendar, CalendarException, CalendarVersion, Holiday, Period, Weekday
from .case import Case, Category, Party, StandIn
from .cause import Cause
from .clock import Clock
from .composing import Attachment, Draft, ReplyTemplate, SentForm
from .customer import Channel, Contact, Customer, Service, Subscription, Tier
from .duty import Duty, DutyPattern
from .intake import IntakeRule
from .link import CaseLink
from .message import Message
from .notice import Notice, NoticeKind
from .pack import PackConfirmation, PackTerm, PackVersion
from .pause import Pause, PauseReason
from .person import Absence, Membership, Person, PersonSkill, Skill, Team
from .preference import PersonPreference
from .presence import Presence
from .promise import Promise
from .question import Question, QuestionAnswer
from .reading import CaseReading, ListReading
from .recalculation import Recalculation
from .repair import ReconcilerRound, TimerRepair
from .sla import SlaPolicy, SlaPolicyVersion, SlaTarget
from .standing import Standing
from .survey import Survey
from .tag import CaseTag, SavedView, Tag
from .timer import EngineMinute, EnginePass, Timer
from .together import DoneTogether
from .trigger import Trigger, TriggerKind

__all__ = [
    "Absence",
    "Answer",
    "Cause",
    "Ask",
    "Attachment",
    "Attempt",
    "Calendar",
    "CalendarException",
    "CalendarVersion",
    "Case",
    "CaseLink",
    "CaseTag",
    "CaseReading",
    "Category",
    "Channel",
    "Clock",
    "ComplaintProfile",
    "Contact",
    "Customer",
    "Decision",
    "DoneTogether",
    "Draft",
    "Duty",
    "DutyPattern",
    "EngineMinute",
    "EnginePass",
    "Holiday",
    "IntakeRule",
    "ListReading",
    "Membership",
    "Message",
    "Notice",
    "NoticeKind",
    "PackConfirmation",
    "PackTerm",
    "PackVersion",
    "Party",
    "Pause",
    "PauseReason",
    "Period",
    "Person",
    "PersonPreference",
    "PersonSkill",
    "Presence",
    "Promise",
    "Question",
    "QuestionAnswer",
    "Recalculation",
    "ReconcilerRound",
    "ReplyTemplate",
    "SavedView",
    "SentForm",
    "Service",
    "Skill",
    "SlaPolicy",
    "SlaPolicyVersion",
    "SlaTarget",
    "Standing",
    "StandIn",
    "Subscription",
    "Survey",
    "Tag",
    "Team",
    "Tier",
    "Timer",
    "TimerRepair",
    "Trigger",
    "TriggerKind",
    "Weekday",
]
