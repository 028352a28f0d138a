"""The invented lists that the demo's people and their words are made of; none of them is a real person."""

from __future__ import annotations

NICKNAMES = {
    "Katharina": "Kathi", "Alexander": "Alex", "Elisabeth": "Lisa", "Maximilian": "Max", "Franziska": "Franzi",
    "Sebastian": "Basti", "Susanne": "Susi", "Andreas": "Andi", "Gabriele": "Gabi", "Matthias": "Matze",
    "Theresa": "Resi", "Johannes": "Hannes", "Christiane": "Chris", "Wolfgang": "Wolfi", "Mareike": "Mareile",
    "William": "Bill", "Elizabeth": "Liz", "Robert": "Bob", "Margaret": "Peggy", "Thomas": "Tom",
    "Jennifer": "Jenny", "Benjamin": "Ben", "Katherine": "Kate", "Samuel": "Sam", "Victoria": "Vicky",
    "Edward": "Ted", "Susannah": "Sue", "Richard": "Dick", "Imogen": "Immy", "Harvey": "Harv",
}  # fmt: skip
"""Short forms of given names, under which friends and some clerks know a person."""
GIVEN = {
    "de": (
        "Katharina", "Alexander", "Elisabeth", "Maximilian", "Franziska", "Sebastian", "Susanne", "Andreas",
        "Gabriele", "Matthias", "Theresa", "Johannes", "Christiane", "Wolfgang", "Mareike",
        "Anna", "Björn", "Clara", "Dörte", "Emil", "Götz", "Hanna", "Ingo", "Jörg", "Käthe", "Lukas", "Nils", "Özlem",
        "Paula", "Ruth", "Sören", "Ulf", "Vera", "Wiebke", "Yasmin", "Zoë",
    ),
    "en": (
        "William", "Elizabeth", "Robert", "Margaret", "Thomas", "Jennifer", "Benjamin", "Katherine", "Samuel",
        "Victoria", "Edward", "Susannah", "Richard", "Imogen", "Harvey",
        "Amy", "Brian", "Chloe", "Dylan", "Edith", "Fergus", "Grace", "Jack", "Keira", "Liam", "Maeve", "Noel", "Olive",
        "Percy", "Renée", "Sian", "Toby", "Una", "Wendy", "Xavier", "Zara",
    ),
}  # fmt: skip
"""Given names by language, the common ones first."""
_STEMS = {
    "de": (
        "Acker", "Böllin", "Dämm", "Eschen", "Fähr", "Grün", "Hölzin", "Immen", "Jägers", "Koll", "Lütt", "Mühl",
        "Nord", "Pösch", "Quell", "Rüben", "Süder", "Tann", "Ünzel", "Voss", "Weiß", "Zöllen", "Kalten", "Ried",
    ),
    "en": (
        "Ash", "Birch", "Cold", "Dun", "Elms", "Fern", "Grey", "Harts", "Ingle", "Kestrel", "Lark", "Moss", "Nether",
        "Quill", "Ravens", "Stone", "Thorn", "Under", "Vine", "Wether", "Yarrow", "Copper", "Marl", "Oaken",
    ),
}  # fmt: skip
_ENDS = {
    "de": ("wasser", "roth", "moor", "brecht", "stieg", "lander", "thal", "bruch", "garten", "büttel"),
    "en": ("grove", "well", "stow", "marsh", "wick", "hollow", "combe", "mere", "bank", "thwaite"),
}
FAMILY = {
    "de": ("Öhrlander", "Pöschwitz", *(stem + end for end in _ENDS["de"] for stem in _STEMS["de"])),
    "en": ("O'Tarrow", "Oakhurst-Finn", *(stem + end for end in _ENDS["en"] for stem in _STEMS["en"])),
}
"""Family names by language, the common ones first."""
STREETS = ("Lindenweg", "Mühlgasse", "Am Alten Hafen", "Schloßallee", "Birkenstraße", "Zum Grünen Tor", "Postplatz")
"""Street names."""
TOWNS = (("10999", "Neu Birkental"), ("20999", "Möwenhafen"), ("50999", "Kirchbrück"), ("80999", "Föhrenau"))
"""Invented towns with a postcode."""
LANDLINES = ("030 23125", "040 66969", "069 90009", "089 99998")
"""Ranges of numbers that are kept free for film and fiction in Germany; six digits follow, more than a real one has."""
MOBILE = "0176 0"
"""What mobile numbers begin with; seven digits follow. The ranges kept free for fiction hold a few hundred numbers,
too few for a bank; no number of this network begins with 0 but one of those ranges."""
ADVISERS = ("R. Ahrweiler", "S. Bäumler", "T. Czerny", "U. Dorn", "V. Ebersfeld", "W. Fuchsloch")
"""Employees who look after customers and deals."""
MAIL_HOSTS = ("mail.example", "post.example", "inbox.example", "web.example")
"""Hosts of private mailboxes; no name under .example is ever registered."""
COMPANIES = (
    "birkental-bau.example", "moewen-reederei.example", "kirchbrueck-klinik.example", "foehren-logistik.example",
    "greycombe-tools.example", "larkmere-books.example", "nordstieg-druck.example", "quillwell-design.example",
)  # fmt: skip
"""Hosts of invented employers."""
PLACEHOLDER_MAILS = ("noreply@bank.example", "test@test.example", "unbekannt@mail.example", "keine@angabe.example")
"""What is typed where a form demands an address and nobody knows one."""
PLACEHOLDER_PHONE = "000000"
"""What is typed where a form demands a number."""

COMMENTS = {
    "en": {
        "low": (
            "Too many forms, and nobody could tell me why.",
            "I had to explain my case three times; the branch did not see my loan.",
            'They said "two days" and it took two weeks.',
        ),
        "middle": ("It was fine.", "Good rates, slow website.\nPlease fix the upload."),
        "high": ("Quick, friendly, clear.", "Great advice \N{EM DASH} thank you! \N{THUMBS UP SIGN}"),
    },
    "de": {
        "low": (
            "Zu viele Formulare, und niemand konnte mir sagen, wofür.",
            "Ich musste alles dreimal erklären; die Filiale kannte meinen Kredit nicht.",
            "Angekündigt waren „zwei Tage“, gedauert hat es zwei Wochen.",
        ),
        "middle": ("War in Ordnung.", "Gute Zinsen, langsame Seite.\nBitte das Hochladen verbessern."),
        "high": ("Schnell, freundlich, verständlich.", "Sehr gute Beratung; danke!"),
    },
}
"""What people write in a survey, by language and mood."""
