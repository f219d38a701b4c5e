package invented

import "fmt"

// World is the text of a World in which every device runs a version of one app, web. It goes out as
// rollout says in YAML, such as `waves: [{rest: true}]`, and no policy judges it.
func World(version int, rollout string) string {
	return fmt.Sprintf(`apiVersion: muster.fleet/v1alpha1
kind: World
metadata: {name: invented}
spec: {gates: none}
---
apiVersion: muster.fleet/v1alpha1
kind: Deployment
metadata: {name: web}
spec: {app: web, version: %[1]d.0.0, podman: {containers: [{name: web, image: 'registry.example/web:%[1]d.0.0'}]}}
---
apiVersion: muster.fleet/v1alpha1
kind: Assignment
metadata: {name: web}
spec: {fleet: all, deploy: [web]}
---
apiVersion: muster.fleet/v1alpha1
kind: Rollout
metadata: {name: web}
spec: {for: web, %[2]s}
`, version, rollout)
}
