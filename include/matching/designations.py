"""What exchanges write behind an issuer's name about its security, told apart from the name."""

import polars as pl

_CURRENCY = (
    "dl|eo|ls|sf|sk|nk|dk|hd|sd|ad|cd|nd|yn|yc|ta|rc|ic|rp|zy|pf|mr|tn|wn|bp|rl|il|ry|hk|uah|ngn|nis|"
    "usd|eur|gbp|chf|sek|nok|dkk|jpy|pln|cad|aud|hkd|sgd|zar|inr"
)
"""Two letters: the currencies of German securities lists (DL dollar, EO euro, LS pound, SF franc); three: ISO 4217."""
_NUMBER = r"\d+(?:[.,/]\d+)*"

_PATTERNS = (
    # Nominal or par value: "DL-,01", "EO 3,38", "LS-,031111"; what is left of one that was cut off: "DL -", "-,01".
    rf"[ .,](?:{_CURRENCY}|s\$|is)\s*[-.,]*\s*[-.,]*{_NUMBER}(?:\s*p)?$|(?:\.|\b)(?:{_CURRENCY})\s*-\s*$"
    rf"|\s-[.,]\d+$|\s\d+/\d+$|\s[$]?\d*[.,]\d{{2,}}$|\s+(?:dl|eo|ls|sf|nk|sk|hd|sd|dk)$",
    # Bearer or registered shares of no par value, in German: "inh o.N.", "NA O.N.", "Namens-Aktien", "konv. o.N.".
    r"[ .](?:inh|na|nam|namens|konv|vink|kon|port|vz|vzo|st)?[ .]*\bo[. ]?n\.?$"
    r"|\b(?:inh|nam|namens|vink|vna|vzo)\.?(?:\s?-?aktien)?$|[ .](?:inh|na|nam)\.?$",
    # Class of share: "Class A", "Cl.B", "Series C", "A shares", "-B", "H".
    r"\b(?:class|cl\.?|series|ser\.?)\s?-?[a-z0-9]{1,2}$|\b[abcdh][ -]{0,3}(?:shares?|shs|ord|aktien?|akt)\.?$"
    r"|-(?:[a-e]|h|s|sw|w|r|wr|u|p)$|\s+[abch]$",
    # Depositary receipts and interests: "Sponsored ADR", "GDR Reg S", "ADR/10", "repr. 2 shares", "144A".
    r"\b(?:(?:un)?(?:sponsored|spons?|sp)?[. ]*\(?)(?:adr|gdr|ads|gds|cdi|cdr|drc|dri|bdr|sdr|nvdr|rts|uts)s?"
    r"(?:\s*/?\s*\d+(?:/\d+)?)?(?:\s*reg ?s)?\)?$|\breg ?s$|\breps?\.? .*$|\b144a$",
    # Kinds of share in words: "Common Stock", "Ordinary Shares", "Pfd", "Subordinate Voting", "NPV".
    r"\b(?:ord(?:inary)?|comm?(?:on)?|pref(?:erred|erence)?|pfd|(?:non-?)?voting|nvtg|subord(?:inate)?(?: vot(?:ing)?)?"
    r"|reg(?:istered)?|bearer|stammaktier?|preferenceaktier?)\.?\s*(?:stocks?|shares?|shs?|stk|units?|npv)?\.?$"
    r"|\b(?:shares?|shs|stk|units?|npv|warrants?)\.?$",
    # Remarks: "(The)", "(publ)", "New", a bracket that was cut off; states and marks of the SEC: "/DE/", "/NEW/".
    r"\(?\bnew\)?\s*$|\((?:the|publ\.?)\)$|\((?:cdi|ord)$|[/\\](?:[a-z]{2,3}|[a-z]{2} inc)[/\\]?$|\s*[,(/ -]+$",
)
_ROUNDS = 3
"""A name carries up to three of them: "HENKEL AG CO.KGAA ADR 4/1", "AMERAN.BANCORP CL.A DL-,1"."""


def without_designations(texts: pl.Series) -> pl.Series:
    """Lower-case ASCII names without what their ends say about a security; what would leave no name is kept."""
    left, rows = texts, pl.int_range(len(texts), eager=True)
    for _ in range(_ROUNDS):
        before = left.gather(rows)
        shorter = before
        for pattern in _PATTERNS:
            cut = shorter.str.replace(pattern, "").str.strip_chars_end(" ,")
            shorter = cut.zip_with(cut.str.len_bytes() >= 2, shorter)
        changed = (shorter != before).arg_true()
        rows = rows.gather(changed)
        left = left.scatter(rows, shorter.gather(changed))
        if not len(rows):
            break
    return left
