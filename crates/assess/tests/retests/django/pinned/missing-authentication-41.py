"""Fails while missing-authentication@c4ec2147 (notes/views.py:41) is there, and passes once it is repaired.

Its requests are those of an attacker: run it where nothing can be lost.

    python -m pytest tests/security/test_missing_authentication_c4ec2147.py

TEST_PK (optional): what stands there in the path (0, which is nobody's)
"""

import json
import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote, urlencode

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

import django

django.setup()

from django.conf import settings
from django.test import Client

settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]

pk_ = os.environ.get("TEST_PK") or "0"


def send(headers=()):
    path = f"/notes/{quote(pk_, safe='')}/delete/"
    headers = dict(headers)
    body, kind = b"{}", "application/json"
    return ask("POST", path, body, kind, headers)


def ask(method, path, body=b"", kind=None, headers=()):
    headers = {**dict(headers), **({"content-type": kind} if kind else {})}
    kind = headers.pop("content-type", "application/octet-stream")
    extra = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    client = Client(raise_request_exception=False)
    answer = client.generic(method, path, body, content_type=kind, **extra)
    text = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return SimpleNamespace(status=answer.status_code, headers=answer.headers, text=text.decode(errors="replace"))


TO_LOGIN = re.compile(r"log-?_?in|sign-?_?in|auth", re.IGNORECASE)


def test_login():
    "POST /notes/<int:pk>/delete/ refuses whoever has no login"
    answer = send()
    to_login = 300 <= answer.status < 400 and TO_LOGIN.search(answer.headers.get("location", ""))
    assert answer.status in (401, 403) or to_login, f"answered with {answer.status} although nobody is signed in"
