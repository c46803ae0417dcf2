"""Whether another process listens where we do: the successor that a drain waits for.

With SO_REUSEPORT the system spreads new connections over all listeners of an address, so one that
takes no new calls closes its own as soon as there is another. Who listens on another address of
the machine, or on one of all those that we listen on, does not take them all.

Neither is one a successor that leaves itself: two that are told to stop together would each leave
the port to the other. Who leaves says so by a name in Linux's table of local sockets, which ends
with the process, however that ends, and is seen exactly where the port is.
"""

import contextlib
import os
import socket
import sys
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

Address = IPv4Address | IPv6Address

TABLES = {socket.AF_INET: Path("/proc/net/tcp"), socket.AF_INET6: Path("/proc/net/tcp6")}
LOCAL_TABLE = Path("/proc/net/unix")
_LISTENS = "0A"
_LEAVES = "aloha-leaves-"


def say_that_we_leave(listener: socket.socket) -> socket.socket:
    """Count no more as anybody's successor on `listener`'s port, until the answer is closed."""
    mark = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    with contextlib.suppress(OSError):  # other systems have neither such names nor the tables
        mark.bind(f"\0{_LEAVES}{_inode(listener)}")
    return mark


def somebody_else_listens(listener: socket.socket) -> bool:
    """Whether another socket takes connections to `listener` and goes on doing so.

    False where nobody can tell.
    """
    host, port = listener.getsockname()[:2]
    ours, own_inode = ip_address(host), _inode(listener)
    others = {
        inode
        for address, inode in _listeners(TABLES[listener.family], port)
        if inode != own_inode and (address == ours or address.is_unspecified)
    }
    return bool(others) and bool(others - set(_leaving()))


def _inode(listener: socket.socket) -> int:
    return os.fstat(listener.fileno()).st_ino


def _leaving() -> Iterator[int]:
    """Inodes of the listeners whose process is on its way out."""
    try:
        rows = LOCAL_TABLE.read_text(errors="replace").splitlines()
    except OSError:
        return
    for row in rows:
        _, mark, inode = row.partition(f" @{_LEAVES}")
        if mark and inode.isdecimal():
            yield int(inode)


def _listeners(table: Path, port: int) -> Iterator[tuple[Address, int]]:
    """Address and inode of the sockets that listen on a port, by one of Linux's tables."""
    try:
        rows = [line.split() for line in table.read_text().splitlines()[1:]]
    except OSError:
        return
    for row in rows:
        address, _, number = row[1].rpartition(":")
        if row[3] == _LISTENS and int(number, 16) == port:
            yield _address(address), int(row[9])


def _address(text: str) -> Address:
    """An address as the kernel prints it: words of 32 bits, each as this machine reads it."""
    words = [int(text[at : at + 8], 16) for at in range(0, len(text), 8)]
    return ip_address(b"".join(word.to_bytes(4, sys.byteorder) for word in words))
