"""Phrases in several scripts, with their language; what cannot be seen is written as its escape."""

from __future__ import annotations

PHRASES: tuple[tuple[str, str], ...] = (
    ("en", "Ada Lovelace"),
    ("de", "Frau Müller-Lüdenscheidt, Straße 7"),
    ("fr", "Zoe\u0308 d\u2019Orléans"),  # the two dots are a mark of their own
    ("fr", "Zoë d'Orléans"),  # and here one letter with them
    ("tr", "\u0130stanbul'da \u0131l\u0131k IRMAK"),  # letters whose other case is not what one thinks
    ("vi", "Nguyễn Thị Ngọc Ánh"),
    ("el", "Ελένη Παπαδοπούλου"),
    ("ru", "Ирина Ёлкина, всё хорошо"),
    ("ar", "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645"),
    ("fa", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \u06f1\u06f2\u06f3"),  # a non-joiner, digits of its own
    ("he", "\u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd"),  # with points
    ("he", "\u200f\u05d7\u05e9\u05d1\u05d5\u05df 4711\u200e (IBAN)"),  # with marks of direction
    ("hi", "नमस्ते, क्या हाल है?"),
    ("th", "สวัสดีชาวโลก"),
    ("zh-Hans", "你好,世界"),
    ("ja", "東京都の山田さん、カード"),
    ("ja", "ｶﾀｶﾅ １２３"),  # noqa: RUF001 - half and full width
    ("zh-Hant", "𠮷野家"),  # the first beyond 16 bits
    ("ko", "안녕하세요"),
    ("ko", "\u1112\u1161\u11ab\u1100\u1173\u11af"),  # letters that join to syllables
    ("und", "👩\u200d👩\u200d👧\u200d👦 🏳\ufe0f\u200d🌈 👍🏽 🇩🇪"),  # emoji with joiners, tones and flags
    ("und", "\u202egnp.eliforp\u202c"),  # shown backwards
    ("und", "\ufeffx\u200b\u00a0\u3000y"),  # a byte order mark and spaces of several kinds
    ("und", '"quoted", semi;colon\ttab\r\nline'),
    ("und", "'; DROP TABLE customers; --"),
    ("und", "=1+1"),
    ("und", "NULL"),
    ("und", "NaN"),
    ("und", "007"),
    ("und", "a\0b"),
    ("und", " "),
)
"""BCP 47 tag and words."""
