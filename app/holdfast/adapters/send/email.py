"""A mail draft that opens ready to be read and sent by a person."""

from __future__ import annotations

import hashlib
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from holdfast.core.canonical import moment, one_line
from holdfast.core.notice import Parcel, Sheet


class Email:
    """Prepares an ``.eml`` file (RFC 5322) marked as unsent; it never speaks to a server."""

    id = "email"

    def prepare(self, parcel: Parcel) -> tuple[Sheet, ...]:
        """One draft with the letter and its annexes.  The same parcel gives the same bytes.

        What the letter names and the draft does not carry is listed, for the person to attach.
        Where the platform's address is not known the draft has no addressee: none is guessed.
        """
        draft, subject = EmailMessage(policy=SMTP), parcel.subject
        draft["Subject"] = one_line(f"PRACTICE 演练 {subject}" if parcel.practice else subject)
        if parcel.sender_email:
            draft["From"] = _address(parcel.sender_name, parcel.sender_email)
        if parcel.platform.email:
            draft["To"] = _address("", parcel.platform.email)
        draft["Date"] = moment(parcel.issued)
        draft["Message-ID"] = f"<{parcel.notice.id}@holdfast.invalid>"
        draft["X-Unsent"] = "1"  # mail programs open it in the editor instead of the reader
        draft.set_content(_body(parcel), cte="base64")
        for name, media_type, data in parcel.attachments:
            kind, _, subtype = media_type.partition(";")[0].partition("/")
            draft.add_attachment(data, maintype=kind, subtype=subtype, filename=one_line(name))
        draft.set_boundary("=_" + _fingerprint(parcel))
        return (Sheet(suffix=".eml", media_type="message/rfc822", data=draft.as_bytes()),)


def _address(name: str, address: str) -> Address:
    """A name and an address that cannot carry another header.  Raises ValueError for nonsense."""
    return Address(display_name=one_line(name), addr_spec=address)


def _body(parcel: Parcel) -> str:
    lines = [*_first(parcel), parcel.cover, "", parcel.words["mail_enclosed"] + ":"]
    lines += [f"- {one_line(name)}" for name, _, _ in parcel.attachments]
    if parcel.left_out:
        lines += ["", parcel.words["mail_left_out"] + ":"]
        lines += [f"- {one_line(name)}" for name in parcel.left_out]
    if parcel.notice.by_hand:
        lines += ["", parcel.words["mail_by_hand"]]
        lines += [f"- {one_line(what)}" for what in parcel.notice.by_hand]
    return "\n".join([*lines, "", one_line(parcel.sender_name), ""])


def _first(parcel: Parcel) -> list[str]:
    return [parcel.practice, ""] if parcel.practice else []


def _fingerprint(parcel: Parcel) -> str:
    """A boundary that follows from the content, so that it is the same each time."""
    digest = hashlib.sha256(parcel.notice.id.encode())
    for _, _, data in parcel.attachments:
        digest.update(hashlib.sha256(data).digest())
    return digest.hexdigest()[:40]
