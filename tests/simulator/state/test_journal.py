"""What is kept, what is not, and who may hold the folder."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from bot.simulator.records.record import Record
from bot.simulator.state.journal import Journal, StateUnusable
from bot.simulator.state.table import Table


class Pet(Record):
    name: str
    owner: str = "nobody"


def pets(journal: Journal) -> Table[Pet]:
    return Table(Pet, journal, owner=lambda p: p.owner, name=lambda p: p.name.lower())


def test_committed_rows_are_there_after_a_restart_and_others_are_not(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        table = pets(journal)
        table.add(Pet(id=1, name="Rex"))
        journal.commit()
        table.add(Pet(id=2, name="Lost"))
    with Journal(tmp_path) as journal:
        assert [p.name for p in pets(journal)] == ["Rex"]


def test_half_a_character_keeps_no_row_from_the_disk(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        table = pets(journal)
        table.add(Pet(id=1, name="Rex"))
        odd = table.add(Pet(id=2, name="a\ud800b", owner="\ud83d\ude00\udcff"))
        journal.commit()
        assert (odd.name, odd.owner) == ("a\ufffdb", "\U0001f600\ufffd")
        table.save(odd)
        table.remove(odd)
        table.add(odd)
        journal.commit()
    with Journal(tmp_path) as journal:
        assert list(pets(journal)) == [Pet(id=1, name="Rex"), odd]


def test_a_change_counts_once_saved(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        table = pets(journal)
        rex = table.add(Pet(id=1, name="Rex", owner="ada"))
        rex.owner = "bob"
        table.save(rex)
        assert (table.where("owner", "ada"), table.where("owner", "bob")) == ([], [rex])
        journal.commit()
    with Journal(tmp_path) as journal:
        assert pets(journal).one("owner", "bob") == rex


def test_removed_rows_stay_removed(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        table = pets(journal)
        row = table.add(Pet(id=1, name="Rex"))
        journal.commit()
        table.remove(row)
        assert table.get(1) is None
        assert table.one("name", "rex") is None
        journal.commit()
    with Journal(tmp_path) as journal:
        assert len(pets(journal)) == 0


def test_a_commit_is_all_or_nothing(tmp_path: Path) -> None:
    class Unwritable(Pet):
        def model_dump_json(self, **_: object) -> str:
            raise RuntimeError("disk on fire")

    with Journal(tmp_path) as journal:
        table = pets(journal)
        table.add(Pet(id=1, name="Rex"))
        table.add(Unwritable(id=2, name="Bad"))
        with pytest.raises(RuntimeError, match="disk on fire"):
            journal.commit()
    with Journal(tmp_path) as journal:
        assert len(pets(journal)) == 0


def test_a_folder_has_one_simulator(tmp_path: Path) -> None:
    with Journal(tmp_path), pytest.raises(StateUnusable, match="another simulator"):
        Journal(tmp_path)
    Journal(tmp_path).close()


@pytest.mark.parametrize("broken", [b"x" * 5_000, None])
def test_a_broken_file_is_said_and_left_alone(tmp_path: Path, broken: bytes | None) -> None:
    path = tmp_path / "state.sqlite"
    with Journal(tmp_path) as journal:
        for number in range(200):
            pets(journal).add(Pet(id=number, name="x" * 500))
            journal.commit()
    whole = path.read_bytes()
    path.write_bytes(broken or whole[:8192] + b"x" * (len(whole) - 8192))
    with pytest.raises(StateUnusable, match="cannot"), Journal(tmp_path) as journal:
        pets(journal)
    assert path.stat().st_size in (5_000, len(whole))


def test_another_format_is_refused_and_left_alone(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.commit()
    with sqlite3.connect(tmp_path / "state.sqlite") as db:
        db.execute("UPDATE meta SET value = '99' WHERE key = 'format'")
    db.close()
    with pytest.raises(StateUnusable, match="format 99"):
        Journal(tmp_path)
    with pytest.raises(StateUnusable, match="format 99"):
        Journal(tmp_path)


def test_a_row_of_another_version_is_said(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        pets(journal).add(Pet(id=1, name="Rex"))
        journal.commit()
    with sqlite3.connect(tmp_path / "state.sqlite") as db:
        db.execute('UPDATE rows SET body = \'{"id": 1, "colour": "red"}\'')
    db.close()
    with Journal(tmp_path) as journal, pytest.raises(StateUnusable, match="Pet that this version"):
        pets(journal)


def test_the_folder_is_private(tmp_path: Path) -> None:
    Journal(tmp_path / "new").close()
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0


def test_the_state_is_private_in_any_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with Journal(tmp_path) as journal:
        pets(journal).add(Pet(id=1, name="Rex"))
        journal.commit()
        for path in tmp_path.glob("state.sqlite*"):
            assert path.stat().st_mode & 0o077 == 0, path.name


def test_a_changed_row_keeps_its_place(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        table = pets(journal)
        rex, max = (table.add(Pet(id=n, name=name)) for n, name in ((1, "Rex"), (2, "Max")))
        rex.name = "Zorro"
        table.save(rex)
        assert table.where("owner", "nobody") == [rex, max]


def test_an_id_is_given_once(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        table = pets(journal)
        table.add(Pet(id=1, name="Rex"))
        with pytest.raises(KeyError, match="Pet 1"):
            table.add(Pet(id=1, name="Max"))


class TableAgainstDict(RuleBasedStateMachine):
    """Whatever is done to a table, its look-ups say what a plain search would."""

    ids = st.integers(1, 5)
    owners = st.sampled_from(["ada", "bob"])

    @initialize()
    def begin(self) -> None:
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.journal = Journal(Path(self.folder.name))
        self.table = pets(self.journal)
        self.model: dict[int, Pet] = {}

    @rule(id=ids, owner=owners)
    def save(self, id: int, owner: str) -> None:
        row = self.model.get(id) or Pet(id=id, name=f"Pet {id}")
        row.owner = owner
        self.model[id] = self.table.save(row)

    @rule(id=ids)
    def remove(self, id: int) -> None:
        if id in self.model:
            self.table.remove(self.model.pop(id))

    @rule()
    def restart(self) -> None:
        self.journal.commit()
        self.journal.close()
        self.journal = Journal(Path(self.folder.name))
        self.table = pets(self.journal)
        self.model = {p.id: p for p in self.table}

    @rule(owner=owners)
    def look(self, owner: str) -> None:
        wanted = {i for i, p in self.model.items() if p.owner == owner}
        assert {p.id for p in self.table.where("owner", owner)} == wanted
        assert self.table.count("owner", owner) == len(wanted)

    def teardown(self) -> None:
        self.journal.close()
        self.folder.cleanup()


TestTableAgainstDict = TableAgainstDict.TestCase


@given(st.text())
def test_any_text_survives(text: str) -> None:
    pet = Pet(id=1, name=text.encode("utf-8", "replace").decode())
    assert Pet.model_validate_json(pet.model_dump_json()) == pet
