"""The installation's signing key: Ed25519, in the system's keyring, else in a file of its own.

The key says which installation signed, never who.  Where it lives is chosen once and remembered.
Sealing never waits for it: a keyring that is locked or does not answer means an unsigned head,
which is signed at the next opportunity.  A key that is gone for good gives way to a new one, and
the ledger says so.
"""

from __future__ import annotations

import base64
import contextlib
import queue
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from holdfast.adapters.disk import drop_drafts, durable_folder, put
from holdfast.core.errors import Unavailable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SERVICE = "Holdfast"
PATIENCE_S = 5.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that can be used now."""

    _private: Ed25519PrivateKey

    @property
    def public(self) -> bytes:
        """32 bytes."""
        return self._private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """64 bytes (RFC 8032)."""
        return self._private.sign(message)


def _usable(seed: bytes) -> SigningKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return SigningKey(Ed25519PrivateKey.from_private_bytes(seed))


class Keys:
    """Finds, or makes once, the key of a data folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._found: SigningKey | None = None
        self._mark = ""
        self._asked: _Question[str | None] | None = None
        """What the keyring has not answered yet; nobody waits for that twice."""

    def key(self) -> SigningKey | None:
        """The signing key, or None while it cannot be had.

        One that another process has replaced meanwhile is not used any more.
        """
        try:
            if self._found is None or self._mark != self._noted():
                self._found = None
                seed = self._seed()
                self._mark = self._noted()
                if seed is not None:
                    self._found = _usable(seed)
        except OSError:
            # Its folder cannot be used now; sealing does not wait for that.
            return None
        return self._found

    def change(self, announce: Callable[[SigningKey, SigningKey], None]) -> None:
        """Another key signs from now on; the one before is forgotten.

        The other is durable before ``announce`` has both, and used only afterwards: whatever ends
        in between is carried through by ``settle``, for a record that names a key nobody has could
        be handed over by nobody.  ``announce`` has both once more when nobody uses the one before
        any longer, for what was begun with it meanwhile.  Raises Unavailable(``key_locked``) while
        the one before cannot be had, Unavailable(``database_busy``) while another process changes
        it.
        """
        if self.key() is None:
            raise Unavailable("key_locked")
        with self._alone():
            if not self._next.exists():
                seed = base64.b64encode(secrets.token_bytes(32)).decode()
                put(self._next, f"{seed}\n{self._noted()}\n".encode())
            self._hand_over(announce)

    def settle(self, announce: Callable[[SigningKey, SigningKey], None]) -> None:
        """A change that broke off is carried through; nothing happens where none did.

        Raises as ``change``.
        """
        if not self._next.exists():
            return
        with self._alone():
            if self._next.exists():  # else somebody was quicker
                self._hand_over(announce)

    def _hand_over(self, announce: Callable[[SigningKey, SigningKey], None]) -> None:
        before = self.key()
        if before is None:
            raise Unavailable("key_locked")
        text, _, place = self._next.read_bytes().partition(b"\n")
        seed = _seed_in(text)
        if seed is not None:
            after = _usable(seed)
            if after.public != before.public:
                announce(before, after)
                self._keep(seed)
                announce(before, after)
            self._forget(place.decode("ascii", "replace").strip())
        self._next.unlink()
        drop_drafts(self._next)
        durable_folder(self._folder)

    def _forget(self, place: str) -> None:
        """The key before is kept nowhere."""
        kind, _, account = place.partition(" ")
        if kind == "keyring":
            patiently(lambda: _off_keyring(account))
        elif self.place != "file":
            self._file.unlink(missing_ok=True)
        drop_drafts(self._file)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """No other process changes the key."""
        # It brings asyncio, which whoever only reads need not wait for.
        from filelock import FileLock, Timeout

        try:
            with FileLock(self._folder / "change.lock", timeout=PATIENCE_S):
                yield
        except Timeout as error:
            raise Unavailable("database_busy") from error

    @property
    def place(self) -> str:
        """``keyring``, ``file``, or empty when no key was made yet."""
        return self._noted().partition(" ")[0]

    def _noted(self) -> str:
        with contextlib.suppress(FileNotFoundError):
            return (self._folder / "place").read_text(encoding="ascii")
        return ""

    def _seed(self) -> bytes | None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        match self.place:
            case "file":
                return self._from_file()
            case "keyring":
                return self._from_keyring()
            case _ if self._file.exists():
                # Where the key lives was forgotten; the key was not.
                self._remember(f"file {secrets.token_hex(8)}")
                return self._from_file()
            case _:
                return self._make()

    def _make(self) -> bytes:
        seed = secrets.token_bytes(32)
        self._keep(seed)
        return seed

    def _keep(self, seed: bytes) -> None:
        account = secrets.token_hex(8)
        if patiently(lambda: _into_keyring(account, seed)):
            self._remember(f"keyring {account}")
        else:
            put(self._file, base64.b64encode(seed) + b"\n")
            self._remember(f"file {account}")

    def _remember(self, text: str) -> None:
        put(self._folder / "place", text.encode("ascii"))

    @property
    def _file(self) -> Path:
        return self._folder / "installation.ed25519"

    @property
    def _next(self) -> Path:
        """The key that is to be used, while every case is told of it, and where the other lies."""
        return self._folder / "next.ed25519"

    def _from_file(self) -> bytes | None:
        try:
            text = self._file.read_bytes()
        except FileNotFoundError:
            return self._make()
        except OSError:
            return None
        seed = _seed_in(text)
        if seed is None:
            self._file.replace(self._file.with_suffix(".damaged"))
        return seed or self._make()

    def _from_keyring(self) -> bytes | None:
        account = self._noted().partition(" ")[2]
        patience = 0.0
        if self._asked is None:
            self._asked, patience = _Question(lambda: _out_of_keyring(account)), PATIENCE_S
        if not self._asked.answered(patience):
            return None
        found, self._asked = self._asked.answer, None
        return None if found is None else _seed_in(found.encode()) or self._make()


def _seed_in(text: bytes) -> bytes | None:
    with contextlib.suppress(ValueError):
        seed = base64.b64decode(text.strip(), validate=True)
        if len(seed) == 32:
            return seed
    return None


def _into_keyring(account: str, seed: bytes) -> bool:
    import keyring
    from keyring.errors import KeyringError

    text = base64.b64encode(seed).decode()
    try:
        keyring.set_password(SERVICE, account, text)
        return keyring.get_password(SERVICE, account) == text
    except (KeyringError, RuntimeError, OSError):
        return False


def _off_keyring(account: str) -> None:
    """The keyring has that secret no more, where it can forget."""
    import keyring
    from keyring.errors import KeyringError

    with contextlib.suppress(KeyringError, RuntimeError, OSError):
        keyring.delete_password(SERVICE, account)


def _out_of_keyring(account: str) -> str | None:
    """The secret; empty when the keyring says that it has none, None when it says nothing."""
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(SERVICE, account) or ""
    except (KeyringError, RuntimeError, OSError):
        return None


class _Question(Generic[T]):
    """Something that a keyring was asked, while it may be asking somebody.

    The thread is nobody's to wait for, not even at the end of the process.
    """

    def __init__(self, ask: Callable[[], T]) -> None:
        self._answers: queue.SimpleQueue[T] = queue.SimpleQueue()
        threading.Thread(target=lambda: self._answers.put(ask()), daemon=True).start()

    def answered(self, seconds: float) -> bool:
        """Whether there is an answer by now, waited for so long; then it is in ``answer``."""
        try:
            self.answer = (
                self._answers.get(timeout=seconds) if seconds else self._answers.get_nowait()
            )
        except queue.Empty:
            return False
        return True


def patiently(ask: Callable[[], T]) -> T | None:
    """The answer, or None when the keyring is still asking somebody after some seconds."""
    question = _Question(ask)
    return question.answer if question.answered(PATIENCE_S) else None
