package main

import (
	"cmp"
	"os"
	"os/user"
	"regexp"
	"strconv"

	"github.com/musterfleet/muster/planner/planfile"
)

// request says who asks, and for which change of the World's repository. Both are claims of
// this machine: they authorise nothing.
func request(operation string) planfile.Request {
	r := planfile.Request{DryRun: operation == "plan", Operation: operation, VCS: vcs(os.Getenv)}
	if u, err := user.Current(); err == nil {
		r.User = u.Username
	}
	return r
}

// pullRequest is the ref that GitHub checks a pull request out by.
var pullRequest = regexp.MustCompile(`^refs/pull/([0-9]+)/`)

// vcs is what the variables of GitHub's and GitLab's CI say.
func vcs(env func(string) string) planfile.VCS {
	v := planfile.VCS{Repo: cmp.Or(env("GITHUB_REPOSITORY"), env("CI_PROJECT_PATH")), SHA: cmp.Or(env("GITHUB_SHA"), env("CI_COMMIT_SHA"))}
	number := env("CI_MERGE_REQUEST_IID")
	if m := pullRequest.FindStringSubmatch(env("GITHUB_REF")); m != nil {
		number = m[1]
	}
	if n, err := strconv.Atoi(number); err == nil {
		v.PR = n
	}
	return v
}
