// Package chart renders muster's Helm chart with Helm's own engine, for the test that holds it
// against the manifests.
package chart

import (
	"fmt"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	dependencies "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
)

// Render is what helm template prints of a chart, by the names of its templates. As helm does, it
// wants what the chart itself depends on to be there, and leaves out what is switched off.
func Render(dir, namespace string, values map[string]any) (map[string]string, error) {
	c, err := loader.Load(dir)
	if err != nil {
		return nil, err
	}
	here := map[string]bool{}
	for _, d := range c.Dependencies() {
		here[d.Name()] = true
	}
	for _, d := range c.Metadata.Dependencies {
		if !here[d.Name] {
			return nil, fmt.Errorf("%s: found in Chart.yaml, but missing in charts/: %s", dir, d.Name)
		}
	}
	if err := dependencies.ProcessDependencies(c, values); err != nil {
		return nil, err
	}
	options := common.ReleaseOptions{Name: "muster", Namespace: namespace, Revision: 1, IsInstall: true}
	all, err := util.ToRenderValues(c, values, options, common.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	return engine.Render(c, all)
}
