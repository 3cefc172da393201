"""Settings as one JSON file, written atomically."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path

from holdfast.adapters.disk import put
from holdfast.core.errors import Refused
from holdfast.core.settings import Settings

_LIMIT = 1 << 20


class SettingsFile:
    """``settings.json`` in a data folder.

    A damaged file is set aside under another name and ``damaged`` tells so; defaults hold then.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.damaged: Path | None = None
        self._unknown: dict[str, object] = {}

    def load(self) -> Settings:
        """The settings as they were saved, or the defaults.

        Raises Refused(``data_unwritable``) where there are some that cannot be had.
        """
        try:
            if self._path.stat().st_size > _LIMIT:
                raise ValueError("settings of over 1 MiB")
            content = json.loads(self._path.read_text(encoding="utf-8"))
            return self._read(content)
        except FileNotFoundError:
            return Settings()
        except OSError as error:
            raise self._unusable(error) from error
        except (ValueError, RecursionError):
            self.damaged = self._path.with_suffix(".damaged.json")
            self._path.replace(self.damaged)
            return Settings()

    def _read(self, content: object) -> Settings:
        if not isinstance(content, dict):
            raise ValueError("settings are an object")
        known = {field.name: field for field in fields(Settings)}
        self._unknown = {key: value for key, value in content.items() if key not in known}
        chosen: dict[str, object] = {}
        defaults = Settings()
        for name in known.keys() & content.keys():
            value = content[name]
            if isinstance(value, list):
                value = tuple(value)
            if type(value) is not type(getattr(defaults, name)):
                raise ValueError(f"setting {name} is of another kind")
            chosen[name] = value
        found = Settings(**chosen)  # type: ignore[arg-type] # each was held against its default
        if found.language not in ("", "zh", "en") or found.theme not in ("", "light", "dark"):
            raise ValueError("a setting has an unknown value")
        if not all(isinstance(item, str) for item in found.disabled):
            raise ValueError("a list of settings holds something else")
        return found

    def save(self, settings: Settings) -> None:
        """The file holds these settings, whole, or what it held before.

        Raises Refused(``data_unwritable``).
        """
        content = json.dumps(
            {**self._unknown, **asdict(settings)}, ensure_ascii=False, indent=1, sort_keys=True
        )
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            put(self._path, f"{content}\n".encode())
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> Refused:
        reason = error.strerror or type(error).__name__
        return Refused("data_unwritable", path=str(self._path), reason=reason)
