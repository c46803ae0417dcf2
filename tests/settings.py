"""Aloha's own settings under test: development mode, quick passwords, mails kept in memory."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

os.environ["DEBUG"] = "1"
if not os.environ.get("ALOHA_VAR_DIR"):
    folder = tempfile.mkdtemp(prefix="aloha-test-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["ALOHA_VAR_DIR"] = folder
# Test processes have databases of their own, so each has files of its own: a worker looks through
# every file, and one without a row in its database is a stray to it.
_process = os.environ.get("PYTEST_XDIST_WORKER")
if _process and Path(os.environ["ALOHA_VAR_DIR"]).name != _process:
    os.environ["ALOHA_VAR_DIR"] = str(Path(os.environ["ALOHA_VAR_DIR"]) / _process)
for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "OPENAI_API_KEY", "PUBLIC_BASE_URL"):
    os.environ[name] = ""
# Tests of races buy and search without end; the limits' own tests set them back.
for name in ("NUMBER_SEARCHES_PER_HOUR", "NUMBER_PURCHASES_PER_HOUR"):
    os.environ[name] = "1000000"

from aloha_site.settings import *  # noqa: E402, F403
from aloha_site.settings import DATABASES, INSTALLED_APPS, MIDDLEWARE, VAR_DIR  # noqa: E402

INSTALLED_APPS = [*INSTALLED_APPS, "tests.flushing"]
MIDDLEWARE = ["tests.row_scopes.NoScopeFromTheTest", *MIDDLEWARE]

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, also in tests: in-memory databases lock whole tables under threads.
    DATABASES["default"]["TEST"] = {"NAME": Path(VAR_DIR) / "test.sqlite3"}
