"""The same with an AWS signature instead of an API key, for programs that run in AWS.

    PAYMENTS_URL=https://... AWS_REGION=... AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=... \
        python3 signed.py USER_ID PROPERTY_ID

Needs Python 3.10 and no package; pay.py lies beside it.
"""

import hashlib
import hmac
import os
import sys
from datetime import datetime, timezone
from urllib.parse import parse_qsl, quote, urlsplit

from pay import PaymentError, pay

REGION = os.environ.get("AWS_REGION", "eu-west-1")
KEY_ID = os.environ.get("AWS_ACCESS_KEY_ID", "")
SECRET = os.environ.get("AWS_SECRET_ACCESS_KEY", "")
SESSION_TOKEN = os.environ.get("AWS_SESSION_TOKEN")


def signature_headers(method, url, body):
    """Signs a request with AWS Signature Version 4. Each attempt needs a new one."""
    parts = urlsplit(url)
    date = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{date[:8]}/{REGION}/execute-api/aws4_request"
    signed = {"host": parts.netloc, "x-amz-date": date}
    if SESSION_TOKEN:
        signed["x-amz-security-token"] = SESSION_TOKEN
    names = ";".join(signed)
    query = sorted(f"{encoded(name)}={encoded(value)}" for name, value in parse_qsl(parts.query, True))
    lines = [f"{name}:{value}" for name, value in signed.items()]
    request = "\n".join([method, parts.path, "&".join(query), *lines, "", names, sha256(body)])
    to_sign = "\n".join(["AWS4-HMAC-SHA256", date, scope, sha256(request.encode())])
    key = f"AWS4{SECRET}".encode()
    for part in scope.split("/"):
        key = hmac_of(key, part)
    credential = f"AWS4-HMAC-SHA256 Credential={KEY_ID}/{scope}"
    authorization = f"{credential}, SignedHeaders={names}, Signature={hmac_of(key, to_sign).hex()}"
    return {**signed, "authorization": authorization}


def encoded(text):
    return quote(text, safe="-_.~")


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def hmac_of(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


if __name__ == "__main__":
    try:
        sys.exit(pay(prefix="/internal/v1", headers_for=signature_headers))
    except PaymentError as error:
        sys.exit(str(error))
