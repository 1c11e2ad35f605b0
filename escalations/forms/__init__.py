"""What people may send about an escalation. Each form holds the words for one operation; the operation
decides."""

from .escalating import BY_HAND, EscalateForm, Reached, in_zone, path_and_level
from .receiving import (
    AcknowledgeForm,
    AnswerForm,
    AskForm,
    DeclineForm,
    DeescalateForm,
    HandOnForm,
    OptionForm,
    SeverityForm,
)

__all__ = [
    "BY_HAND",
    "AcknowledgeForm",
    "AnswerForm",
    "AskForm",
    "DeclineForm",
    "DeescalateForm",
    "EscalateForm",
    "HandOnForm",
    "OptionForm",
    "Reached",
    "SeverityForm",
    "in_zone",
    "path_and_level",
]
