"""The addresses of the workspace."""

from django.contrib.auth import views as auth
from django.urls import path

from cases.views import actions, asking, attached, home, live, saved, talking, together, watchdog, writing
from cases.views.case import CasePage
from cases.views.new import NewCase
from cases.views.queue import Queue

urlpatterns = [
    path("", home.home, name="home"),
    path("login/", auth.LoginView.as_view(), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("menu/", home.menu, name="menu"),
    path("notices/", home.notice_list, name="notices"),
    path("notices/read/", home.notices_read, name="notices-read"),
    path("watchdog/", watchdog.Watchdog.as_view(), name="watchdog"),
    path("watchdog/timers/", watchdog.RetryTimers.as_view(), name="watchdog-timers"),
    path("watchdog/notices/", watchdog.SendAgain.as_view(), name="watchdog-notices"),
    path("cases/", Queue.as_view(), name="case-list"),
    path("cases/live/", live.Live.as_view(), name="case-list-live"),
    path("cases/together/", together.Together.as_view(), name="cases-together"),
    path("cases/together/done/", together.TogetherDone.as_view(), name="cases-together-done"),
    path("views/", saved.SavedViews.as_view(), name="saved-views"),
    path("views/<int:view>/rename/", saved.RenameView.as_view(), name="saved-view-rename"),
    path("views/<int:view>/delete/", saved.DeleteView.as_view(), name="saved-view-delete"),
    path("cases/new/", NewCase.as_view(), name="case-new"),
    path("cases/<str:number>/", CasePage.as_view(), name="case"),
    path("cases/<str:number>/reply/", talking.Reply.as_view(), name="case-reply"),
    path("cases/<str:number>/reply/fill/", writing.Fill.as_view(), name="case-reply-fill"),
    path("cases/<str:number>/reply/preview/", writing.Preview.as_view(), name="case-reply-preview"),
    path("cases/<str:number>/drafts/<str:kind>/", writing.KeepDraft.as_view(), name="case-draft"),
    path("cases/<str:number>/colleagues/", writing.Colleagues.as_view(), name="case-colleagues"),
    path("cases/<str:number>/files/<int:attachment>/", attached.Attached.as_view(), name="case-file"),
    path("cases/<str:number>/note/", talking.Note.as_view(), name="case-note"),
    path("cases/<str:number>/call/", talking.Call.as_view(), name="case-call"),
    path("cases/<str:number>/promise/", talking.Promise.as_view(), name="case-promise"),
    path("cases/<str:number>/promises/<int:promise>/keep/", actions.Keep.as_view(), name="case-promise-keep"),
    path("decisions/", asking.AwaitingDecisions.as_view(), name="decisions"),
    path("cases/<str:number>/asks/", asking.AddAsk.as_view(), name="case-ask"),
    path("cases/<str:number>/asks/<int:ask>/", asking.Correct.as_view(), name="ask-correct"),
    path("cases/<str:number>/asks/<int:ask>/decide/", asking.Decide.as_view(), name="ask-decide"),
    path("cases/<str:number>/asks/<int:ask>/take-back/", asking.TakeBack.as_view(), name="ask-take-back"),
    path("cases/<str:number>/decisions/<int:decision>/", asking.Review.as_view(), name="decision-review"),
    path("cases/<str:number>/answer/", asking.Answer.as_view(), name="case-answer"),
    path("cases/<str:number>/profile/", asking.Profile.as_view(), name="case-profile"),
    path("cases/<str:number>/assign/", actions.Assign.as_view(), name="case-assign"),
    path("cases/<str:number>/priority/", actions.Prioritise.as_view(), name="case-priority"),
    path("cases/<str:number>/tags/", actions.Tags.as_view(), name="case-tags"),
    path("cases/<str:number>/take-up/", actions.TakeUp.as_view(), name="case-take-up"),
    path("cases/<str:number>/pause/", actions.StandStill.as_view(), name="case-pause"),
    path("cases/<str:number>/pauses/<int:pause>/resume/", actions.Resume.as_view(), name="case-resume"),
    path("cases/<str:number>/resolve/", actions.Resolve.as_view(), name="case-resolve"),
    path("cases/<str:number>/close/", actions.Close.as_view(), name="case-close"),
    path("cases/<str:number>/reopen/", actions.Reopen.as_view(), name="case-reopen"),
]
