"""The corpus that every host of the engine plays."""

from pathlib import Path

import pytest
from conftest import ROOT
from transcript import Player

CORPUS = sorted((ROOT / "core/testdata").glob("*.txt"))


def test_there_is_a_corpus() -> None:
    assert len(CORPUS) > 50


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_transcript(path: Path) -> None:
    assert Player().play(path.name, path.read_text(encoding="latin-1")) == ""
