"""Addresses of the patient's pages: `/p/<token>/…`, no account, no health word."""

from django.urls import URLPattern

app_name = "portal"

urlpatterns: list[URLPattern] = []
