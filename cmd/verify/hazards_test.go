package main

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/reconverge/reconverge/model"
	"github.com/reconverge/reconverge/review"
)

// Every command on the page of hazards has the verdict that the page says.
func TestHazardsPage(t *testing.T) {
	if testing.Short() {
		t.Skip("runs every command of the page: leave -short out")
	}
	page := readHazards(t)
	commands := regexp.MustCompile("(?m)^- (Violated|Holds)[^`\n]*: `verify (check [^`]+)`$").FindAllStringSubmatch(page, -1)
	require.Len(t, commands, strings.Count(page, "`verify check"), "a command without a verdict")
	for _, found := range commands {
		command := found[2]
		t.Run(command, func(t *testing.T) {
			want := statusHolds
			if found[1] == "Violated" {
				want = statusViolated
			}
			var out, errs bytes.Buffer
			got := run(append(strings.Fields(command), "--trace-dir", t.TempDir()), strings.NewReader(""), &out, &errs)
			require.Equal(t, int(want), got, "%s%s", out.String(), errs.String())
		})
	}
}

// Every hazard of the catalogue is on the page, with its commands and its trace.
func TestHazardsPageIsComplete(t *testing.T) {
	page := readHazards(t)
	for _, h := range model.Hazards() {
		require.Contains(t, page, "["+h.Name+"](traces/"+h.Name+".md)")
		require.Contains(t, page, h.ID)
		if command := review.Command(h.Base, h.Scenario, h.Property); command != "" {
			require.Contains(t, page, "- Violated: `"+command+"`\n")
			require.Contains(t, page, "- Holds, "+h.Cure+": `"+review.Command(h.Base, h.Cured, h.Property)+"`\n")
		}
	}
}

func readHazards(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/hazards.md")
	require.NoError(t, err)
	return string(text)
}
