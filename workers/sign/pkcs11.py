"""The organisation's key on a token (PKCS#11): one session per process, unlocked by the văn thư for one set."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pkcs11
from asn1crypto import x509
from pkcs11 import Attribute, Mechanism, ObjectClass, PKCS11Error, TokenFlag
from pkcs11 import exceptions as trouble
from pyhanko.sign.pkcs11 import PKCS11Signer as Engine

from intake.errors import DependencyMissing, EnvironmentTrouble, OperatorError, SohoaError

DEMO_MARK = "CHỈ DÙNG THỬ"
"""Every certificate of the demo CA says so in its issuer."""

_in_use: set[str] = set()
_wrong_pins: Counter[tuple[str, str | None]] = Counter()
"""module and token → wrong PINs since the last right one"""
_guard = threading.Lock()

_WRONG_PIN = (trouble.PinIncorrect, trouble.PinLenRange, trouble.PinInvalid)
_GONE = (
    trouble.DeviceRemoved,
    trouble.TokenNotPresent,
    trouble.DeviceError,
    trouble.SessionHandleInvalid,
    trouble.SessionClosed,
    trouble.SlotIDInvalid,
    trouble.ObjectHandleInvalid,
    trouble.KeyHandleInvalid,
)


@dataclass(frozen=True)
class OpenToken:
    """An unlocked token (``intake.ports.SigningSession``)."""

    certificate: bytes
    chain: tuple[bytes, ...]
    device: str
    engine: _Engine
    demo: bool

    def await_person(self) -> None:
        self.engine.credential.await_person()


class Pkcs11Signer:
    """``Signer(module=…, token_label=…, key_label=…, pin_tries=…)``.

    ``module``: path of the vendor's PKCS#11 library. ``token_label``: which token when several are plugged in.
    ``key_label``: which certificate when the token holds several. ``pin_tries``: wrong PINs after which its issuer says
    it locks; tokens themselves tell only the last try. None of them is secret.
    """

    name = "pkcs11"

    def __init__(
        self, module: str, token_label: str | None = None, key_label: str | None = None, pin_tries: int | None = None
    ) -> None:
        self.module, self.token_label, self.key_label = str(module), token_label, key_label
        self.pin_tries = pin_tries

    def tries_left(self) -> int | None:
        """0 locked, 1 the last try, else at most so many when ``pin_tries`` is known (wrong PINs are counted here while
        the station runs); None: unknown."""
        told = tries(self._token())
        if told is not None or self.pin_tries is None:
            return told
        return max(1, self.pin_tries - _wrong_pins.get(self._place, 0))

    @property
    def _place(self) -> tuple[str, str | None]:
        return self.module, self.token_label

    @contextmanager
    def open(self, pin: str, ask: Callable[[], str] | None = None) -> Iterator[OpenToken]:
        """Unlock the token. A second set in this process is refused until the first is closed: PKCS#11 shares a login
        among all sessions of a process, so a second person would sign on the first one's PIN."""
        with _guard:
            if self.module in _in_use:
                raise OperatorError(
                    "Thiết bị ký đang mở cho một đợt ký khác trên máy này. Hãy chờ đợt đó xong hoặc dừng nó.",
                    "The token is open for another set on this machine. Wait for that set or stop it.",
                )
            _in_use.add(self.module)
        session = None
        try:
            session = self._login(pin)
            yield self._unlocked(session, _Credential(pin, ask))
        except PKCS11Error as error:
            raise self._translated(error) from None
        finally:
            if session is not None:
                _close(session)
            with _guard:
                _in_use.discard(self.module)

    def _library(self) -> Any:
        if not Path(self.module).exists():
            raise DependencyMissing(
                f"Không có thư viện PKCS#11 {self.module}. Hãy cài phần mềm của thiết bị ký (VGCA, bit4id, SoftHSM2: "
                "sudo apt-get install softhsm2) và ghi đúng đường dẫn.",
                f"There is no PKCS#11 library {self.module}. Install the token's middleware and set its path.",
            )
        try:
            return pkcs11.lib(self.module)
        except PKCS11Error as error:
            raise EnvironmentTrouble(
                f"Không nạp được thư viện PKCS#11 {self.module} ({type(error).__name__}). Kiểm tra cài đặt thiết bị "
                "ký.",
                f"The PKCS#11 library {self.module} cannot be loaded ({type(error).__name__}). Check its installation.",
            ) from error

    def _token(self) -> Any:
        library = self._library()
        found = self._present(library)
        if not found and not _in_use - {self.module}:
            # some modules only see a token plugged in later after they are started again
            library.reinitialize()
            found = self._present(library)
        if len(found) == 1:
            return found[0]
        labels = ", ".join(f"«{token.label}»" for token in found)
        if found:
            raise OperatorError(
                f"Có {len(found)} thiết bị ký đang cắm: {labels}. Hãy ghi token_label của thiết bị cần dùng.",
                f"{len(found)} tokens are plugged in: {labels}. Set token_label to the one to use.",
            )
        wanted = f" «{self.token_label}»" if self.token_label else ""
        raise EnvironmentTrouble(
            f"Không thấy thiết bị ký{wanted}. Hãy cắm thiết bị rồi thử lại; văn bản vẫn chờ, không mất gì.",
            f"The token{wanted} is not there. Plug it in and try again; documents wait, nothing is lost.",
        )

    def _present(self, library: Any) -> list[Any]:
        tokens = []
        for slot in library.get_slots(token_present=True):
            try:
                token = slot.get_token()
            except PKCS11Error:
                continue  # an empty reader beside the one in use
            if self.token_label in (None, token.label) and TokenFlag.TOKEN_INITIALIZED in token.flags:
                tokens.append(token)
        return tokens

    def _login(self, pin: str) -> Any:
        token = self._token()
        if tries(token) == 0:
            raise _locked()
        try:
            opened = self._opened(token, pin)
        except _WRONG_PIN:
            # the failed C_Login leaves its session open; starting the module again is the only way to close it
            self._library().reinitialize()
            _wrong_pins[self._place] += 1
            raise wrong_pin(self.tries_left()) from None
        del _wrong_pins[self._place]
        return opened

    def _opened(self, token: Any, pin: str) -> Any:
        try:
            return token.open(user_pin=pin)
        except trouble.UserAlreadyLoggedIn:
            # a login nobody owns any more (a crashed set): end it, so that this PIN is really asked of the token
            self._library().reinitialize()
            return self._token().open(user_pin=pin)

    def _unlocked(self, session: Any, credential: _Credential) -> OpenToken:
        certificate, others, identity = self._select(session)
        mechanisms = session.token.slot.get_mechanisms()
        hashing = {"rsa": Mechanism.SHA256_RSA_PKCS, "ec": Mechanism.ECDSA_SHA256}.get(certificate.public_key.algorithm)
        engine = _Engine(
            session,
            signing_cert=certificate,
            ca_chain=others,
            key_id=identity,
            embed_roots=False,
            use_raw_mechanism=hashing is not None and hashing not in mechanisms,
        )
        engine.credential, engine.translated = credential, self._translated
        engine._load_objects()
        credential.each_time = _always_authenticate(engine._key_handle)
        token = session.token
        software = "softhsm" in token.model.lower() or "softhsm" in token.manufacturer_id.lower()
        serial = token.serial.decode("ascii", "replace").strip()
        return OpenToken(
            certificate=certificate.dump(),
            chain=tuple(other.dump() for other in others),
            device=f"PKCS#11 {token.manufacturer_id.strip()} {token.label.strip()} {serial}",
            engine=engine,
            demo=software or DEMO_MARK in certificate.issuer.human_friendly,
        )

    def _select(self, session: Any) -> tuple[x509.Certificate, list[x509.Certificate], bytes]:
        """The one certificate that has its private key on the token, the other certificates, and their CKA_ID."""
        keys = {key[Attribute.ID] for key in session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY})}
        own, others = [], []
        for item in session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE}):
            certificate = x509.Certificate.load(item[Attribute.VALUE])
            label = item[Attribute.LABEL]
            mine = item[Attribute.ID] in keys and self.key_label in (None, label)
            (own if mine else others).append((label, certificate, item[Attribute.ID]))
        if len(own) == 1:
            return own[0][1], [certificate for _, certificate, _ in others], own[0][2]
        labels = ", ".join(f"«{label}»" for label, _, _ in own) or "–"
        raise OperatorError(
            f"Thiết bị ký phải có đúng một chứng thư kèm khóa riêng để ký; thấy {len(own)}: {labels}. Hãy ghi "
            "key_label.",
            f"The token must hold exactly one certificate with its private key; {len(own)} found: {labels}. Set "
            "key_label.",
        )

    def _translated(self, error: PKCS11Error) -> SohoaError:
        if isinstance(error, _WRONG_PIN):
            _wrong_pins[self._place] += 1
            return wrong_pin(self.tries_left())
        if isinstance(error, trouble.PinLocked):
            return _locked()
        if isinstance(error, trouble.UserNotLoggedIn):
            return OperatorError(
                "Khóa trên thiết bị đòi nhập PIN cho từng chữ ký. Hãy nhập PIN cho văn bản này.",
                "The key demands a PIN for every signature. Enter the PIN for this document.",
            )
        if isinstance(error, _GONE):
            return EnvironmentTrouble(
                "Mất kết nối với thiết bị ký (bị rút ra?). Hãy cắm lại và ký tiếp phần còn lại; không mất gì.",
                "The token is gone (unplugged?). Plug it in again and sign the rest; nothing is lost.",
            )
        return EnvironmentTrouble(
            f"Thiết bị ký báo lỗi {type(error).__name__}. Hãy rút ra, cắm lại và ký tiếp phần còn lại.",
            f"The token reports {type(error).__name__}. Unplug it, plug it in again and sign the rest.",
        )


class _Credential:
    """The PIN in memory, only as long as it is needed: until login, or the first signature of an each-time key."""

    def __init__(self, pin: str, ask: Callable[[], str] | None) -> None:
        self._pin: str | None = pin
        self._ask = ask
        self._each_time = False

    @property
    def each_time(self) -> bool:
        return self._each_time

    @each_time.setter
    def each_time(self, value: bool) -> None:
        self._each_time = value
        if not value:
            self._pin = None

    def await_person(self) -> None:
        """Ask for the PIN of the next signature, when the key wants one and none is at hand."""
        if self._each_time and self._pin is None and self._ask is not None:
            self._pin = self._ask()

    def next(self) -> str:
        """The PIN for one signature: the one just entered for the first, a fresh one after that."""
        pin, self._pin = self._pin, None
        if pin is None and self._ask is not None:
            pin = self._ask()
        if pin is None:
            raise trouble.UserNotLoggedIn
        return pin

    def __repr__(self) -> str:
        return "_Credential(•)"


class _Engine(Engine):
    """pyHanko's PKCS#11 signer with our PIN rule and our words."""

    credential: _Credential
    translated: Callable[[PKCS11Error], SohoaError]

    def sign_kwargs(self, data_to_sign: bytes) -> dict[str, Any]:
        return {"pin": self.credential.next()} if self.credential.each_time else {}

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        try:
            return await super().async_sign_raw(data, digest_algorithm, dry_run)
        except PKCS11Error as error:
            raise self.translated(error) from None


def _always_authenticate(key: Any) -> bool:
    try:
        return bool(key[Attribute.ALWAYS_AUTHENTICATE])
    except (PKCS11Error, KeyError, NotImplementedError):
        return False  # the attribute came with PKCS#11 2.20; older modules do not know it


def tries(token: Any) -> int | None:
    """What the token's flags say: 0 locked, 1 the last try, None anything else."""
    if TokenFlag.USER_PIN_LOCKED in token.flags:
        return 0
    return 1 if TokenFlag.USER_PIN_FINAL_TRY in token.flags else None


def _close(session: Any) -> None:
    try:
        session.close()
    except PKCS11Error:
        return  # a token that is gone has closed its sessions itself


def wrong_pin(left: int | None) -> OperatorError:
    """The words for a wrong PIN with ``left`` tries to go."""
    if left == 0:
        return _locked()
    vi, en = {
        None: ("thiết bị không cho biết còn bao nhiêu lần thử", "the token does not tell how many tries are left"),
        1: ("chỉ còn 1 lần thử trước khi thiết bị bị khóa", "only 1 try is left before the token locks"),
    }.get(left, (f"còn nhiều nhất {left} lần thử trước khi thiết bị bị khóa", f"at most {left} tries are left"))
    return OperatorError(f"Sai mã PIN; {vi}. Văn bản chưa ký vẫn chờ.", f"Wrong PIN; {en}. What is unsigned waits.")


def _locked() -> OperatorError:
    return OperatorError(
        "Thiết bị ký đã bị khóa vì nhập sai PIN nhiều lần (còn 0 lần). Hãy liên hệ đơn vị cấp thiết bị để mở khóa; "
        "văn bản vẫn chờ.",
        "The token is locked after too many wrong PINs (0 tries left). Ask its issuer to unlock it; documents wait.",
    )
