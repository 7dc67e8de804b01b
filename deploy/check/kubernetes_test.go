package check

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"
)

// kinds are those that the manifests may use.
var kinds = map[string]func() any{
	"v1 Namespace":                           func() any { return new(corev1.Namespace) },
	"v1 ConfigMap":                           func() any { return new(corev1.ConfigMap) },
	"v1 Service":                             func() any { return new(corev1.Service) },
	"apps/v1 Deployment":                     func() any { return new(appsv1.Deployment) },
	"apps/v1 StatefulSet":                    func() any { return new(appsv1.StatefulSet) },
	"batch/v1 Job":                           func() any { return new(batchv1.Job) },
	"policy/v1 PodDisruptionBudget":          func() any { return new(policyv1.PodDisruptionBudget) },
	"autoscaling/v2 HorizontalPodAutoscaler": func() any { return new(autoscalingv2.HorizontalPodAutoscaler) },
	"networking.k8s.io/v1 Ingress":           func() any { return new(networkingv1.Ingress) },
	"networking.k8s.io/v1 NetworkPolicy":     func() any { return new(networkingv1.NetworkPolicy) },
}

// object is one manifest.
type object struct {
	metav1.Object
	of any
}

// manifests are the objects of the kustomization; a field that their types do not have
// is an error.
func manifests(t *testing.T) (all []object) {
	dir := filepath.Join(top, "deploy/kubernetes")
	var k struct {
		metav1.TypeMeta `json:",inline"`
		Namespace       string   `json:"namespace"`
		Resources       []string `json:"resources"`
		Images          []struct {
			Name    string `json:"name"`
			NewName string `json:"newName,omitempty"`
			NewTag  string `json:"newTag"`
		} `json:"images"`
	}
	text, err := os.ReadFile(filepath.Join(dir, "kustomization.yaml"))
	require.NoError(t, err)
	require.NoError(t, yaml.UnmarshalStrict(text, &k))
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	require.NoError(t, err)
	for _, file := range files {
		name := filepath.Base(file)
		if name == "kustomization.yaml" || name == "prometheus-adapter.yaml" {
			continue
		}
		require.Contains(t, k.Resources, name)
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, document := range bytes.Split(text, []byte("\n---\n")) {
			var kind metav1.TypeMeta
			require.NoError(t, yaml.Unmarshal(document, &kind), name)
			make, known := kinds[kind.APIVersion+" "+kind.Kind]
			require.True(t, known, "%s: %v", name, kind)
			of := make()
			require.NoError(t, yaml.UnmarshalStrict(document, of), name)
			all = append(all, object{of.(metav1.Object), of})
		}
	}
	require.Len(t, k.Resources, len(files)-2)
	return all
}

// TestKustomization: kubectl makes one whole of it.
func TestKustomization(t *testing.T) {
	if _, err := exec.LookPath("kubectl"); err != nil {
		t.Skip("no kubectl")
	}
	out, err := exec.Command("kubectl", "kustomize", filepath.Join(top, "deploy/kubernetes")).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, len(manifests(t)), bytes.Count(out, []byte("\nkind: ")))
	require.NotContains(t, string(out), "image: tocsin\n", "which version?")
	require.NotContains(t, string(out), "image: nats\n")
}

// pods are the pods that the manifests make, by name.
func pods(t *testing.T) map[string]corev1.PodTemplateSpec {
	found := make(map[string]corev1.PodTemplateSpec)
	for _, o := range manifests(t) {
		switch of := o.of.(type) {
		case *appsv1.Deployment:
			require.Equal(t, of.Spec.Selector.MatchLabels, of.Spec.Template.Labels)
			found[o.GetName()] = of.Spec.Template
		case *appsv1.StatefulSet:
			require.Equal(t, of.Spec.Selector.MatchLabels, of.Spec.Template.Labels)
			found[o.GetName()] = of.Spec.Template
		case *batchv1.Job:
			found[o.GetName()] = of.Spec.Template
		}
	}
	require.Len(t, found, 4)
	return found
}

// TestPodsAreRestricted: as the Pod Security Standard of that name has it, and more.
func TestPodsAreRestricted(t *testing.T) {
	for name, pod := range pods(t) {
		s := pod.Spec
		require.False(t, *s.AutomountServiceAccountToken, name)
		require.True(t, *s.SecurityContext.RunAsNonRoot, name)
		require.NotZero(t, *s.SecurityContext.RunAsUser, name)
		require.Equal(t, corev1.SeccompProfileTypeRuntimeDefault, s.SecurityContext.SeccompProfile.Type, name)
		require.False(t, s.HostNetwork || s.HostPID || s.HostIPC, name)
		for _, v := range s.Volumes {
			require.Nil(t, v.HostPath, name)
			if v.Secret != nil {
				require.EqualValues(t, 0o400, *v.Secret.DefaultMode, "%s: %s", name, v.Name)
			}
			if p := v.Projected; p != nil && slices.ContainsFunc(p.Sources, func(s corev1.VolumeProjection) bool { return s.Secret != nil }) {
				require.EqualValues(t, 0o400, *p.DefaultMode, "%s: %s", name, v.Name)
			}
		}
		for _, c := range s.Containers {
			require.False(t, *c.SecurityContext.AllowPrivilegeEscalation, name)
			require.True(t, *c.SecurityContext.ReadOnlyRootFilesystem, name)
			require.Equal(t, []corev1.Capability{"ALL"}, c.SecurityContext.Capabilities.Drop, name)
			require.NotEmpty(t, c.Resources.Requests, name)
			require.False(t, c.Resources.Limits.Memory().IsZero(), name)
			for _, m := range c.VolumeMounts {
				has := slices.ContainsFunc(s.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name })
				require.True(t, has || m.Name == "data", "%s: %s", name, m.Name)
				require.True(t, m.ReadOnly || m.Name == "data", "%s: %s", name, m.Name)
			}
		}
	}
}

// TestPodsAreProbed: what serves says whether it does, by ports that it has.
func TestPodsAreProbed(t *testing.T) {
	for name, pod := range pods(t) {
		if name == "tocsin-broker-init" {
			continue
		}
		c := pod.Spec.Containers[0]
		for _, probe := range []*corev1.Probe{c.StartupProbe, c.ReadinessProbe, c.LivenessProbe} {
			require.NotNil(t, probe, name)
			require.True(t, slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool {
				return p.Name == probe.HTTPGet.Port.String()
			}), name)
		}
		if strings.HasPrefix(name, "tocsin-") {
			require.Equal(t, "/readyz", c.ReadinessProbe.HTTPGet.Path)
			require.Equal(t, "/healthz", c.LivenessProbe.HTTPGet.Path, "the broker's absence kills nobody")
		}
	}
}

// TestSelectors: services, budgets, policies and the autoscaler mean pods that there are.
func TestSelectors(t *testing.T) {
	all := pods(t)
	meant := func(l labels.Selector) (names []string) {
		for name, pod := range all {
			if l.Matches(labels.Set(pod.Labels)) {
				names = append(names, name)
			}
		}
		return names
	}
	of := func(s *metav1.LabelSelector) labels.Selector {
		l, err := metav1.LabelSelectorAsSelector(s)
		require.NoError(t, err)
		return l
	}
	budgets, guarded := map[string]bool{}, map[string]bool{}
	for _, o := range manifests(t) {
		switch of1 := o.of.(type) {
		case *corev1.Service:
			names := meant(labels.SelectorFromSet(of1.Spec.Selector))
			require.Len(t, names, 1, o.GetName())
			for _, port := range of1.Spec.Ports {
				require.True(t, slices.ContainsFunc(all[names[0]].Spec.Containers[0].Ports, func(p corev1.ContainerPort) bool {
					return p.Name == port.TargetPort.String() && p.ContainerPort == port.Port
				}), "%s: %s", o.GetName(), port.Name)
			}
		case *policyv1.PodDisruptionBudget:
			names := meant(of(of1.Spec.Selector))
			require.Len(t, names, 1, o.GetName())
			budgets[names[0]] = true
		case *autoscalingv2.HorizontalPodAutoscaler:
			require.Contains(t, all, of1.Spec.ScaleTargetRef.Name)
			require.Equal(t, "tocsin_hub_sessions", of1.Spec.Metrics[0].Pods.Metric.Name)
		case *networkingv1.NetworkPolicy:
			for _, name := range meant(of(&of1.Spec.PodSelector)) {
				if len(of1.Spec.Ingress)+len(of1.Spec.Egress) > 0 && len(of1.Spec.PodSelector.MatchLabels) > 0 {
					guarded[name] = true
				}
			}
			for _, rule := range of1.Spec.Ingress {
				require.NotEmpty(t, rule.From, o.GetName())
				require.NotEmpty(t, rule.Ports, o.GetName())
			}
			for _, rule := range of1.Spec.Egress {
				require.NotEmpty(t, rule.To, o.GetName())
				require.NotEmpty(t, rule.Ports, o.GetName())
			}
		case *networkingv1.Ingress:
			for _, rule := range of1.Spec.Rules {
				require.Contains(t, all, rule.HTTP.Paths[0].Backend.Service.Name)
			}
		}
	}
	require.Len(t, budgets, 3)
	require.Len(t, guarded, 4)
}

// TestSecretsAreListed: what pods want and no manifest makes is made by a line of
// docs/operations.md.
func TestSecretsAreListed(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(top, "docs/operations.md"))
	require.NoError(t, err)
	made := make(map[string]bool)
	files, data := make(map[string]bool), make(map[string]string)
	for _, m := range regexp.MustCompile(`--from-file (\S+)`).FindAllStringSubmatch(string(text), -1) {
		name, _, _ := strings.Cut(m[1], "=")
		files[name] = true
	}
	own := make(map[string]bool) // files that are mounted alone, from one for each replica
	for _, o := range manifests(t) {
		switch of := o.of.(type) {
		case *corev1.ConfigMap:
			made["configmap "+o.GetName()] = true
			maps.Copy(data, of.Data)
		case *appsv1.StatefulSet:
			for _, m := range of.Spec.Template.Spec.Containers[0].VolumeMounts {
				own[m.MountPath] = m.SubPathExpr != ""
				for i := range *of.Spec.Replicas {
					name := strings.ReplaceAll(m.SubPathExpr, "$(POD_NAME)", fmt.Sprint(o.GetName(), "-", i))
					require.True(t, name == "" || files[name], name)
				}
			}
		}
	}
	file := func(path string) {
		if dir, name := filepath.Split(path); strings.HasPrefix(dir, "/etc/") && data[name] == "" && !own[path] {
			require.Contains(t, files, name, path)
		}
	}
	for _, path := range data {
		file(path)
	}
	wanted := 0
	want := func(what string) {
		wanted++
		if !made[what] {
			require.Contains(t, string(text), " create "+strings.Replace(what, "secret ", "secret generic ", 1)+" ")
		}
	}
	for _, pod := range pods(t) {
		for _, v := range pod.Spec.Volumes {
			sources := []corev1.VolumeProjection{{ConfigMap: nil}}
			if v.Projected != nil {
				sources = v.Projected.Sources
			}
			for _, s := range sources {
				if s.ConfigMap != nil {
					want("configmap " + s.ConfigMap.Name)
				}
				if s.Secret != nil {
					want("secret " + s.Secret.Name)
				}
			}
			if v.ConfigMap != nil {
				want("configmap " + v.ConfigMap.Name)
			}
			if v.Secret != nil {
				want("secret " + v.Secret.SecretName)
			}
		}
		for _, e := range pod.Spec.Containers[0].Env {
			file(e.Value)
		}
		for _, e := range pod.Spec.Containers[0].EnvFrom {
			if e.SecretRef != nil {
				want("secret " + e.SecretRef.Name)
			}
			if e.ConfigMapRef != nil {
				want("configmap " + e.ConfigMapRef.Name)
			}
		}
	}
	require.Greater(t, wanted, 15)
}
