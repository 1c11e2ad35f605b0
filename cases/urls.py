"""The addresses of the workspace."""

from django.contrib.auth import views as auth
from django.urls import path

from cases.views import actions, calls, home, new, relating, talking, watchdog
from cases.views.case import CasePage
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
    path("cases/new/", new.NewCase.as_view(), name="case-new"),
    path("cases/new/ahead/", new.Ahead.as_view(), name="case-new-ahead"),
    path("cases/new/customer/", new.NewCustomer.as_view(), name="customer-new"),
    path("calls/new/", calls.NewCall.as_view(), name="call-new"),
    path("cases/<str:number>/", CasePage.as_view(), name="case"),
    path("cases/<str:number>/reply/", talking.Reply.as_view(), name="case-reply"),
    path("cases/<str:number>/note/", talking.Note.as_view(), name="case-note"),
    path("cases/<str:number>/call/", talking.Call.as_view(), name="case-call"),
    path("cases/<str:number>/promise/", talking.Promise.as_view(), name="case-promise"),
    path("cases/<str:number>/promises/<int:promise>/keep/", actions.Keep.as_view(), name="case-promise-keep"),
    path("cases/<str:number>/assign/", actions.Assign.as_view(), name="case-assign"),
    path("cases/<str:number>/priority/", actions.Prioritise.as_view(), name="case-priority"),
    path("cases/<str:number>/take-up/", actions.TakeUp.as_view(), name="case-take-up"),
    path("cases/<str:number>/pause/", actions.StandStill.as_view(), name="case-pause"),
    path("cases/<str:number>/pauses/<int:pause>/resume/", actions.Resume.as_view(), name="case-resume"),
    path("cases/<str:number>/resolve/", actions.Resolve.as_view(), name="case-resolve"),
    path("cases/<str:number>/close/", actions.Close.as_view(), name="case-close"),
    path("cases/<str:number>/link/", relating.Link.as_view(), name="case-link"),
    path("cases/<str:number>/links/<int:link>/end/", relating.Unlink.as_view(), name="case-unlink"),
    path("cases/<str:number>/merge/", relating.Merge.as_view(), name="case-merge"),
    path("cases/<str:number>/split/", relating.Split.as_view(), name="case-split"),
    path("cases/<str:number>/answers/", relating.Answers.as_view(), name="case-answers"),
    path("cases/<str:number>/tried/", relating.Tried.as_view(), name="case-tried"),
    path("cases/<str:number>/reopen/", actions.Reopen.as_view(), name="case-reopen"),
]
