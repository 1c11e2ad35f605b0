"""What people may send about a case. Each form holds the words for one operation; the operation decides."""

from .acting import AssignForm, PauseForm, PriorityForm, ReasonForm
from .calling import NEW, TakeCallForm
from .fields import CaseForm, Moment, next_full_hour, say_what_is_needed, text
from .opening import NewCaseForm, NewCustomerForm, OnceForm
from .relating import AnswersForm, AttemptForm, LinkForm, MergeForm, SplitForm
from .talking import CallForm, NoteForm, PromiseForm, ReplyForm, composer

__all__ = [
    "NEW",
    "AnswersForm",
    "AssignForm",
    "AttemptForm",
    "CallForm",
    "CaseForm",
    "LinkForm",
    "MergeForm",
    "Moment",
    "NewCaseForm",
    "NewCustomerForm",
    "NoteForm",
    "OnceForm",
    "PauseForm",
    "PriorityForm",
    "PromiseForm",
    "ReasonForm",
    "ReplyForm",
    "SplitForm",
    "TakeCallForm",
    "composer",
    "next_full_hour",
    "say_what_is_needed",
    "text",
]
