"""A site with its models in SQLite in /tmp, migrated in init and written to by each clone."""

import uuid

import django
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "/tmp/site.db"}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    SECRET_KEY="of all clones", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.AutoField", PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
)  # fmt: skip
django.setup()

from django.contrib.auth.hashers import make_password  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.http import JsonResponse  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import path  # noqa: E402


def count(request):
    return JsonResponse({"users": User.objects.count()})


urlpatterns = [path("count", count)]
call_command("migrate", verbosity=0)
User.objects.create_user("warm")
assert Client().get("/count").json()["users"] == 1


def use(context):
    before = User.objects.count()
    User.objects.create_user(f"user-{uuid.uuid4()}")
    assert Client().get("/count").json()["users"] == before + 1
    session = SessionStore()
    session.create()
    return [session.session_key, make_password("same")]
