"""The host of wasm/ABI.md runs as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

import redis
from conftest import ROOT

PAGE = (ROOT / "wasm/ABI.md").read_text(encoding="utf-8")
GUEST = ROOT / "host/guest/built/redlet.wasm"


def test_host(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python host\n(.*?)```", PAGE, re.DOTALL)
    assert sum(1 for line in code.splitlines() if line) <= 150
    host = tmp_path / "host.py"
    host.write_text(code, encoding="utf-8")
    command = [sys.executable, str(host), str(GUEST), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        try:
            assert program.stdout
            port = int(program.stdout.readline())
            use(redis.Redis(port=port, socket_timeout=60), redis.Redis(port=port))
            assert program.wait(60) == 0
        finally:
            program.kill()


def use(r: redis.Redis, other: redis.Redis) -> None:
    large = b"x" * (5 << 20)
    assert r.set("k", large) and r.get("k") == large
    assert r.blpop(["q"], 0.05) is None
    with r.pubsub() as pubsub:
        pubsub.subscribe("news")
        assert pubsub.get_message(timeout=60)["type"] == "subscribe"
        other.publish("news", "hello")
        assert pubsub.get_message(timeout=60)["data"] == b"hello"
    script = "local n = 0 for i = 1, 1000000 do n = n + i end return n"
    assert r.eval(script, 0) == 500000500000
    assert r.execute_command("QUIT") and other.ping()
    other.shutdown(nosave=True)
