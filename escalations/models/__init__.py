"""Who is called, when, and what is handed over."""

from .escalation import Escalation, Handoff, Kind, PassedOver
from .path import EscalationPath, Level, LevelInform, PathVersion, Responsible, Rule
from .replay import Replay, ReplayedCase

__all__ = [
    "Escalation",
    "EscalationPath",
    "Handoff",
    "Kind",
    "Level",
    "LevelInform",
    "PassedOver",
    "PathVersion",
    "Replay",
    "ReplayedCase",
    "Responsible",
    "Rule",
]
