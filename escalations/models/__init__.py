"""Who is called, when, and what is handed over."""

from .backtest import BackTest
from .checklist import LevelStep, StepTick
from .escalation import Escalation, Handoff, Kind, PassedOver
from .path import EscalationPath, Level, LevelInform, PathVersion, Responsible, Rule
from .replay import Replay, ReplayedCase
from .response import AskBack, EscalationReason, Option, OptionUse

__all__ = [
    "BackTest",
    "Escalation",
    "EscalationPath",
    "EscalationReason",
    "Handoff",
    "Kind",
    "Level",
    "LevelInform",
    "LevelStep",
    "Option",
    "OptionUse",
    "PassedOver",
    "PathVersion",
    "AskBack",
    "Replay",
    "ReplayedCase",
    "Responsible",
    "Rule",
    "StepTick",
]
