"""Which words a guest may have for her code, and which notes stand on the house's own page.

Pure. A word is folded as one reads it aloud (0 as O, 1 as I, 3 as E and so on) and refused when it holds anything rude, however it is
spelled; likewise the words that sound as if the house itself, or another one, spoke. It is a coarse sieve on purpose: whoever passes it
is still looked at by a manager.
"""

import re
import unicodedata

from referrals import codes

SHORTEST, LONGEST = 4, 16
NOTE_LENGTH = 280
_FOLDED = str.maketrans("0134578$@!", "OIEASTBSAI")
RUDE = (
    "ANAL", "ANUS", "ARSE", "ASSHOLE", "BASTARD", "BITCH", "BOLLOCK", "BONER", "CLIT", "COCK", "COON", "CRAP",
    "CUNT", "CUM", "DICK", "DILDO", "DYKE", "FAG", "FUCK", "FUK", "FCUK", "HITLER", "HOMO", "JIZZ", "KIKE",
    "KKK", "NAZI", "NIGG", "PEDO", "PENIS", "PISS", "PORN", "PRICK", "PUSSY", "RAPE", "SEX", "SHIT", "SLUT",
    "SPIC", "TITS", "TURD", "TWAT", "VAGINA", "WANK", "WHORE",
)  # fmt: skip
# Nobody but the house says these; and nobody says another house's name in ours.
RESERVED = (
    "ADMIN", "STAFF", "TEAM", "OFFICIAL", "SUPPORT", "SERVICE", "MANAGER", "OWNER", "FREE", "SALE", "DISCOUNT",
    "COUPON", "PROMO", "GIFT", "REFUND", "CREDIT", "VOUCHER", "TEST", "CARTIER", "TIFFANY", "BVLGARI", "BULGARI",
    "GRAFF", "WINSTON", "CHOPARD", "VANCLEEF", "PANDORA", "SIGNET", "BLUENILE", "BRILLIANTEARTH", "JARED", "ZALES",
    "TRUMP", "BIDEN", "HARRIS", "PUTIN", "BREXIT", "MAGA",
)  # fmt: skip
# An address of any kind: what mail programs make a link of, and what reads like one.
_LINK = re.compile(r"://|\bwww\.|@|[^\W_][.。．｡][^\W\d_]{2,}", re.IGNORECASE)
_REPEATED = re.compile(r"(.)\1+")


class BadWord(ValueError):
    """The word cannot be had. The text says what to mend."""


class BadNote(ValueError):
    """The note cannot stand on the page. The text says what to mend."""


def normalized(text: str) -> str:
    """As a word is kept and compared: ADARING, whether Ada-Ring or "ada ring" was typed."""
    return re.sub(r"[\s\-–—.]", "", unicodedata.normalize("NFKC", text)).upper()


def read(text: str, *, house: str) -> str:
    """The word as it is kept. `house` is the house's own name. Raises BadWord."""
    word = normalized(text)
    if not SHORTEST <= len(word) <= LONGEST:
        raise BadWord(f"A word has {SHORTEST} to {LONGEST} letters and digits. Try another.")
    if not re.fullmatch(r"[A-Z0-9]+", word) or not re.search(r"[A-Z]", word):
        raise BadWord("Letters from A to Z and digits, with a letter among them. Try another.")
    if _is_a_code(word):
        raise BadWord("That reads like somebody’s code. Try a word.")
    if is_rude(word):
        raise BadWord("We would not print that on a card. Try another.")
    if any(each in fold(word) for each in (*RESERVED, normalized(house))):
        raise BadWord("That sounds as if a house spoke, ours or another. Try a word of your own.")
    return word


def is_rude(text: str) -> bool:
    """Whether anything rude can be read in it, as it stands or with its doubled letters taken once."""
    folded = fold(normalized(text))
    once = _REPEATED.sub(r"\1", folded)
    return any(each in folded or each in once for each in RUDE)


def fold(text: str) -> str:
    return text.upper().translate(_FOLDED)


def note(text: str) -> str:
    """Her words as they are kept, in one paragraph. Raises BadNote."""
    said = " ".join(unicodedata.normalize("NFC", text).split())
    if len(said) > NOTE_LENGTH:
        raise BadNote(f"A note has room for {NOTE_LENGTH} letters; this one has {len(said)}.")
    if _LINK.search(said):
        raise BadNote("A note cannot hold an address or a link. Your own link is beside it anyway.")
    if any(fold(word) in RUDE for word in re.findall(r"[^\W_]+", said)):
        raise BadNote("We would not print that. Put it another way.")
    return said


def _is_a_code(word: str) -> bool:
    try:
        codes.read(word)
    except codes.NotACode:
        return False
    return True
