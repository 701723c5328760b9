"""Private servers and the leash they hang on."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis

from botox_tracker import servers


def is_alive(pid: int) -> bool:
    """A process that has ended but was not yet waited for does not count."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def eventually(what, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not what() and time.monotonic() < deadline:
        time.sleep(0.05)
    return what()


# Starts the server that its first argument names, says who it is and where, and is then killed.
PARENT = """
import sys, time
from botox_tracker import servers
with getattr(servers, sys.argv[1])() as url:
    print(url, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("server", ["valkey", "postgres"])
def test_a_server_ends_with_a_parent_that_is_killed(server):
    parent = subprocess.Popen([sys.executable, "-c", PARENT, server], stdout=subprocess.PIPE, text=True)
    url = parent.stdout.readline()
    children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
    folder = Path("/tmp") / url.split("/tmp/")[1].split("/")[0].strip()
    try:
        assert len(children) == 1
        assert is_alive(int(children[0]))

        parent.kill()
        parent.wait()

        assert eventually(lambda: not is_alive(int(children[0])))
    finally:
        parent.stdout.close()
        subprocess.run(["rm", "-rf", folder], check=True)


def test_a_program_whose_parent_is_already_gone_does_not_start(tmp_path):
    done = subprocess.run(
        [sys.executable, servers.LEASH, "1", str(int(signal.SIGTERM)), "", "touch", tmp_path / "started"], check=False
    )

    assert done.returncode == 1
    assert not (tmp_path / "started").exists()


def test_stopping_takes_the_whole_group(tmp_path):
    stubborn = "trap '' TERM; sleep 300 & echo $! > child; wait; wait"
    process = servers.leashed(["sh", "-c", stubborn], cwd=tmp_path)
    assert eventually(lambda: (tmp_path / "child").exists() and (tmp_path / "child").read_text().strip() != "")

    servers.stop(process, seconds=0.2)

    assert process.returncode == -signal.SIGKILL
    assert eventually(lambda: not is_alive(int((tmp_path / "child").read_text())))


def test_valkey_never_drops_a_key_to_make_room(valkey_url):
    assert redis.Redis.from_url(valkey_url).config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_postgres_listens_on_its_own_socket_only_and_leaves_nothing_behind():
    with servers.postgres() as url:
        folder = Path(url.split("host=")[1])
        with psycopg.connect(url) as connection:
            answer = connection.execute("select current_setting('listen_addresses'), current_setting('fsync')").fetchone()
        mode = folder.stat().st_mode & 0o777

    assert answer == ("", "off")
    assert mode == 0o700
    assert not folder.exists()


def test_durable_postgres_waits_for_the_disk():
    with servers.postgres(durable=True) as url, psycopg.connect(url) as connection:
        assert connection.execute("select current_setting('fsync')").fetchone() == ("on",)


def test_a_taken_port_is_passed_over():
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        taken = somebody.getsockname()[1]

        chosen = servers.free_port(taken)

    assert chosen != taken
    assert chosen > 0


def test_a_free_port_is_kept():
    wanted = servers.free_port()

    assert servers.free_port(wanted) == wanted


def test_a_server_that_does_not_start_is_quoted(tmp_path):
    log = tmp_path / "log"
    process = servers.leashed(["sh", "-c", "echo no room on the disk; exit 3"], output=log)

    with pytest.raises(servers.ServerError, match="no room on the disk"):
        servers.wait_until(lambda: False, process, log, "The server")


def test_what_is_missing_is_named_with_the_command_that_brings_it(monkeypatch):
    monkeypatch.setattr(servers, "find_postgres", lambda: None)

    with pytest.raises(servers.ServerError, match="apt-get install postgresql"), servers.postgres():
        raise AssertionError("It must not start.")


def test_own_programs_are_used_where_the_machine_has_no_valkey(monkeypatch):
    monkeypatch.setenv("PATH", os.devnull)

    assert servers.find_valkey().name == "valkey-server"
