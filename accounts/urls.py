"""Addresses of the person's own page; the rest of /accounts/ is allauth's."""

from django.urls import path

from accounts import views

urlpatterns = [path("accounts/profile/", views.profile, name="profile")]
