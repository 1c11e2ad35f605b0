"""While somebody writes: a template put in, the mail looked at first, the draft kept, colleagues called."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.db.models import Q
from django.http import Http404, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from cases import display, file_types, forms, notices, placeholders, wording
from cases.errors import Refused
from cases.models import Channel, Draft, ReplyTemplate
from cases.operations import mentioning, unsent
from cases.views.case import case_context
from cases.views.finding import find, may

REFUSED = 422
SUGGESTED = 8


def wants_json(request):
    """A script asks for the words alone; a form gets a page."""
    return request.headers.get("Accept", "").startswith("application/json")


def to_case(number):
    return HttpResponseRedirect(reverse("case", args=[number]) + "#composer")


class Writing(LoginRequiredMixin, View):
    """What is done with a reply before it is sent. Writes nothing."""

    def post(self, request, number):
        case = find(request.user, number, "case.work")
        form = forms.ReplyForm(request.POST, case=case, prefix="reply")
        return self.answer(request, case, form)

    def get(self, request, number):
        """Somebody signed in again half-way, or reloaded: to the case."""
        return to_case(number)


class Fill(Writing):
    """A template's words with this case's facts in them: to a script alone, else within the page."""

    def answer(self, request, case, form):
        chosen = request.POST.get("template", "")
        template = ReplyTemplate.objects.filter(
            pk=chosen if chosen.isdecimal() else None, is_active=True
        ).first()
        if template is None:
            raise Http404
        filled = wording.fill(
            template.body, case=case, by=request.user, now=timezone.now(), language=template.language
        )
        missing = placeholders.words_about(filled.missing)
        if wants_json(request):
            return JsonResponse({"text": filled.text, "missing": missing})
        form.data = form.data.copy()
        name = form.add_prefix("body")
        form.data[name] = "\n\n".join(filter(None, (form.data.get(name, "").rstrip(), filled.text)))
        given = {"reply_form": form, "composing": "reply", "unfilled": missing}
        return render(request, "cases/case.html", case_context(request, case, **given))


class Preview(Writing):
    """The mail as the customer will get it, in their language and zone."""

    def answer(self, request, case, form):
        text = request.POST.get(form.add_prefix("body"), "")
        filled = wording.fill(text, case=case, by=request.user, now=timezone.now())
        is_signed = filled.text.strip() and form.add_prefix("signed") in request.POST
        words = wording.signed(filled.text, request.user) if is_signed else filled.text
        context = {
            "case": case,
            "now": timezone.now(),
            "unfilled": placeholders.words_about(placeholders.left_in(filled.text)),
            "files": [
                file_types.clean_name(file.name) for file in request.FILES.getlist(form.add_prefix("files"))
            ],
            **self.mail(case, request.POST.get(form.add_prefix("channel")), words),
        }
        return render(request, "cases/preview.html", context)

    def mail(self, case, channel, text):
        """What leaves, and to whom; or why nothing does."""
        if channel != Channel.MAIL:
            return {
                "body": text,
                "note": _("This goes out by no mail: the customer reads it where they wrote."),
            }
        if case.contact is None or not case.contact.email:
            return {"body": text, "note": _("No mail will leave: no address is known for this contact.")}
        subject, body = notices.mail_of_reply(case, case.contact, text)
        sender = settings.DEFAULT_FROM_EMAIL
        return {"subject": subject, "body": body.strip(), "to": case.contact, "sender": sender}


class KeepDraft(LoginRequiredMixin, View):
    """Keeps what is being written, or throws it away; for whoever writes it alone."""

    def post(self, request, number, kind):
        if kind not in Draft.Kind.values:
            raise Http404
        case = find(request.user, number)
        wanted = (
            "case.work" if kind == Draft.Kind.REPLY or may(request.user, "case.work", case) else "case.log"
        )
        case = find(request.user, number, wanted)
        now = timezone.now()
        if "discard" in request.POST:
            unsent.discard(case=case, by=request.user, kind=kind)
            return self.answer(request, number, None, now, _("The draft is gone."))
        text = request.POST.get(f"{kind}-body", "")
        try:
            draft = unsent.keep(
                case=case, by=request.user, kind=kind, text=text, now=now, key=_key(request, kind)
            )
        except Refused as refusal:
            if wants_json(request):
                return JsonResponse({"refused": refusal.messages}, status=REFUSED)
            form = {"reply": forms.ReplyForm, "note": forms.NoteForm, "call": forms.CallForm}[kind](
                request.POST, case=case, prefix=kind
            )
            form.is_valid()
            given = {f"{kind}_form": form, "composing": kind, "refused_form": form}
            return render(request, "cases/case.html", case_context(request, case, **given), status=REFUSED)
        return self.answer(request, number, draft, now, _("Your draft is kept."))

    def answer(self, request, number, draft, now, words):
        if wants_json(request):
            return JsonResponse({"kept": display.moment(draft.saved_at, now) if draft else ""})
        messages.success(request, words)
        return to_case(number)

    def get(self, request, number, kind):
        return to_case(number)


def _key(request, kind):
    """The form's key, where it has one."""
    return forms.OnceForm.base_fields["key"].clean(request.POST.get(f"{kind}-key", ""))


class Colleagues(LoginRequiredMixin, View):
    """Who may be called in a note: those who may read the case, a few of them, by how their names begin."""

    def get(self, request, number):
        case = find(request.user, number, "case.log")
        begun = request.GET.get("q", "").strip()[:60]
        found = mentioning.readers(case).exclude(pk=request.user.pk)
        if begun:
            # Without an index, and without need of one: the table of people has as many rows as work here.
            found = found.filter(
                Q(username__istartswith=begun) | Q(name__istartswith=begun) | Q(name__icontains=f" {begun}")
            )
        people = found.order_by("name", "pk").values("username", "name", "title")[:SUGGESTED]
        return JsonResponse({"people": list(people)})
