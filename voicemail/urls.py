"""Addresses of the inbox."""

from django.urls import path

from voicemail import views

urlpatterns = [
    path("aloha/inbox", views.inbox_page, name="inbox"),
    path("aloha/inbox/<uuid:message_id>", views.message_page, name="message"),
    path("aloha/inbox/<uuid:message_id>/unread", views.mark_message_unread, name="message_unread"),
    path("aloha/inbox/<uuid:message_id>/audio", views.message_audio, name="message_audio"),
]
