"""What becomes of a promise that cannot be kept as it was given: another date, or none."""

from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from cases import forms, wording
from cases.models import Channel, Promise
from cases.operations import promising, replacing
from cases.views.actions import Action
from cases.views.delivery import why_it_stays


class AboutAPromise(Action):
    def look_up(self, case):
        self.promise = Promise.objects.filter(case=case, pk=self.kwargs["promise"]).first()
        if self.promise is None:
            raise Http404
        self.promise.case = case


class Replace(AboutAPromise):
    form_class, icon, template = forms.ReplacePromiseForm, "flag", "cases/replace_promise.html"
    title, word, done = _("Give a new date"), _("Promise the new date"), _("The new date is promised.")
    means = (
        _("The new date is tracked; what was promised before stays on the case, with its state."),
        _("A word that is sent is a reply: the response clocks stop."),
    )

    def starts_with(self, case, now):
        usual = case.channel if case.channel != Channel.PHONE else Channel.MAIL
        due_at = self.asked("due_at") or forms.next_full_hour(now)
        return {
            "what": self.promise.what,
            "kind": self.promise.kind,
            "due_at": due_at,
            "told_at": self.asked("told_at") or now,
            "channel": usual,
            "word": wording.of_new_date(self.promise, due_at=due_at, by=self.request.user, now=now),
        }

    def asked(self, name):
        """The instant that the address names, where only what follows from it is asked; else None."""
        try:
            return forms.Moment(required=False).clean(self.request.GET.get(name, ""))
        except ValidationError:
            return None

    def more(self, case):
        return {"promise": self.promise, "word_language": wording.language_of(case)}

    def operate(self, case, said, *, by, now):
        replacing.replace(promise=self.promise, by=by, now=now, **said)
        stays = why_it_stays(case, said["channel"]) if said["word"] else ""
        if stays:
            self.done = f"{self.done} {stays}"


class Withdraw(AboutAPromise):
    icon = "undo"
    title, word, done = _("Withdraw the promise"), _("Withdraw it"), _("The promise is withdrawn.")
    means = (
        _("Nothing is owed by it any more; it stays on the case, with your reason."),
        _("The customer hears nothing by this: tell them first, and say here that you did."),
    )

    def more(self, case):
        return {"means": (f"“{self.promise.what}”", *self.means)}

    def operate(self, case, said, *, by, now):
        promising.withdraw(
            promise=self.promise, reason=said["reason"], revision=said["revision"], by=by, now=now
        )
