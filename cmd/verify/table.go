package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/reconverge/reconverge/traces"
)

// textWidth is where prose is wrapped, in runes.
const textWidth = 100

// writeReport writes a report for people, at once: the scenario, a line a
// property, what was found, and what the verdict rests on.
func writeReport(w io.Writer, r *checkReport) error {
	var b bytes.Buffer
	fmt.Fprintln(&b, r.title)
	paragraph(&b, "  ", r.Scenario.InWords)
	fmt.Fprintln(&b)
	writeVerdicts(&b, r.Properties)
	for i := range r.Properties {
		if err := writeShown(&b, &r.Properties[i]); err != nil {
			return err
		}
	}
	fmt.Fprintln(&b)
	writeSummary(&b, r)
	_, err := w.Write(trimLines(b.Bytes()))
	return err
}

// writeVerdicts writes one property after another: verdict, id, claim. Those
// that are not decided for the same reason share a line.
func writeVerdicts(b *bytes.Buffer, properties []propertyReport) {
	const indent = "                           " // as wide as the two columns before it
	write := func(head, text string) {
		for i, line := range wrap(text, textWidth-len(indent)) {
			if i > 0 {
				head = indent
			}
			fmt.Fprintln(b, head+line)
		}
	}
	var undecided groups
	for i := range properties {
		p := &properties[i]
		word, text := string(p.Verdict), p.Claim
		switch {
		case p.Verdict == incomplete:
			undecided.add(p.Reason+inBrackets(p.Note), p.ID)
			continue
		case p.Verdict == violated:
			word = strings.ToUpper(word)
		case p.Vacuous:
			text += " (vacuous: nothing in this scenario puts it to the test)"
		case p.Kind == "reachable":
			text += " (shown by a trace of " + count(p.TraceLength, "step") + ")"
		}
		write(fmt.Sprintf("  %-11s %-12s ", word, p.ID), text+inBrackets(p.Note))
	}
	for _, g := range undecided {
		write(fmt.Sprintf("  %-24s ", incomplete), g.inWords())
	}
}

// inBrackets sets a remark off; "" if there is none.
func inBrackets(text string) string {
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

// groups are names that share a reason, in the order of their first names.
type groups []group

type group struct {
	reason string
	names  []string
}

func (g *groups) add(reason, name string) {
	i := slices.IndexFunc(*g, func(old group) bool { return old.reason == reason })
	if i < 0 {
		i = len(*g)
		*g = append(*g, group{reason: reason})
	}
	(*g)[i].names = append((*g)[i].names, name)
}

func (g group) inWords() string { return strings.Join(g.names, ", ") + ": " + g.reason }

func (g groups) inWords() (all []string) {
	for _, one := range g {
		all = append(all, one.inWords())
	}
	return all
}

// writeShown writes the trace of a property, if it is to be shown.
func writeShown(b *bytes.Buffer, p *propertyReport) error {
	if p.Verdict == violated && p.replayed == nil {
		fmt.Fprintf(b, "\n%s cannot happen: no reachable state shows it\n", p.ID)
		return nil
	}
	if p.replayed == nil {
		return nil
	}
	fmt.Fprintln(b)
	if err := writeTrace(b, p.replayed); err != nil {
		return err
	}
	if p.TraceFile != "" {
		fmt.Fprintf(b, "\ntrace written to %s, shown again by\n  verify show %s\n", p.TraceFile, p.TraceFile)
	}
	return nil
}

// writeTrace writes what a trace shows, the steps, and how it ends.
func writeTrace(b *bytes.Buffer, r *traces.Replayed) error {
	verb := "is violated"
	if r.Shows == traces.Witness {
		verb = "can happen"
	}
	fmt.Fprintf(b, "%s %s:\n", r.Claim.ID, verb)
	paragraph(b, "  ", r.Claim.Claim)
	fmt.Fprintln(b)
	if err := r.WriteTable(b); err != nil {
		return err
	}
	fmt.Fprint(b, "\nat the end, kubectl get pods -o wide lists\n")
	return r.WritePods(b)
}

// writeSummary writes what a verdict rests on.
func writeSummary(b *bytes.Buffer, r *checkReport) {
	writeEntry(b, "verdict", verdictInWords(r))
	s := &r.Stats
	writeEntry(b, "search", fmt.Sprintf("%s distinct states, %s generated, depth %d, %.1f s, %s states/s, %s, peak memory %s",
		thousands(s.Distinct), thousands(s.Generated), s.Depth, s.ElapsedSeconds,
		thousands(rate(s.Distinct, s.ElapsedSeconds)), count(s.Workers, "worker"), bytesInWords(int64(s.PeakMemory))))
	writeEntry(b, "bounds", boundsInWords(r))
	writeEntry(b, "reductions", r.Reductions...)
	writeEntry(b, "assumptions", r.Assumptions...)
	var never, unchecked groups
	for _, a := range r.Unreached {
		never.add(a.Reason, a.Name)
	}
	for _, u := range r.Unclaimed {
		unchecked.add(u.Why, u.ID)
	}
	writeEntry(b, "never taken", never.inWords()...)
	writeEntry(b, "not checked", unchecked.inWords()...)
	writeEntry(b, "hint", r.Hints...)
}

// writeEntry writes texts beside a heading, as a list if there are several.
func writeEntry(b *bytes.Buffer, head string, texts ...string) {
	for _, text := range texts {
		bullet := ""
		if len(texts) > 1 {
			bullet = "- "
		}
		for _, line := range wrap(text, textWidth-15) {
			fmt.Fprintf(b, "%-13s%s%s\n", head, bullet, line)
			head, bullet = "", strings.Repeat(" ", len(bullet))
		}
	}
}

func verdictInWords(r *checkReport) string {
	number := map[verdict]int{}
	vacuous := 0
	for _, p := range r.Properties {
		number[p.Verdict]++
		if p.Vacuous {
			vacuous++
		}
	}
	text := string(r.Verdict)
	switch r.Verdict {
	case holds:
		text += ": " + count(number[holds], "property")
	case violated:
		text += fmt.Sprintf(": %d of %s", number[violated], count(len(r.Properties), "property"))
		if number[incomplete] > 0 {
			text += fmt.Sprintf(", %d not decided (--continue goes on)", number[incomplete])
		}
	default:
		text += fmt.Sprintf(": %d of %s not decided: %s", number[incomplete], count(len(r.Properties), "property"), r.Reason)
	}
	if vacuous > 0 {
		text += fmt.Sprintf(", %d of them vacuous", vacuous)
	}
	return text
}

func boundsInWords(r *checkReport) string {
	var reached []string
	for _, b := range r.Bounds {
		if b.Reached {
			if b.States > 0 {
				b.Limit = "(in " + count(int(b.States), "state") + ")"
			}
			reached = append(reached, b.Name+" "+b.Limit)
		}
	}
	switch {
	case len(reached) > 0:
		return "reached: " + strings.Join(reached, ", ")
	case r.Stats.Explored == r.Stats.Distinct:
		return "none reached: every state of this scenario was explored"
	}
	return "none reached, but the search ended early"
}

// paragraph writes wrapped prose.
func paragraph(b *bytes.Buffer, indent, text string) {
	for _, line := range wrap(text, textWidth-len(indent)) {
		fmt.Fprintln(b, indent+line)
	}
}
