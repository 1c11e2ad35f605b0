"""What people may send about a case. Each form holds the words for one operation; the operation decides."""

from .acting import AssignForm, PauseForm, PriorityForm, ReasonForm
from .asking import AnswerForm, AskForm, DecideForm, ProfileForm, ReviewForm, answer_begun
from .fields import CaseForm, Moment, next_full_hour, say_what_is_needed, text
from .once import OnceForm
from .opening import NewCaseForm
from .talking import CallForm, NoteForm, PromiseForm, ReplyForm, composer
from .together import AssignManyForm, PriorityManyForm, ReasonForManyForm, TagManyForm, TagsForm

__all__ = [
    "AnswerForm",
    "AskForm",
    "AssignForm",
    "AssignManyForm",
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
    "PriorityManyForm",
    "PromiseForm",
    "ReasonForManyForm",
    "ReasonForm",
    "ReplyForm",
    "ReviewForm",
    "answer_begun",
    "TagManyForm",
    "TagsForm",
    "composer",
    "next_full_hour",
    "say_what_is_needed",
    "text",
]
