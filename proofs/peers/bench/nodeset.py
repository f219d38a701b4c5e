# Reads three folded nodesets a, b and c, one a line, and prints as JSON how long ClusterShell takes
# for (a | b) - c, for its folded text, and for both from text: the least of three runs.
import json
import sys
import time

from ClusterShell.NodeSet import NodeSet


def least(f):
    best = float("inf")
    for _ in range(3):
        began = time.perf_counter()
        result = f()
        best = min(best, time.perf_counter() - began)
    return best, result


texts = [line.strip() for line in sys.stdin]
a, b, c = (NodeSet(text) for text in texts)
algebra, result = least(lambda: (a | b) - c)
# A copy each time: a NodeSet remembers how it was folded.
fold, folded = least(lambda: str(result.copy()))
text, _ = least(lambda: str((NodeSet(texts[0]) | NodeSet(texts[1])) - NodeSet(texts[2])))
print(json.dumps({"Algebra": algebra, "Fold": fold, "Text": text, "Count": len(result), "Folded": folded}))
