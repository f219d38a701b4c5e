package kube

import (
	"reflect"
	"strings"

	apiext "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

// Group and Version are those of all resources; the kinds are those of algebra/worldfile.
const (
	Group   = "muster.fleet"
	Version = "v1alpha1"
)

// kind is one resource.
type kind struct {
	name, plural, short string
	doc                 string
	spec, status        reflect.Type
	optional            bool // the spec may be missing
	columns             []apiext.CustomResourceColumnDefinition
}

// kinds are all resources, in the order of their names.
var kinds = []kind{
	{"Assignment", "assignments", "asg", "Assignment places deployments on a fleet.", reflect.TypeFor[AssignmentSpec](), applied, false,
		append([]apiext.CustomResourceColumnDefinition{column("Fleet", ".spec.fleet", 1), column("Deploy", ".spec.deploy", 1), integer("Priority", ".spec.priority", 1)}, counts...)},
	{"Deployment", "deployments", "mdep", "Deployment is what an app runs, in one version.", reflect.TypeFor[DeploymentSpec](), applied, false,
		append([]apiext.CustomResourceColumnDefinition{column("App", ".spec.app", 0), column("Version", ".spec.version", 0)}, counts...)},
	{"Device", "devices", "dev", "Device is a device: with a spec its labels are declared here, without one it mirrors the registry.",
		reflect.TypeFor[DeviceSpec](), reflect.TypeFor[DeviceStatus](), true, []apiext.CustomResourceColumnDefinition{
			column("State", ".status.lifecycle", 0), condition(Ready), date("Heard", ".status.heard")}},
	{"Environment", "environments", "menv", "Environment gives rules other levels.", reflect.TypeFor[EnvironmentSpec](), read, false,
		[]apiext.CustomResourceColumnDefinition{condition(Accepted)}},
	{"Fleet", "fleets", "flt", "Fleet names a fleet or a selector.", reflect.TypeFor[FleetSpec](), reflect.TypeFor[FleetStatus](), false,
		[]apiext.CustomResourceColumnDefinition{integer("Devices", ".status.devices", 0), column("Expression", ".spec.expression", 0), condition(Accepted)}},
	{"Policy", "policies", "pol", "Policy is a rule that plans must keep, or a theorem of the World.", reflect.TypeFor[PolicySpec](), read, false,
		[]apiext.CustomResourceColumnDefinition{column("Scope", ".spec.scope", 0), column("Level", ".spec.level", 0), condition(Accepted)}},
	{"Rollout", "rollouts", "rlt", "Rollout is how changes of an app or on a fleet go out.", reflect.TypeFor[RolloutSpec](), applied, false,
		append([]apiext.CustomResourceColumnDefinition{column("For", ".spec.for", 0)}, counts...)},
	{"Waiver", "waivers", "wvr", "Waiver excuses violations of a rule, for a while.", reflect.TypeFor[WaiverSpec](), read, false,
		[]apiext.CustomResourceColumnDefinition{column("Rule", ".spec.rule", 0), column("Owner", ".spec.owner", 0), column("Expires", ".spec.expires", 0), condition(Accepted)}},
	{"World", "worlds", "wld", "World has the options of the World of its namespace, of which there is one at most.", reflect.TypeFor[WorldSpec](), read, false,
		[]apiext.CustomResourceColumnDefinition{column("Gates", ".spec.gates", 0), condition(Accepted)}},
}

var (
	applied = reflect.TypeFor[AppliedStatus]()
	read    = reflect.TypeFor[ReadStatus]()
	counts  = []apiext.CustomResourceColumnDefinition{integer("Matched", ".status.matched", 0), integer("Running", ".status.running", 0),
		integer("Pending", ".status.pending", 0), integer("Failed", ".status.failed", 0), integer("Conflicted", ".status.conflicted", 1), condition(Ready)}
)

func column(name, path string, priority int32) apiext.CustomResourceColumnDefinition {
	return apiext.CustomResourceColumnDefinition{Name: name, Type: "string", JSONPath: path, Priority: priority}
}

func integer(name, path string, priority int32) apiext.CustomResourceColumnDefinition {
	return apiext.CustomResourceColumnDefinition{Name: name, Type: "integer", JSONPath: path, Priority: priority}
}

func date(name, path string) apiext.CustomResourceColumnDefinition {
	return apiext.CustomResourceColumnDefinition{Name: name, Type: "date", JSONPath: path}
}

func condition(name string) apiext.CustomResourceColumnDefinition {
	return column(name, `.status.conditions[?(@.type=="`+name+`")].status`, 0)
}

// resource is where the API server has the objects of a kind.
func (k kind) resource() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: Group, Version: Version, Resource: k.plural}
}

func kindNamed(name string) (kind, bool) {
	for _, k := range kinds {
		if k.name == name {
			return k, true
		}
	}
	return kind{}, false
}

// CRDs are the definitions of all resources, in the order of their names.
func CRDs() []apiext.CustomResourceDefinition {
	var out []apiext.CustomResourceDefinition
	for _, k := range kinds {
		out = append(out, k.crd())
	}
	return out
}

func (k kind) crd() apiext.CustomResourceDefinition {
	spec, status := schemaOf(k.spec, ""), schemaOf(k.status, "")
	spec.Description, status.Description = "What is asked for.", "How it stands. muster writes it."
	root := apiext.JSONSchemaProps{Type: "object", Description: k.doc, Properties: map[string]apiext.JSONSchemaProps{
		"apiVersion": {Type: "string"}, "kind": {Type: "string"}, "metadata": {Type: "object"},
		"spec": spec, "status": status,
	}}
	if !k.optional {
		root.Required = []string{"spec"}
	}
	columns := append(append([]apiext.CustomResourceColumnDefinition{}, k.columns...), date("Age", ".metadata.creationTimestamp"))
	return apiext.CustomResourceDefinition{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apiextensions.k8s.io/v1", Kind: "CustomResourceDefinition"},
		ObjectMeta: metav1.ObjectMeta{Name: k.plural + "." + Group},
		Spec: apiext.CustomResourceDefinitionSpec{
			Group: Group, Scope: apiext.NamespaceScoped,
			Names: apiext.CustomResourceDefinitionNames{Kind: k.name, ListKind: k.name + "List", Plural: k.plural,
				Singular: strings.ToLower(k.name), ShortNames: []string{k.short}, Categories: []string{"muster"}},
			Versions: []apiext.CustomResourceDefinitionVersion{{
				Name: Version, Served: true, Storage: true, AdditionalPrinterColumns: columns,
				Schema:       &apiext.CustomResourceValidation{OpenAPIV3Schema: &root},
				Subresources: &apiext.CustomResourceSubresources{Status: &apiext.CustomResourceSubresourceStatus{}},
			}},
		},
	}
}

// Manifest is all definitions as YAML, for kubectl apply.
func Manifest() []byte {
	var out []byte
	for i, c := range CRDs() {
		object := plain(c)
		delete(object, "status") // it is the API server's
		text, err := yaml.Marshal(object)
		if err != nil {
			panic("kube: " + err.Error())
		}
		if i > 0 {
			out = append(out, "---\n"...)
		}
		out = append(out, text...)
	}
	return out
}
