"""What people may send about a case. Each form holds the words for one operation; the operation decides."""

from .acting import AssignForm, PauseForm, PriorityForm, ReasonForm
from .fields import CaseForm, Moment, next_full_hour, say_what_is_needed, text
from .opening import NewCaseForm
from .talking import CallForm, NoteForm, PromiseForm, ReplyForm, composer
from .together import AssignManyForm, PriorityManyForm, ReasonForManyForm, TagManyForm, TagsForm

__all__ = [
    "AssignForm",
    "AssignManyForm",
    "CallForm",
    "CaseForm",
    "Moment",
    "NewCaseForm",
    "NoteForm",
    "PauseForm",
    "PriorityForm",
    "PriorityManyForm",
    "PromiseForm",
    "ReasonForManyForm",
    "ReasonForm",
    "ReplyForm",
    "TagManyForm",
    "TagsForm",
    "composer",
    "next_full_hour",
    "say_what_is_needed",
    "text",
]
