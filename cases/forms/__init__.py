"""What people may send about a case. Each form holds the words for one operation; the operation decides."""

from .acting import AssignForm, PauseForm, PriorityForm, ReasonForm
from .asking import AnswerForm, AskForm, DecideForm, ProfileForm, ReviewForm, answer_begun
from .fields import CaseForm, Moment, next_full_hour, say_what_is_needed, text
from .once import OnceForm
from .opening import NewCaseForm
from .talking import CallForm, NoteForm, PromiseForm, ReplyForm, composer

__all__ = [
    "AnswerForm",
    "AskForm",
    "AssignForm",
    "CallForm",
    "CaseForm",
    "DecideForm",
    "Moment",
    "NewCaseForm",
    "NoteForm",
    "OnceForm",
    "PauseForm",
    "PriorityForm",
    "ProfileForm",
    "PromiseForm",
    "ReasonForm",
    "ReplyForm",
    "ReviewForm",
    "answer_begun",
    "composer",
    "next_full_hour",
    "say_what_is_needed",
    "text",
]
