"""What people may send about a case. Each form holds the words for one operation; the operation decides."""

from .acting import AssignForm, CorrectForm, PartyForm, PauseForm, PriorityForm, ReasonForm, RestrictForm
from .asking import AnswerForm, AskForm, ComplaintProfileForm, DecideForm, ReviewForm, answer_begun
from .calling import NEW, CallForm, TakeCallForm, taken_down
from .fields import CaseForm, Moment, next_full_hour, say_what_is_needed, text
from .once import OnceForm
from .opening import NewCaseForm, NewCustomerForm
from .people import AbsenceForm, NoticesForm, OpenRestForm, ProfileForm
from .promising import ReplacePromiseForm
from .relating import AnswersForm, AttemptForm, LinkForm, MergeForm, SplitForm
from .surveying import SurveyForm
from .talking import NoteForm, PromiseForm, ReceivedForm, ReplyForm, composer
from .together import AssignManyForm, PriorityManyForm, ReasonForManyForm, TagManyForm, TagsForm

__all__ = [
    "AbsenceForm",
    "AnswerForm",
    "AnswersForm",
    "AskForm",
    "AssignForm",
    "AssignManyForm",
    "AttemptForm",
    "CallForm",
    "CaseForm",
    "ComplaintProfileForm",
    "CorrectForm",
    "DecideForm",
    "LinkForm",
    "MergeForm",
    "Moment",
    "NEW",
    "NewCaseForm",
    "NewCustomerForm",
    "NoteForm",
    "NoticesForm",
    "OnceForm",
    "OpenRestForm",
    "PartyForm",
    "PauseForm",
    "PriorityForm",
    "PriorityManyForm",
    "ProfileForm",
    "PromiseForm",
    "ReasonForManyForm",
    "ReasonForm",
    "ReceivedForm",
    "ReplacePromiseForm",
    "ReplyForm",
    "RestrictForm",
    "ReviewForm",
    "SplitForm",
    "SurveyForm",
    "TagManyForm",
    "TagsForm",
    "TakeCallForm",
    "answer_begun",
    "composer",
    "next_full_hour",
    "say_what_is_needed",
    "taken_down",
    "text",
]
