"""What people may send about a case. Each form holds the words for one operation; the operation decides."""

from .acting import AssignForm, PauseForm, PriorityForm, ReasonForm
from .fields import CaseForm, Moment, next_full_hour, say_what_is_needed, text
from .opening import NewCaseForm
from .people import AbsenceForm, NoticesForm, OpenRestForm, ProfileForm
from .talking import CallForm, NoteForm, PromiseForm, ReplyForm, composer

__all__ = [
    "AbsenceForm",
    "AssignForm",
    "CallForm",
    "CaseForm",
    "Moment",
    "NewCaseForm",
    "NoteForm",
    "NoticesForm",
    "OpenRestForm",
    "PauseForm",
    "PriorityForm",
    "ProfileForm",
    "PromiseForm",
    "ReasonForm",
    "ReplyForm",
    "composer",
    "next_full_hour",
    "say_what_is_needed",
    "text",
]
