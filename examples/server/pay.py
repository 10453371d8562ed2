"""A program that requests a payment in a user's name with its API key, and waits until it is paid.

    PAYMENTS_URL=https://payments.example PAYMENTS_API_KEY=... python3 pay.py USER_ID PROPERTY_ID

Needs Python 3.10 and no package.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

URL = os.environ.get("PAYMENTS_URL", "http://127.0.0.1:8120")
GIVE_UP_AFTER_SECONDS = 60
OUTCOME_WITHIN_SECONDS = 600


class PaymentError(Exception):
    """A refusal, or no answer in time. `code` is one that docs/errors.md lists."""

    def __init__(self, code, detail):
        super().__init__(f"{code}: {detail}")
        self.code = code


def api_key_headers(method, url, body):
    return {"x-api-key": os.environ.get("PAYMENTS_API_KEY", "")}


def call(method, path, body=None, headers_for=api_key_headers):
    """Sends a request and returns the JSON of the answer.

    It repeats itself when the network fails, on 429, on 5xx and on a conflict that names when it ends: after as many
    seconds as `Retry-After` says, else after one, doubling to 30. A request with an effect must carry its id in `body`.
    """
    url = URL + path
    data = None if body is None else json.dumps(body).encode()
    # A clock that nobody corrects.
    end = time.monotonic() + GIVE_UP_AFTER_SECONDS
    backoff = 1
    while True:
        headers = {"content-type": "application/json", **headers_for(method, url, data or b"")}
        request = urllib.request.Request(url, data=data, headers=headers, method=method)
        wait = None
        try:
            with urllib.request.urlopen(request, timeout=35) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refusal:
            error = problem_of(refusal)
            retry_after = refusal.headers.get("retry-after") or ""
            wait = int(retry_after) if retry_after.isdigit() else None
            if not is_worth_repeating(refusal.code, error.code, wait):
                raise error from None
        except (OSError, ValueError) as failure:
            error = PaymentError("no_answer", str(failure))
        if wait is None:
            wait, backoff = backoff, min(30, backoff * 2)
        if time.monotonic() + wait > end:
            raise error
        time.sleep(wait)


def is_worth_repeating(status, code, retry_after):
    if status == 409:
        return retry_after is not None
    return status == 429 or (status >= 500 and code != "internal_error")


def problem_of(refusal):
    try:
        body = json.load(refusal)
        return PaymentError(body["code"], body["detail"])
    except (OSError, ValueError, KeyError, TypeError):
        return PaymentError("answer_unknown", f"HTTP {refusal.code}")


def initiate(user_id, property_id, prefix="/api/v1", headers_for=api_key_headers):
    """Requests the payment of a fee. Every repetition has the same request_id, so there is only one payment."""
    body = {"request_id": str(uuid.uuid4()), "user_id": user_id, "property_id": property_id}
    return call("POST", f"{prefix}/payments/initiate", body, headers_for)


def wait_for_outcome(payment_id, prefix="/api/v1", headers_for=api_key_headers):
    """Asks until the payment is settled: SUCCESS, FAILED, CANCELLED, EXPIRED, or REVIEW (a person decides)."""
    end = time.monotonic() + OUTCOME_WITHIN_SECONDS
    while time.monotonic() < end:
        payment = call("GET", f"{prefix}/payments/{payment_id}/status", headers_for=headers_for)
        if payment["state"] not in ("CREATED", "PENDING"):
            return payment
        time.sleep(payment["retry_after"] or 15)
    raise PaymentError("still_pending", "The payment has no outcome yet.")


def pay(**access):
    user_id, property_id = sys.argv[1:3]
    payment = initiate(user_id, property_id, **access)
    print(f"pay here: {payment['checkout_url']}", flush=True)
    outcome = wait_for_outcome(payment["id"], **access)
    print(f"{outcome['state']}: {outcome['amount']} {outcome['currency']}")
    return 0 if outcome["state"] == "SUCCESS" else 1


if __name__ == "__main__":
    try:
        sys.exit(pay())
    except PaymentError as error:
        sys.exit(str(error))
