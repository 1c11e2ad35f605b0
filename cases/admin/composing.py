"""What messages are written with: templates to propose and switch on; the rest is read."""

from django.contrib import admin
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from cases import placeholders
from cases.models import Attachment, Draft, ReplyTemplate, SentForm

from .bases import PassingAdmin, SwitchedAdmin
from .facts import OfCaseAdmin, WithCase, case_link
from .fields import ReasonForm


class ReplyTemplateForm(ReasonForm):
    """Says beside the text what may be filled in; what else stands in braces is refused by name."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "body" in self.fields:
            words = _("Filled in for each case: {names}. Nothing else may stand in braces.")
            # The hint's own braces are those of the names.
            self.fields["body"].help_text = format_lazy(words, names=placeholders.spelled())
            self.fields["body"].widget.attrs["rows"] = 12


@admin.register(ReplyTemplate)
class ReplyTemplateAdmin(SwitchedAdmin):
    form = ReplyTemplateForm
    list_display = ("name", "language", "form_of_address", "category", "channel", "is_active")
    list_select_related = ("category",)
    list_filter = ("is_active", "language", "category")
    search_fields = ("name", "body")
    ordering = ("language", "name", "pk")
    layout = (
        ("name", "language"),
        ("form_of_address", "category"),
        ("channel", "is_active"),
        ("body",),
    )


@admin.register(Attachment)
class AttachmentAdmin(OfCaseAdmin):
    case_path = "message__case"
    list_display = ("name", "of_case", "media_type", "size", "sha256")
    list_select_related = ("message__case",)

    @admin.display(description=_("case"))
    def of_case(self, attachment):
        return case_link(attachment.message.case)


@admin.register(Draft)
class DraftAdmin(WithCase, PassingAdmin):
    """That there is one. What it says is for its writer alone, on the case's page."""

    list_display = ("person", "of_case", "kind", "saved_at")
    list_select_related = ("person", "case")
    exclude = ("text",)


@admin.register(SentForm)
class SentFormAdmin(WithCase, PassingAdmin):
    list_display = ("sent_at", "person", "of_case", "key")
    list_select_related = ("person", "case")
