"""The trade's vocabulary and measures: shapes, grades, millimeter laws, ring sizes. Values in, values out.

Lists run from the best to the plainest, so that the worse of two grades is the later one. The laws and medians
were fitted to 22,439 listed stones; a stone's own report always wins over them.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

SHAPES = (
    "round", "oval", "cushion", "princess", "emerald", "asscher", "radiant", "pear", "marquise", "heart",
)  # fmt: skip
COLORS = tuple("DEFGHIJKLMNOPQRSTUVWXYZ")
CLARITIES = (
    "FL", "IF", "VVS1", "VVS2", "VS1", "VS2", "SI1", "SI2", "SI3", "I1", "I2", "I3",
)  # fmt: skip
GRADES = ("ideal", "excellent", "very_good", "good", "fair", "poor")
FLUORESCENCES = ("none", "faint", "medium", "strong", "very_strong")
HUES = (
    "yellow", "pink", "blue", "green", "orange", "red", "purple", "violet", "brown", "gray", "black", "white",
)  # fmt: skip
INTENSITIES = (
    "faint", "very_light", "light", "fancy_light", "fancy", "fancy_intense", "fancy_vivid", "fancy_dark", "fancy_deep",
)  # fmt: skip
LABS = ("GIA", "IGI", "AGS", "HRD", "GCAL", "GSI", "EGL")

GRADE_LABELS = {grade: grade.replace("_", " ").capitalize() for grade in GRADES}
FLUORESCENCE_LABELS = {grade: grade.replace("_", " ").capitalize() for grade in FLUORESCENCES}


# What suppliers write. `R` is missing on purpose: one feed means radiant by it and another round, so it
# belongs into a supplier's own aliases.

_SHAPE_WORDS = {
    "round": "round,round brilliant,b,br,rb,rd,rbc,rnd",
    "princess": "princess,prn,pr,prin,pn,pc,mdsqb,smb,pri,square modified brilliant,modified princess",
    "emerald": "emerald,e,em,ec,emerald cut,rectangular emerald",
    "asscher": "asscher,a,as,ac,ash,css,cssc,sqem,sq emerald,square emerald,square emerald cut",
    "cushion": (
        "cushion,c,cb,cu,cus,cux,cmb,crc,csc,cx,rcsb,scmb,scx,cushion modified,cushion brilliant,"
        "cushion modified brilliant,square cushion,cushion square,long cushion,rectangular cushion"
    ),
    "oval": "oval,o,ov,omb,oval brilliant",
    "pear": "pear,p,ps,psh,pb,pmb,pear shape,pear brilliant",
    "marquise": "marquise,m,mq,mqb,marquise brilliant",
    "radiant": (
        "radiant,ra,rad,rc,rdn,crb,rcrb,square radiant,"
        "cut cornered rectangular modified brilliant,cut cornered square modified brilliant"
    ),
    "heart": "heart,h,hs,ht,mhrc,heart shape,heart brilliant",
}
_CUT_GRADE_WORDS = {
    "ideal": "ideal,i,id",
    "excellent": "excellent,ex,x,e,exc",
    "very_good": "very good,vg,gv,v good",
    "good": "good,g,gd",
    "fair": "fair,f,fr",
    "poor": "poor,p,pr",
}
_FLUORESCENCE_WORDS = {
    "none": "none,n,non,nn,ng,neg,nil,negligible,inert",
    "faint": "faint,f,fnt,ft,fb,very slight,slight,vsl,vslg,sl,slt",
    "medium": "medium,m,md,med,mb,med b,m b",
    "strong": "strong,s,st,stg,str,sb,stg b,str b,st b,s b",
    "very_strong": "very strong,vs,vst,vstb,vstg,vsb,vst b,vs b",
}
_LAB_WORDS = {
    "GIA": "gia",
    "IGI": "igi",
    "AGS": "ags,agsl",
    "HRD": "hrd",
    "GCAL": "gcal",
    "GSI": "gsi",
    "EGL": "egl,eglusa,egl usa,egl israel,eglla,egli,egl international,egl intl,egl south africa,egl la",
}


def _spellings(words: Mapping[str, str]) -> dict[str, str]:
    return {spelling: value for value, text in words.items() for spelling in text.split(",")}


SPELLINGS: dict[str, dict[str, str]] = {
    "shape": _spellings(_SHAPE_WORDS),
    "color": {color.lower(): color for color in COLORS},
    "clarity": {clarity.lower(): clarity for clarity in CLARITIES} | {"lc": "IF"},
    "cut": _spellings(_CUT_GRADE_WORDS),
    "fluorescence": _spellings(_FLUORESCENCE_WORDS),
    "lab": _spellings(_LAB_WORDS),
}
SPELLINGS["polish"] = SPELLINGS["symmetry"] = SPELLINGS["cut"]
_ORDERS: dict[str, Sequence[str]] = {
    "color": COLORS,
    "clarity": CLARITIES,
    "cut": GRADES,
    "polish": GRADES,
    "symmetry": GRADES,
    "fluorescence": FLUORESCENCES,
}
_HUES = re.compile(r"\b(blue|bluish|yellow|white|green|orange|red)\b")


class UnknownWord(ValueError):
    """A supplier's word that is in neither its own aliases nor the trade's."""

    def __init__(self, *, field: str, text: str) -> None:
        super().__init__(f"{field} {text!r} is unknown; add it to the supplier's aliases")
        self.field, self.text = field, text


def spelled(text: str) -> str:
    """The form in which spellings are compared: lower case, one space, no dots or underscores."""
    return " ".join(re.sub(r"[._]", " ", text.lower()).split())


def read(*, field: str, text: str, own: Mapping[str, str]) -> str:
    """Our word for a supplier's, or "" for a blank; raises `UnknownWord`, never guesses.

    `own` are the supplier's aliases of this field, already `spelled`; they come first. Of a composite
    grade such as G-VG the worse counts.
    """
    key = spelled(text)
    if not key or key in {"-", "--"}:
        return ""
    known = SPELLINGS[field]
    for candidate in (key, _without_hue(key) if field == "fluorescence" else key, key.rstrip("+ ")):
        if found := own.get(candidate) or known.get(candidate):
            return found
    if field in _ORDERS:
        parts = [part.strip() for part in re.split(r"[-/]|\bto\b", key)]
        grades = [own.get(part) or known.get(part) for part in parts]
        if len(grades) == 2 and all(grades):
            return max((grade for grade in grades if grade), key=_ORDERS[field].index)
    raise UnknownWord(field=field, text=text.strip())


def _without_hue(key: str) -> str:
    return " ".join(_HUES.sub("", key).split())


# Millimeters.


@dataclass(frozen=True, kw_only=True)
class Law:
    """Of one shape. Width and length at 1 ct and their exponents; carat = volume × length × width × depth.

    `below` is the part of the depth that lies under the girdle's middle. Percentages and angles are medians; where a
    lab publishes no crown angle for a shape, the cutters' usual one.
    """

    width: float
    width_power: float
    length: float
    length_power: float
    volume: float
    below: float
    depth_pct: float
    table_pct: float
    crown_angle: float
    pavilion_angle: float
    girdle_pct: float = 3.5


LAWS = {
    "round": Law(
        width=6.38, width_power=0.333, length=6.42, length_power=0.332, volume=0.00616, below=0.73,
        depth_pct=61.9, table_pct=58, crown_angle=35.0, pavilion_angle=41.0,
    ),
    "oval": Law(
        width=5.58, width_power=0.320, length=7.79, length_power=0.330, volume=0.00664, below=0.74,
        depth_pct=62.6, table_pct=58, crown_angle=35.0, pavilion_angle=39.5,
    ),
    "cushion": Law(
        width=5.45, width_power=0.326, length=5.97, length_power=0.318, volume=0.00845, below=0.80,
        depth_pct=68.6, table_pct=62, crown_angle=33.0, pavilion_angle=38.4,
    ),
    "princess": Law(
        width=5.39, width_power=0.337, length=5.54, length_power=0.335, volume=0.00849, below=0.86,
        depth_pct=73.0, table_pct=72, crown_angle=32.0, pavilion_angle=39.8,
    ),
    "emerald": Law(
        width=5.01, width_power=0.349, length=6.37, length_power=0.302, volume=0.00927, below=0.84,
        depth_pct=67.9, table_pct=65, crown_angle=27.0, pavilion_angle=55.4,
    ),
    "asscher": Law(
        width=5.40, width_power=0.341, length=5.51, length_power=0.341, volume=0.00908, below=0.84,
        depth_pct=68.7, table_pct=65, crown_angle=26.4, pavilion_angle=58.0,
    ),
    "radiant": Law(
        width=5.21, width_power=0.338, length=6.23, length_power=0.313, volume=0.00872, below=0.80,
        depth_pct=68.8, table_pct=67, crown_angle=36.0, pavilion_angle=36.3,
    ),
    "pear": Law(
        width=5.59, width_power=0.333, length=8.58, length_power=0.343, volume=0.00607, below=0.75,
        depth_pct=61.4, table_pct=58, crown_angle=33.8, pavilion_angle=42.1,
    ),
    "marquise": Law(
        width=5.10, width_power=0.296, length=9.82, length_power=0.324, volume=0.00597, below=0.74,
        depth_pct=63.1, table_pct=57, crown_angle=35.0, pavilion_angle=40.3,
    ),
    "heart": Law(
        width=6.25, width_power=0.344, length=6.98, length_power=0.331, volume=0.00601, below=0.74,
        depth_pct=56.3, table_pct=58, crown_angle=32.0, pavilion_angle=39.2,
    ),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Millimeters:
    length: float
    width: float


def expected_mm(*, shape: str, carat: float) -> Millimeters:
    """How large a stone of this weight usually is from above."""
    law = LAWS[shape]
    return Millimeters(
        length=law.length * carat**law.length_power, width=law.width * carat**law.width_power
    )


def faces_up_like(*, shape: str, length_mm: float, width_mm: float) -> float:
    """The carat whose usual outline has this stone's area: the laws' inverse."""
    law = LAWS[shape]
    area = length_mm * width_mm / (law.length * law.width)
    return float(area ** (1 / (law.length_power + law.width_power)))


def carat_of_width(*, shape: str, width_mm: float) -> float:
    """The usual weight at this width."""
    law = LAWS[shape]
    return float((width_mm / law.width) ** (1 / law.width_power))


def carat_of_length(*, shape: str, length_mm: float) -> float:
    """The usual weight at this length."""
    law = LAWS[shape]
    return float((length_mm / law.length) ** (1 / law.length_power))


# Ring sizes. A US size is a number in halves; inside, the ring is a circle.

PI = Decimal(str(math.pi))
_UK_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# BS 6820: around size A, and from letter to letter.
UK_START_MM, UK_STEP_MM = Decimal("37.8"), Decimal("1.25")


def inner_diameter_mm(us_size: Decimal) -> Decimal:
    return Decimal("11.63") + Decimal("0.8128") * us_size


def inner_circumference_mm(us_size: Decimal) -> Decimal:
    return inner_diameter_mm(us_size) * PI


def size_systems(us_size: Decimal) -> dict[str, str]:
    """The size as it is said in the US ("6½"), the UK ("L½") and Europe ("52", ISO 8653).

    A UK size between two is the larger: a ring that passes the knuckle.
    """
    around = inner_circumference_mm(us_size)
    steps = (around - UK_START_MM) / UK_STEP_MM * 2
    halves = int(steps.to_integral_value(rounding=ROUND_CEILING))
    beyond = max(halves // 2 - 25, 0)  # the letters go on as Z+1, Z+2
    letter = _UK_LETTERS[min(max(halves // 2, 0), 25)] + (f"+{beyond}" if beyond else "")
    return {
        "us": in_halves(us_size),
        "uk": letter + ("½" if halves % 2 else ""),
        "eu": str(around.quantize(Decimal(1), rounding=ROUND_HALF_UP)),
    }


def in_halves(us_size: Decimal) -> str:
    """6.5 is said "6½"."""
    whole, fraction = divmod(us_size, 1)
    return f"{int(whole)}{'½' if fraction else ''}"
