package main

plan(stopped) := {"aggregates": {"by_label": {"ring": {"0": {"devices": 4, "stopped": stopped}}}}}

test_half_may_stop if count(deny_canaries_stop) == 0 with input as plan(2)

test_more_may_not if deny_canaries_stop == {"3 of 4 canaries would stop"} with input as plan(3)
