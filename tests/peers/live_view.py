"""A member of the staff who watches live calls at one web process."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

STAFF = """
from accounts.models import User

if not User.objects.filter(email="root@example.com").exists():
    User.objects.create_superuser(email="root@example.com", password="a long password 48213")
"""


class LiveView:
    """What the news say and what the list shows, as one process tells it."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = url
        self._session = session
        self.news: set[str] = set()

    async def log_in(self) -> None:
        page = f"{self._url}/accounts/login/"
        async with self._session.get(page) as answer:
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', await answer.text())
        assert token
        form = {"csrfmiddlewaretoken": token[1], "login": "root@example.com"}
        form |= {"password": "a long password 48213"}
        async with self._session.post(page, data=form, allow_redirects=False) as answer:
            assert answer.status == 302, await answer.text()

    async def callers(self) -> set[str]:
        """The numbers on the list of live calls."""
        async with self._session.get(f"{self._url}/admin/live/") as answer:
            assert answer.status == 200
            return set(re.findall(r"\+1510555\d{4}", await answer.text()))

    async def follow(self) -> None:
        """Hear news until cancelled, asking again as browsers do."""
        while True:
            async with self._session.get(f"{self._url}/admin/live/news/") as answer:
                assert answer.status == 200
                async for line in answer.content:
                    if line.startswith(b"data: "):
                        self.news |= set(line.decode().split()[1:])


@asynccontextmanager
async def watched(url: str) -> AsyncIterator[LiveView]:
    """Watch the live calls of a server for the length of the block."""
    jar = aiohttp.CookieJar(unsafe=True)  # also of an address without a name
    timeout = aiohttp.ClientTimeout(total=None, sock_read=60)
    async with aiohttp.ClientSession(cookie_jar=jar, timeout=timeout) as session:
        view = LiveView(url, session)
        await view.log_in()
        following = asyncio.create_task(view.follow())
        try:
            yield view
            assert not following.done(), following
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
