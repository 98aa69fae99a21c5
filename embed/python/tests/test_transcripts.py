"""The corpus that every host of the engine plays."""

from pathlib import Path

import pytest
from conftest import ROOT
from transcript import Player, settings

DATA = ROOT / "core/testdata"
CORPUS = sorted([*DATA.glob("*.txt"), *DATA.glob("lessons/*.txt")])


def test_there_is_a_corpus() -> None:
    assert len(CORPUS) > 50


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_transcript(path: Path) -> None:
    text = path.read_text(encoding="latin-1")
    assert Player(settings(text)).play(path.name, text) == ""
