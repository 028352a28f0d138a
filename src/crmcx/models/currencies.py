"""The currencies there are: ISO 4217 codes in use, and those withdrawn since 1999, which old records still carry.

Funds, metals, the code for testing and XXX, for no currency, are left out.

Source: ISO 4217, lists one (in use) and three (withdrawn). Those in use were compared on 2026-11-25 with the package
iso-codes 4.15 of Debian, which is older than XCG and ZWG and still has ANG, BGN, CUC, HRK, SLL and ZWL in use.
"""

from __future__ import annotations

IN_USE = frozenset(
    """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLF
    CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL
    HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD
    MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG
    QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD
    TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
    """.split()  # noqa: SIM905 - a list of its codes takes a line each
)
"""Codes of currencies in use."""
WITHDRAWN = frozenset(
    """
    AFA ANG AOR ATS AZM BEF BGN BYB BYR CSD CUC CYP DEM ECS EEK ESP FIM FRF GHC GRD GWP HRK IEP ITL LTL LUF LVL
    MGF MRO MTL MZM NLG PTE ROL RUR SDD SIT SKK SLL SRG STD TJR TMM TPE TRL VEB VED VEF XEU YUM ZMK ZRN ZWD ZWL
    ZWN ZWR
    """.split()  # noqa: SIM905 - a list of its codes takes a line each
)
"""Codes of currencies withdrawn since 1999."""
CURRENCIES = IN_USE | WITHDRAWN
"""All of them."""
