"""`auditor keys …`: the keys with which people sign. (Imports inside the commands: see app.py.)"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from auditor.cli import console
from auditor.cli.options import WORKSPACE, AnyWorkspace, AsJson, PassphraseFile, absolute


def new(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Private key to make; FILE.pub is its public key.")],
    passphrase_file: PassphraseFile = None,
    is_json: AsJson = False,
    _workspace: AnyWorkspace = WORKSPACE,
) -> None:
    """Make a key to sign with (Ed25519).

    The private key stays with one person, under a passphrase; hand out FILE.pub. Nothing is overwritten.

    Example: auditor keys new ~/keys/reviewer.pem
    """
    from auditor.cli.passphrase import passphrase_for
    from auditor.evidence.keys import new_key, public_file

    path = file.expanduser().absolute()
    key = new_key(path, passphrase_for(path, absolute(passphrase_file), is_new=True))
    if is_json:
        console.json_object(key_id=key.key_id, private=str(path), public=str(public_file(path)))
    else:
        console.result(f"key {key.key_id}")
        console.result(f"private key: {path} (yours alone)")
        console.result(f"public key:  {public_file(path)} (hand it out by a way that people trust)")


def show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Public key, or the private key beside it.")],
    is_json: AsJson = False,
    _workspace: AnyWorkspace = WORKSPACE,
) -> None:
    """Show a public key and the name it goes by.

    The name is the SHA-256 of the key; compare it by telephone, say, before you trust the key.

    Example: auditor keys show ~/keys/reviewer.pem.pub
    """
    from auditor.evidence.keys import public_file, public_pem, trusted_key
    from auditor.evidence.standalone.publickeys import key_id_of

    path = file.expanduser().absolute()
    public = trusted_key(public_file(path) if public_file(path).is_file() else path)
    if is_json:
        console.json_object(key_id=key_id_of(public), public_key=public_pem(public).decode())
    else:
        console.result(f"key {key_id_of(public)}")
        console.result(public_pem(public).decode().rstrip())


COMMANDS: dict[str, Callable[..., None]] = {"new": new, "show": show}
