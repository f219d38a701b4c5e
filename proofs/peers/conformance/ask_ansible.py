# Answers host patterns with Ansible itself. A line in: {"inventory": file, "patterns": [...]}; a
# line out: its groups, each host's variables as ansible-inventory has them, and for each
# pattern the hosts with unknown names left out, and whether there were such names.
import json
import os
import sys

os.environ["ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED"] = "True"
from ansible import constants as C
from ansible.inventory.manager import InventoryManager
from ansible.parsing.ajson import AnsibleJSONEncoder
from ansible.parsing.dataloader import DataLoader
from ansible.utils.display import Display
from ansible.vars.manager import VariableManager

Display.warning = lambda *args, **kwargs: None
C.HOST_PATTERN_MISMATCH = "error"


def names(inventory, pattern):
    return [h.name for h in inventory.get_hosts(pattern)]


for line in sys.stdin:
    question = json.loads(line)
    answer = {"groups": {}, "vars": {}, "patterns": []}
    try:
        loader = DataLoader()
        inventory = InventoryManager(loader=loader, sources=[question["inventory"]])
        if not inventory.hosts:
            raise Exception("no hosts")
    except Exception as e:
        print(json.dumps({"error": str(e)}))
        continue
    variables = VariableManager(loader=loader, inventory=inventory)
    for name, group in inventory.groups.items():
        answer["groups"][name] = [h.name for h in group.get_hosts()]
    internal = ("inventory_file", "inventory_dir", "inventory_hostname", "inventory_hostname_short", "group_names", "groups", "omit", "playbook_dir")
    for name, host in inventory.hosts.items():
        values = variables.get_vars(host=host, include_hostvars=False, stage="all")
        answer["vars"][name] = {k: v for k, v in values.items() if k not in internal and not k.startswith("ansible_")}
    for pattern in question["patterns"]:
        one = {"unknown": False}
        try:
            one["hosts"] = names(inventory, pattern)
        except Exception as e:
            one["unknown"] = "Could not match" in str(e)
            one["error"] = str(e)
            C.HOST_PATTERN_MISMATCH = "ignore"
            inventory.clear_caches()
            try:
                one["hosts"] = names(inventory, pattern)
                one["error"] = ""
            except Exception as e:
                one["error"] = str(e)
            C.HOST_PATTERN_MISMATCH = "error"
            inventory.clear_caches()
        answer["patterns"].append(one)
    print(json.dumps(answer, cls=AnsibleJSONEncoder))
