"""The addresses of those who bring friends and of those who are brought.

What is passed on is read in capitals and in small letters, with a slash at its end and without: it is printed, scanned and typed.
"""

from django.urls import path

from referrals.views import advocates, friends

app_name = "referrals"
urlpatterns = [
    path("friends/", advocates.ask, name="ask"),
    path("friends/join/<str:token>/", advocates.join, name="join"),
    path("friends/<str:token>/", advocates.hers, name="hers"),
    path("friends/<str:token>/shared/", advocates.shared, name="shared"),
    path("friends/<str:token>/card/", advocates.card, name="card"),
    path("friends/<str:token>/code.<str:kind>", advocates.code, name="code"),
    path("introduced/<str:token>/", friends.introduced, name="introduced"),
    *(path(f"{head}/<str:code>{end}", friends.landing, name="landing") for head in "Rr" for end in ("/", "")),
    *(path(f"{head}/<str:code>{end}", friends.scanned, name="scanned") for head in "qQ" for end in ("/", "")),
]  # fmt: skip
