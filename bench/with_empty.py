"""The site's addresses with one more before them, whose view does nothing: what any request costs at the least."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from jeweler.urls import urlpatterns as site

EMPTY = "/empty/"


def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [path("empty/", empty, name="empty"), *site]
