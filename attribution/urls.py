"""The marketer's addresses, beside the admin's own pages of the same room."""

from django.urls import path

from attribution import views

app_name = "attribution"
urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("journeys/", views.journeys, name="journeys"),
    path("journeys/<int:conversion_id>/", views.journey, name="journey"),
]
