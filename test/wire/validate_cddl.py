"""Validates each vector that names a rule of boardlet.cddl: those with `expect` must match it, those with `error` must not.
Every positive vector must also be what cddl-verifier's own encoder writes in the core deterministic profile."""

import json
import sys
from pathlib import Path

from cddl_verifier import Validator
from cddl_verifier.cbor import decode, encode

REPOSITORY = Path(__file__).resolve().parents[2]
CDDL = REPOSITORY / "adapters" / "wire" / "boardlet.cddl"
VECTORS = REPOSITORY / "test" / "vectors"


def faults(validator, vector):
    """What is wrong with a vector, as a list of texts."""
    data = bytes.fromhex(vector["hex"])
    good = "error" not in vector
    found = []
    if "cddl" in vector:
        result = validator.validate(data, root_type=vector["cddl"])
        if result.valid != good:
            found.append(str([item.message for item in result.diagnostics][:1]) if good else "accepted")
    if good and encode(decode(data), canonical=True) != data:
        found.append("not deterministic")
    return found


def main():
    validator = Validator(CDDL)
    judged = {True: 0, False: 0}
    wrong = 0
    for path in sorted(VECTORS.glob("*.json")):
        for vector in json.loads(path.read_text(encoding="utf-8"))["vectors"]:
            judged["error" not in vector] += "cddl" in vector
            for fault in faults(validator, vector):
                wrong += 1
                print(f"{path.name}: {vector['name']}: {fault}", file=sys.stderr)
    print(f"{judged[True]} vectors match boardlet.cddl, {judged[False]} near misses do not; {wrong} wrong")
    return 0 if wrong == 0 and judged[True] > 0 and judged[False] > 0 else 1


sys.exit(main())
