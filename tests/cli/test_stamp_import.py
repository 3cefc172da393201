"""``holdfast stamp`` and ``holdfast stamp import``, as a person types them."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from fakes.tsa import Authority, issue, issue_signer, token
from fakes.warm import begun
from holdfast.adapters.clock import SystemClock

TEXT = b"what was kept"


def holdfast(*words: str | Path, data: Path) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "holdfast", *map(str, words), "--data", str(data)]
    settings = {**os.environ, "LANG": "en_US.UTF-8"}
    done = subprocess.run(begun(line), capture_output=True, text=True, env=settings, timeout=120)
    assert "Traceback" not in done.stderr + done.stdout
    return done


def test_a_token_with_its_root_joins_the_case_and_verifies_with_it(
    data: Path, tmp_path: Path
) -> None:
    data.mkdir()
    (data / "settings.json").write_text('{"offline": true}')
    (tmp_path / "a.txt").write_bytes(TEXT)
    kept = json.loads(holdfast("keep", tmp_path / "a.txt", "--json", data=data).stdout)
    case = kept["case"]["number"] if isinstance(kept["case"], dict) else kept["case"]
    now = SystemClock().now().replace(microsecond=0)
    ends = {"since": now - timedelta(days=1), "until": now + timedelta(days=1)}
    root = issue("Elsewhere root", **ends)
    middle = issue("Elsewhere issuing", root, **ends)
    authority = Authority(root, middle, issue_signer(middle, "Elsewhere TSA", **ends))
    raw = token(
        authority.signer,
        [middle.der, authority.signer.der],
        imprint=hashlib.sha512(TEXT).digest(),
        algorithm="sha512",
        gen_time=now,
    )
    (tmp_path / "a.tsa").write_bytes(raw)
    (tmp_path / "root.pem").write_bytes(root.pem)
    asked = ("stamp", "import", tmp_path / "a.tsa", "--case", case, "--lang", "en")
    done = holdfast(*asked, "--root", tmp_path / "root.pem", data=data)
    assert done.returncode == 0, done.stderr
    assert "E0001" in done.stdout
    assert "not shown as confirmed" in done.stdout
    again = holdfast(*asked, data=data)
    assert again.returncode == 1
    assert "in the case already" in again.stderr
    verdict = holdfast("verify", case, "--json", data=data)
    assert verdict.returncode == 5
    named = json.loads(verdict.stdout)
    assert "token_root_named" in {one["rule"] for one in named["findings"]}
    trusted = holdfast("verify", case, "--root", tmp_path / "root.pem", "--json", data=data)
    seen = json.loads(trusted.stdout)["timestamps"]
    assert {one["status"] for one in seen if one["kind"] == "rfc3161"} == {"confirmed"}
    (tmp_path / "b.tsr").write_bytes(b"<html>")
    junk = holdfast(
        "stamp", "import", tmp_path / "b.tsr", "--case", case, "--lang", "zh", data=data
    )
    assert junk.returncode == 1
    assert "不是可以读取的时间戳" in junk.stderr
    plain = holdfast("stamp", "--case", case, "--json", data=data)
    assert plain.returncode == 0, plain.stderr
    assert set(json.loads(plain.stdout)) == {"asked", "confirmed", "pending", "failed"}
