"""Addresses of the inbox, of the forwarding wizard and of the owner's data."""

from django.urls import path

from voicemail import data_pages, views, wizard_views

urlpatterns = [
    path("aloha/settings/forwarding", wizard_views.forwarding_page, name="forwarding"),
    path("aloha/settings/forwarding/phone", wizard_views.save_phone, name="save_own_phone"),
    path("aloha/settings/forwarding/confirm", wizard_views.confirm, name="confirm_forwarding"),
    path("aloha/settings/forwarding/check", wizard_views.check_now, name="check_forwarding"),
    path("aloha/settings/forwarding/stop", wizard_views.stop, name="stop_check"),
    path("aloha/inbox", views.inbox_page, name="inbox"),
    path("aloha/inbox/<uuid:message_id>", views.message_page, name="message"),
    path("aloha/inbox/<uuid:message_id>/unread", views.mark_message_unread, name="message_unread"),
    path("aloha/inbox/<uuid:message_id>/archive", views.archive_message, name="message_archive"),
    path("aloha/inbox/<uuid:message_id>/delete", views.delete_message, name="message_delete"),
    path("aloha/inbox/<uuid:message_id>/undo", views.take_back, name="message_undo"),
    path("aloha/inbox/<uuid:message_id>/name", views.name_caller, name="message_name"),
    path("aloha/inbox/<uuid:message_id>/audio", views.message_audio, name="message_audio"),
    path("accounts/data/", data_pages.own_data, name="own_data"),
    path("accounts/data/export", data_pages.export_data, name="export_data"),
    path("accounts/data/keeping", data_pages.save_keeping, name="save_keeping"),
    path("accounts/data/forget", data_pages.forget_caller, name="forget_caller"),
    path("accounts/data/close", data_pages.close_account, name="close_account"),
]
