"""Clients that take their time, as bare sockets: they are let go, and nobody else waits for them."""

import http.client
import socket
import time

from checks import check, finish, same

PATIENCE = 0.5
SLOW = {"limits": {"header_read": f"{PATIENCE}s", "body_read": f"{PATIENCE}s"}}


def connect(address):
    host, port = address.split(":")
    return socket.create_connection((host, int(port)), timeout=20)


def until_closed(connection):
    """What comes until the other side closes, and how long that took."""
    began, received = time.monotonic(), b""
    while piece := connection.recv(4096):
        received += piece
    return received, time.monotonic() - began


def is_served(mock):
    connection = http.client.HTTPConnection(mock.rest_address, timeout=20)
    connection.request("GET", "/v1/models")
    same(connection.getresponse().status, 200)
    connection.close()


def let_go(seconds):
    # Far below the 60 s of the default, and not at once.
    assert PATIENCE * 0.9 <= seconds < 20, seconds


@check(SLOW)
def who_never_finishes_the_headers_is_let_go(mock):
    for address in (mock.rest_address, mock.grpc_address):
        with connect(address) as slow:
            slow.sendall(b"POST /v1/completions HTTP/1.1\r\nhost: mock\r\nx-never: end")
            is_served(mock)
            _, seconds = until_closed(slow)
        let_go(seconds)


@check(SLOW)
def who_sends_a_header_now_and_then_gets_no_more_time(mock):
    with connect(mock.rest_address) as slow:
        began = time.monotonic()
        slow.sendall(b"GET /v1/models HTTP/1.1\r\nhost: mock\r\n")
        try:
            while time.monotonic() - began < 20:
                slow.sendall(b"x-more: 1\r\n")
                time.sleep(PATIENCE / 5)
        except (BrokenPipeError, ConnectionResetError):
            pass
        let_go(time.monotonic() - began)


@check(SLOW)
def who_never_finishes_the_body_is_told_and_let_go(mock):
    with connect(mock.rest_address) as slow:
        slow.sendall(b"POST /v1/completions HTTP/1.1\r\nhost: mock\r\ncontent-length: 100\r\n\r\n{")
        answer, seconds = until_closed(slow)
    assert answer.startswith(b"HTTP/1.1 408 "), answer
    let_go(seconds)


finish()
