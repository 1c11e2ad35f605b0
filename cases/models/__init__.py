"""Who the customer is, what was asked, what is owed and by when."""

from .calendar import Calendar, CalendarException, CalendarVersion, Holiday, Period, Weekday
from .case import Case, Category, Party
from .customer import Channel, Contact, Customer, Service, Subscription, Tier
from .intake import IntakeRule
from .message import Message
from .notice import Notice, NoticeKind
from .person import Absence, Duty, Membership, Person, PersonSkill, Skill, Team
from .preference import PersonPreference
from .presence import Presence
from .promise import Promise
from .reading import CaseReading
from .recalculation import Recalculation
from .repair import ReconcilerRound, TimerRepair
from .sla import Clock, Pause, PauseReason, SlaPolicy, SlaPolicyVersion, SlaTarget
from .standing import Standing
from .timer import EngineMinute, EnginePass, Timer
from .trigger import Trigger, TriggerKind

__all__ = [
    "Absence",
    "Calendar",
    "CalendarException",
    "CalendarVersion",
    "Case",
    "CaseReading",
    "Category",
    "Channel",
    "Clock",
    "Contact",
    "Customer",
    "Duty",
    "EngineMinute",
    "EnginePass",
    "Holiday",
    "IntakeRule",
    "Membership",
    "Message",
    "Notice",
    "NoticeKind",
    "Party",
    "Pause",
    "PauseReason",
    "Period",
    "Person",
    "PersonPreference",
    "PersonSkill",
    "Presence",
    "Promise",
    "Recalculation",
    "ReconcilerRound",
    "Service",
    "Skill",
    "SlaPolicy",
    "SlaPolicyVersion",
    "SlaTarget",
    "Standing",
    "Subscription",
    "Team",
    "Tier",
    "Timer",
    "TimerRepair",
    "Trigger",
    "TriggerKind",
    "Weekday",
]
