"""Tables of the compiled engine begin small here, so that they have to be made larger in small histories too."""

import pytest

from sim.engines import compiled


@pytest.fixture(autouse=True)
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "EVENTS", 1)
