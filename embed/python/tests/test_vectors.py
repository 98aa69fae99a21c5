"""The ABI's test vectors: wasm/vectors/README.md says what stands in them."""

import json
from typing import Any

import pytest
from conftest import ROOT

from redlet import EngineDied, _abi
from redlet._guest import Guest

VECTORS = sorted((ROOT / "wasm/vectors").glob("*.jsonl"))


def payload(pieces: list[Any]) -> bytes:
    texts = (piece if isinstance(piece, str) else piece[0] * piece[1] for piece in pieces)
    return "".join(texts).encode("latin-1")


def take(guest: Guest, step: dict[str, Any]) -> None:
    frames = b"".join(
        _abi.frame(kind, conn, payload(pieces), ticket)
        for kind, conn, ticket, *pieces in step.get("in", [])
    )
    frames = bytes.fromhex(step.get("raw", "")) or frames
    before = guest._memory.data_len(guest._store)
    if "status" in step:
        with pytest.raises(EngineDied, match=f"status {step['status']}"):
            guest.step(frames, step["now"])
        return
    seen = list(_abi.frames(guest.step(frames, step["now"])))
    assert seen == [(k, c, t, payload(pieces)) for k, c, t, *pieces in step["out"]]
    deadline = step["deadline"]
    assert guest.deadline == (float("inf") if deadline is None else deadline)
    if step.get("grows"):
        assert guest._memory.data_len(guest._store) > before


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_vector(path: Any) -> None:
    guest = None
    for line in path.read_text(encoding="utf-8").splitlines():
        step = json.loads(line)
        if step.get("copy"):
            assert guest
            guest = Guest(guest.image())
        elif guest is None or step.get("fresh"):
            guest = Guest()
        take(guest, step)


def test_there_are_vectors() -> None:
    assert len(VECTORS) > 10
