// Package inventory reads who Ansible knows: hosts, their groups and variables.
//
//	Read: an INI or YAML inventory, the JSON of ansible-inventory --list,
//	      a roster as JSON lines, or a CSV table
//
// Groups nest, and a host is in the groups of its groups. A variable has the value that
// Ansible would give it: that of the host, else of its group that is deepest, then of the
// highest ansible_group_priority, then last by name. Where values are kept beside the
// inventory (group_vars, host_vars), plugins or templates, only Ansible knows them: give
// Read what ansible-inventory --list prints.
//
// As a device a host has the label group/<name> = "true" for each of its groups but all, and
// one label for each variable that is a plain value. Variables called ansible_… say how to
// reach a host, not what it is, and stay behind, as do lists, templates and secrets.
package inventory
