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
