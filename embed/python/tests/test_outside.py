"""What a server has to do with the world: files in its folder, and servers that it connects to."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis as redis_py

import redlet
from redlet import _abi
from redlet._files import Disk


def test_an_image(tmp_path: Path) -> None:
    with redlet.Server(config={"dir": tmp_path, "save": "3600 1"}) as server:
        server.client().set("k", "v")
        server.stop()
        assert server.wait(20)
    with redlet.Server(config={"DIR": str(tmp_path)}) as server:
        r = server.client(decode_responses=True)
        assert r.get("k") == "v" and r.config_get("dir") == {"dir": str(tmp_path)}
        r.set("k", "w")
        assert r.save()
        for refused in (server.fork, server.reset):
            with pytest.raises(redlet.RedletError, match="one server"):
                refused()
        assert r.get("k") == "w"
    image = (tmp_path / "dump.rdb").read_bytes()
    with redlet.Server() as server:
        server.restore(image)
        assert server.client().get("k") == b"w"
    (tmp_path / "dump.rdb").write_bytes(b"no image")
    with pytest.raises(redlet.RedletError, match=r"."):
        redlet.Server(config={"dir": tmp_path}).start()


def test_an_append_only_file(tmp_path: Path) -> None:
    config = {"dir": tmp_path, "appendonly": True, "enable-debug-command": "yes"}
    with redlet.Server(config=config) as server:
        r = server.client()
        r.set("k", "v")
        r.bgrewriteaof()
        r.rpush("l", "a", "b")
        with pytest.raises(redlet.EngineDied):
            r.execute_command("DEBUG", "PANIC")
        assert r.lrange("l", 0, -1) == [b"a", b"b"]  # the next engine has loaded its files
        r.rpush("l", "x" * (3 << 20))
    with redlet.Server(config=config) as server:
        r = server.client()
        assert r.get("k") == b"v" and [len(x) for x in r.lrange("l", 0, -1)] == [1, 1, 3 << 20]
    assert (tmp_path / "appendonlydir/appendonly.aof.manifest").exists()


def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    words = ["--dir", str(tmp_path), "--appendonly", "yes", "--appendfsync", "always"]
    command = [sys.executable, "-m", "redlet", "--port", "0", *words]
    acknowledged = 0
    for _ in range(3):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
            assert program.stdout
            r = redis_py.Redis.from_url(program.stdout.readline().split()[-1])
            assert int(r.get("n") or 0) in (acknowledged, acknowledged + 1)
            for _ in range(50):
                acknowledged = r.incr("n")
            with r.pipeline(transaction=False) as pipe, pytest.raises(redis_py.ConnectionError):
                r.connection_pool.get_connection().send_command("INCR", "n")  # on its way
                os.kill(program.pid, signal.SIGKILL)
                pipe.ping().execute()


def test_what_could_not_be_appended_is_kept(tmp_path: Path) -> None:
    files, base = Disk(), tmp_path / "base"
    path = str(base / "folder/file").encode()

    def answers(kind: int, data: bytes = b"", path: bytes = path) -> list[tuple[int, bytes]]:
        inbox = files.carry_out(kind, 1, _abi.PATH.pack(0, len(path)) + path + data)
        return [(k, payload) for k, _, _, payload in _abi.frames(b"".join(inbox))]

    missing = b"No such file or directory"
    assert answers(_abi.OUT_APPEND, b"a") == [(_abi.IN_APPENDED, missing)]
    assert answers(_abi.OUT_APPEND, b"b") == [(_abi.IN_APPENDED, missing)]
    assert answers(_abi.OUT_SYNC) == [(_abi.IN_APPENDED, missing), (_abi.IN_DONE, missing)]
    base.mkdir()  # the last folder of the path is made by APPEND
    assert answers(_abi.OUT_SYNC) == [(_abi.IN_APPENDED, b""), (_abi.IN_DONE, b"")]
    assert answers(_abi.OUT_APPEND, b"c") == []
    file = base / "folder/file"
    assert file.read_bytes() == b"abc"
    assert answers(_abi.OUT_REPLACE, b"new") == [(_abi.IN_DONE, b"")]
    assert file.read_bytes() == b"new" and os.listdir(file.parent) == ["file"]
    content = (3).to_bytes(8, "little") + b"new"
    assert answers(_abi.OUT_READ) == [(_abi.IN_CONTENT, content)]
    folder = answers(_abi.OUT_READ, path=os.fsencode(base))
    assert folder == [(_abi.IN_DONE, b"Is a directory")]
    for _ in range(2):
        assert answers(_abi.OUT_REMOVE) == [(_abi.IN_DONE, b"")]
    assert answers(_abi.OUT_READ) == [(_abi.IN_ABSENT, b"")]
    assert answers(_abi.OUT_REPLACE, path=os.fsencode(base / "no/such")) == [
        (_abi.IN_DONE, missing)
    ]


def in_line(r: redis_py.Redis, master: redis_py.Redis) -> None:
    """Waits until a replica has what its master has."""
    while r.info("replication").get("master_link_status") != "up":
        time.sleep(0.001)
    assert master.wait(1, 20_000) == 1


def test_replicaof() -> None:
    with redlet.Server() as master, redlet.Server() as other:
        m, o = master.client(), other.client()
        m.set("k", "v")
        config = {"replicaof": f"127.0.0.1 {master.port}"}
        with redlet.Server(port=None, config=config) as replica:
            r = replica.client(decode_responses=True)
            in_line(r, m)
            assert r.get("k") == "v"
            m.set("k", "x" * (3 << 20))
            assert m.wait(1, 20_000) == 1
            assert r.strlen("k") == 3 << 20
            o.set("other", "1")
            r.replicaof("localhost", other.port)
            in_line(r, o)
            assert r.keys() == ["other"]
            with replica.fork() as fork, fork.client() as f:
                assert f.get("other") == b"1"
            r.replicaof("NO", "ONE")
            assert r.set("mine", "1")


def test_migrate() -> None:
    with redlet.Server() as server, redlet.Server() as other:
        r, o = server.client(), other.client()
        r.set("k", "v")
        assert r.migrate("127.0.0.1", other.port, "k", 0, 20_000) == b"OK"
        assert r.exists("k") == 0 and o.get("k") == b"v"
        gone = other.port
        other.close()
        r.set("k", "v")
        with pytest.raises(redis_py.ResponseError, match="IOERR"):
            r.migrate("127.0.0.1", gone, "k", 0, 20_000)
        assert r.get("k") == b"v"


def test_a_connection_that_nobody_waits_for() -> None:
    with redlet.Server(config={"replicaof": "127.0.0.1 1"}) as server:
        r = server.client()
        assert r.info("replication")["master_link_status"] == "down"
        server.reset()
        assert r.info("replication")["role"] == "slave"
