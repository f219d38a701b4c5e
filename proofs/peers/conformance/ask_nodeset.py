# Answers nodesets with ClusterShell itself: a JSON text a line in, a list of nodes or an error out.
import json
import sys

from ClusterShell.NodeSet import NodeSet
from ClusterShell.NodeUtils import GroupResolver, YAMLGroupLoader

resolver = None
if len(sys.argv) > 1:
    sources = list(YAMLGroupLoader(sys.argv[1]))
    local = [s for s in sources if s.name == "local"][0]
    resolver = GroupResolver(local)
    for source in sources:
        if source.name != "local":
            resolver.add_source(source)

for line in sys.stdin:
    text = json.loads(line)
    try:
        print(json.dumps({"nodes": sorted(NodeSet(text, resolver=resolver))}))
    except Exception as e:
        print(json.dumps({"error": "%s: %s" % (type(e).__name__, e)}))
