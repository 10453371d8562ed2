"""Writes ids.json, the ids of payments under a public namespace and stage. It shares no code with the service."""

import hashlib
import json
import pathlib
import uuid

NAMESPACE = "public-test-namespace"
TX_STAGE = "public-test-stage"
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

FEES = [
    ("6f1d2f0e-54a1-4c7e-9d54-0d6a4b0f1c11", "0b0a7c1e-3c1f-4f27-8a52-6f2f5f0f7a22", "listing_fee", 0),
    ("6f1d2f0e-54a1-4c7e-9d54-0d6a4b0f1c11", "0b0a7c1e-3c1f-4f27-8a52-6f2f5f0f7a22", "listing_fee", 1),
    ("00000000-0000-4000-8000-000000000000", "ffffffff-ffff-4fff-bfff-ffffffffffff", "boost", 0),
]
REQUESTS = [("6f1d2f0e-54a1-4c7e-9d54-0d6a4b0f1c11", text) for text in ("7d0e0e6a-5a7f-4f0e-9b1f-0d8e7f3c2b10", "አበበ")]
ATTEMPTS = (0, 1, 33, 1023)


def sha256(parts):
    text = json.dumps(parts, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).digest()


def first_bits(digest, count):
    return int.from_bytes(digest, "big") >> (8 * len(digest) - count)


def base32(number, length):
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(length)))


def checked(text, stage=TX_STAGE):
    return text + base32(first_bits(sha256([stage, "tx/1", text]), 10), 2)


def payment_id(ref):
    number = 0
    for character in ref:
        number = number << 5 | ALPHABET.index(character)
    bits = f"{number:080b}{first_bits(hashlib.sha256(ref.encode()).digest(), 42):042b}"
    return str(uuid.UUID(int=int(f"{bits[:48]}0100{bits[48:60]}10{bits[60:]}", 2)))


def fee(user_id, property_id, purpose, serial):
    ref = base32(first_bits(sha256([NAMESPACE, "fee/1", user_id, property_id, purpose, serial]), 80), 16)
    tx_refs = {str(attempt): checked(ref + base32(attempt, 2)) for attempt in ATTEMPTS}
    named = {"user_id": user_id, "property_id": property_id, "purpose": purpose, "serial": serial}
    return {**named, "ref": ref, "payment_id": payment_id(ref), "tx_refs": tx_refs}


def request(user_id, request_id):
    digest = sha256([NAMESPACE, "request/1", user_id, request_id])
    return {"user_id": user_id, "request_id": request_id, "hash": digest.hex()}


def foreign(text, why):
    assert checked(text[:18]) != text, text
    return {"text": text, "why": why}


def main():
    fees = [fee(*names) for names in FEES]
    known = fees[0]["tx_refs"]["0"]
    mistyped = known[:15] + ("0" if known[15] != "0" else "1") + known[16:]
    vectors = {
        "about": "Ids of payments, computed with a public namespace and a public stage. ref = first 80 bits of SHA-256 over "
        'the UTF-8 JSON of [namespace, "fee/1", user_id, property_id, purpose, serial] in Crockford base32; payment_id = a '
        "UUID of version 4 shape from the 80 bits of the ref and the first 42 bits of SHA-256(ref); tx_ref = ref, two base32 "
        "characters of the attempt, and two base32 characters of the first 10 bits of SHA-256 over the JSON of "
        '[tx_stage, "tx/1", the 18 characters before]; request = SHA-256 over the JSON of '
        '[namespace, "request/1", user_id, request_id] in hexadecimal. `foreign` holds texts that are no reference of this '
        "stage.",
        "namespace": NAMESPACE,
        "tx_stage": TX_STAGE,
        "fees": fees,
        "requests": [request(*names) for names in REQUESTS],
        "foreign": [
            foreign("20261127134500123456", "another program's date and number"),
            foreign("20261127134500123457", "its next number"),
            foreign("00000000000000000000", "zeros"),
            foreign(checked(known[:18], "public-test-stage-2"), "of another stage"),
            foreign(mistyped, "one character changed"),
            foreign(known.lower(), "small letters"),
            foreign(known[:19], "one character short"),
        ],
    }
    path = pathlib.Path(__file__).with_name("ids.json")
    path.write_text(json.dumps(vectors, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


main()
