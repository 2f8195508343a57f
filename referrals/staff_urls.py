"""The managers' addresses, beside the admin's own pages."""

from django.urls import path

from referrals import office

app_name = "friends"
urlpatterns = [
    path("admin/friends/", office.queue, name="reviews"),
    path("admin/friends/reviews/decide/", office.decide, name="decide"),
    path("admin/friends/referrals/<int:pk>/", office.referral, name="referral"),
    path("admin/friends/referrals/<int:pk>/act/", office.act, name="act"),
    path("admin/friends/staff/", office.staff, name="staff"),
]
