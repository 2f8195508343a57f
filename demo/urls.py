from django.urls import path

from demo import views

app_name = "demo"
urlpatterns = [
    path("", views.tour, name="tour"),
    path("begin-anew/", views.begin_anew, name="begin_anew"),
    path("log-in/", views.log_in, name="log_in"),
    path("ring-up/", views.ring_up, name="ring_up"),
    path("sell-elsewhere/", views.sell_elsewhere, name="sell_elsewhere"),
    path("advocate/", views.be_an_advocate, name="be_an_advocate"),
    path("mailbox/", views.mailbox, name="mailbox"),
    path("mailbox/<int:mail_id>/", views.mail, name="mail"),
]
