"""The managers' and the marketers' addresses, beside the admin's own pages, and the days that guests told us."""

from django.urls import path

from referrals import office
from referrals.marketing import days, figures, setting

app_name = "friends"
urlpatterns = [
    path("admin/friends/", office.queue, name="reviews"),
    path("admin/friends/reviews/decide/", office.decide, name="decide"),
    path("admin/friends/referrals/<int:pk>/", office.referral, name="referral"),
    path("admin/friends/referrals/<int:pk>/act/", office.act, name="act"),
    path("admin/friends/staff/", office.staff, name="staff"),
    path("days/<str:token>/", days.hers, name="days"),
    path("admin/friends/days/<str:token>/", days.at_the_counter, name="days_at_counter"),
    path("admin/friends/figures/", figures.page, name="figures"),
    path("admin/friends/figures.csv", figures.page_csv, name="figures_csv"),
    path("admin/friends/figures/rows/", figures.rows, name="rows"),
    path("admin/friends/figures/rows.csv", figures.rows_csv, name="rows_csv"),
    path("admin/friends/figures/program/", setting.page, name="program"),
    path("admin/friends/figures/program/terms/", setting.terms, name="terms"),
    path("admin/friends/figures/program/pause/", setting.pause, name="pause"),
    path("admin/friends/figures/program/shares/", setting.weigh, name="weigh"),
    path("admin/friends/figures/program/bench/", setting.bench, name="bench"),
    path("admin/friends/figures/program/days/", setting.follow_on, name="follow_on"),
    path("admin/friends/figures/program/perk/", setting.perk, name="perk_new"),
    path("admin/friends/figures/program/perk/<int:pk>/", setting.perk, name="perk"),
    path("admin/friends/figures/program/campaign/", setting.campaign, name="campaign_new"),
    path("admin/friends/figures/program/campaign/<int:pk>/", setting.campaign, name="campaign"),
]
