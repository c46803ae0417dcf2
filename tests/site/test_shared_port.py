"""Who counts as a server's successor on its port."""

import socket
import sys

import pytest

from aloha_site.shared_port import say_that_we_leave, somebody_else_listens

pytestmark = [
    pytest.mark.A4,
    pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's tables"),
]


def listening(host: str, port: int = 0) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, reuse_port=True)


@pytest.mark.parametrize(
    ("ours", "theirs", "follows"),
    [
        pytest.param("127.0.0.1", "127.0.0.1", True, id="the same address"),
        pytest.param("127.0.0.1", "0.0.0.0", True, id="all addresses"),
        pytest.param("0.0.0.0", "127.0.0.1", False, id="one of all addresses"),
        pytest.param("127.0.0.1", "127.0.0.77", False, id="another address"),
        pytest.param("127.0.0.1", "::1", False, id="another protocol"),
        pytest.param("::1", "::1", True, id="the same address in IPv6"),
        pytest.param("::1", "::", True, id="all addresses of IPv6"),
        pytest.param("::1", "127.0.0.1", False, id="another protocol than IPv6"),
    ],
)
def test_who_takes_our_connections_follows_us(ours, theirs, follows):
    with listening(ours) as listener, listening(theirs, listener.getsockname()[1]):
        assert somebody_else_listens(listener) is follows


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_nobody_follows_a_listener_that_is_alone(host):
    with listening(host) as listener:
        assert not somebody_else_listens(listener)


def test_who_leaves_the_port_too_follows_nobody():
    with listening("127.0.0.1") as ours:
        port = ours.getsockname()[1]
        with listening("127.0.0.1", port) as theirs:
            with say_that_we_leave(ours), say_that_we_leave(theirs):
                assert not somebody_else_listens(ours)
                assert not somebody_else_listens(theirs)
                with listening("127.0.0.1", port):
                    assert somebody_else_listens(ours)
                    assert somebody_else_listens(theirs)
            assert somebody_else_listens(ours)
