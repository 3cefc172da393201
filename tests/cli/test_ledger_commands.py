"""Checkpoints, cosignatures and partial packs as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

from fakes.command import holdfast, said


def test_a_checkpoint_goes_to_a_second_device_and_comes_back(data: Path, tmp_path: Path) -> None:
    own, other = ("--data", data), ("--data", tmp_path / "second")
    case = json.loads(holdfast("case", "new", "A title", *own, "--json").stdout)["case"]["number"]
    file, signed = tmp_path / "head.txt", tmp_path / "signed.txt"
    assert holdfast("ledger", "checkpoint", case, "--out", file, *own).returncode == 0
    first = holdfast("cosign", file, "--out", signed, *other, "--lang", "en")
    assert first.returncode == 0
    assert "had never seen this record" in first.stdout
    assert "holdfast.local/" in first.stdout
    done = holdfast("ledger", "cosigned", case, signed, *own, "--json")
    assert json.loads(done.stdout)["cosigned"]["size"] == 1
    proof = tmp_path / "proof.txt"
    done = holdfast("ledger", "consistency", case, "--from", file, "--out", proof, *own, "--json")
    assert (json.loads(done.stdout)["from"], proof.read_bytes()[:6]) == (1, b"old 1\n")
    told = json.loads(holdfast("verify", proof, signed, *own, "--json").stdout)
    assert {f["rule"] for f in told["findings"]} >= {"kept_holds", "kept_consistent"}
    # Back at the second device a shorter one is refused.
    again = json.loads(holdfast("cosign", proof, "--out", signed, *other, "--json").stdout)
    assert not again["first_seen"]
    assert again["log_key"] in first.stdout
    done = holdfast("cosign", file, "--out", signed, *other)
    assert said(done)
    assert done.returncode == 1
    done = holdfast("verify", case, "--head", "1:nothing", *own)
    assert done.returncode == 1
    done = holdfast("stamp", "--renew", "--case", case, *own, "--json")
    assert json.loads(done.stdout)["renewed"] == []
    assert json.loads(holdfast("due", *own, "--json").stdout)["renewals"] == []
    done = holdfast("export", "--case", case, "--out", tmp_path / "x.zip", "--only", "E0009", *own)
    assert (done.returncode, (tmp_path / "x.zip").exists()) == (1, False)


def test_another_key_is_used_and_told(data: Path) -> None:
    case = json.loads(holdfast("case", "new", "A title", "--data", data, "--json").stdout)
    number = case["case"]["number"]
    done = holdfast("ledger", "new-key", "--data", data, "--lang", "en")
    assert done.returncode == 0
    assert number in done.stdout
    again = json.loads(holdfast("ledger", "new-key", "--data", data, "--json").stdout)["keys"]
    assert [one["case"] for one in again] == [number]
    assert again[0]["key"] not in done.stdout
    shown = json.loads(holdfast("case", "show", number, "--data", data, "--json").stdout)
    assert [entry["act"] for entry in shown["entries"]] == ["case.opened", *["key.rotated"] * 2]
    told = json.loads(holdfast("verify", number, "--data", data, "--json").stdout)
    assert "broken" not in {finding["outcome"] for finding in told["findings"]}


def test_a_database_that_was_put_back_is_told_with_what_is_due(data: Path, tmp_path: Path) -> None:
    """Only who verified the case was told."""
    file = tmp_path / "a.txt"
    file.write_text("voice")
    case = json.loads(holdfast("keep", str(file), "--json", data=data).stdout)["case"]["number"]
    older = (data / "holdfast.db").read_bytes()
    assert json.loads(holdfast("due", "--json", data=data).stdout)["set_back"] == []
    file.write_text("another")
    assert holdfast("keep", str(file), "--case", case, data=data).returncode == 0
    (data / "holdfast.db").write_bytes(older)
    done = holdfast("due", "--json", data=data)
    assert json.loads(done.stdout)["set_back"] == [case]
    assert case in done.stderr
    assert "older copy" in done.stderr
