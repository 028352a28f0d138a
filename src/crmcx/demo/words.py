"""The small invented lists that the demo's people and their words are made of; none of them is a real person."""

from __future__ import annotations

GIVEN = {
    "de": (
        "Anna", "Björn", "Clara", "Dörte", "Emil", "Franziska", "Götz", "Hanna", "Ingo", "Jörg", "Käthe", "Lukas",
        "Mareike", "Nils", "Özlem", "Paula", "Ruth", "Sören", "Theresa", "Ulf", "Vera", "Wiebke", "Yasmin", "Zoë",
    ),
    "en": (
        "Amy", "Brian", "Chloe", "Dylan", "Edith", "Fergus", "Grace", "Harvey", "Imogen", "Jack", "Keira", "Liam",
        "Maeve", "Noel", "Olive", "Percy", "Renée", "Sian", "Toby", "Una", "Victor", "Wendy", "Xavier", "Zara",
    ),
}  # fmt: skip
"""Given names by language."""
FAMILY = {
    "de": (
        "Ackerhoff", "Böllinger", "Dämmrich", "Eschenau", "Fährland", "Grünwasser", "Hölzinger", "Immenroth",
        "Jägersfeld", "Kollwegen", "Lüttmoor", "Mühlbrecht", "Nordstieg", "Öhrlander", "Pöschwitz", "Quellmann",
        "Rübenthal", "Süderbruch", "Tannwirth", "Ünzelmann", "Vossgarten", "Weißhaupter", "Zöllensee", "Kaltenbüttel",
    ),
    "en": (
        "Ashgrove", "Birchwell", "Coldstow", "Dunmarsh", "Elmswick", "Fernhollow", "Greycombe", "Hartsmere",
        "Inglewick", "Kestrelby", "Larkwood", "Mossbank", "Netherley", "Oakhurst-Finn", "O'Tarrow", "Quillfield",
        "Ravensworth", "Stonebeck", "Thornleigh", "Underhay", "Vinecroft", "Wetherdale", "Yarrowby", "Copperthwaite",
    ),
}  # fmt: skip
"""Family names by language."""
STREETS = ("Lindenweg", "Mühlgasse", "Am Alten Hafen", "Schloßallee", "Birkenstraße", "Zum Grünen Tor", "Postplatz")
"""Street names."""
TOWNS = (("10999", "Neu Birkental"), ("20999", "Möwenhafen"), ("50999", "Kirchbrück"), ("80999", "Föhrenau"))
"""Invented towns with a postcode."""
PHONE_RANGES = ("030 23125", "040 66969", "069 90009", "089 99998")
"""Ranges of numbers that are kept free for film and fiction in Germany; three digits follow."""
ADVISERS = ("R. Ahrweiler", "S. Bäumler", "T. Czerny", "U. Dorn", "V. Ebersfeld", "W. Fuchsloch")
"""Employees who look after customers and deals."""

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
        "high": ("Schnell, freundlich, verständlich.", "Sehr gute Beratung, danke!"),
    },
}
"""What people write in a survey, by language and mood."""
