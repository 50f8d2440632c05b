package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

// Messages on standard error are "verify: " and one line in lower case without a
// full stop, starting with the file and the place if there is one. Reports, hints
// included, are results and go to standard output.

// A status is an exit status. As an error it is one that the report has already
// told about.
type status int

const (
	statusHolds      status = 0
	statusViolated   status = 1
	statusUsage      status = 2
	statusIncomplete status = 3
)

func (s status) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// run executes one command line and returns its exit status.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	out := &output{w: stdout}
	root := newRoot()
	root.SetArgs(append([]string{}, args...)) // nil would mean os.Args
	root.SetIn(stdin)
	root.SetOut(out)
	root.SetErr(stderr)
	err := root.Execute()
	if err == nil {
		err = out.err
	}
	var s status
	switch {
	case err == nil:
		return int(statusHolds)
	case errors.As(err, &s) && out.err == nil:
		return int(s)
	case out.err != nil:
		err = fmt.Errorf("the report could not be written: %w", out.err)
	}
	fmt.Fprintf(stderr, "verify: %s\n", oneLine(err.Error()))
	return int(statusUsage)
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "verify",
		Short: "Check the reconciliation protocol of Kubernetes, exhaustively",
		Long: `Verify explores everything that can happen to a ReplicaSet in a small cluster
(every interleaving of its controllers, with crashes, restarts and stale
caches) and says which promises of Kubernetes hold, or shows how one breaks.`,
		Example: `  verify check -f replicaset.yaml --nodes 2
  verify check --mutation rs.noExpectations
  verify properties`,
		Args:              noArguments,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%s (see %s --help)", plainly(err.Error()), cmd.CommandPath())
	})
	root.AddCommand(newCheck(), newShow(), newReplay(), newMinimise(), newProperties(), newScenarios(), newMutations(), newDocs(), newVersion())
	root.SetHelpCommand(newHelp(root))
	return root
}

// plainly takes the words of Go's parsers out of an error about a flag.
func plainly(message string) string {
	kind := "a whole number in range"
	if strings.Contains(message, "strconv.ParseBool") {
		kind = "true or false"
	}
	return parserError.ReplaceAllLiteralString(message, "not "+kind)
}

var parserError = regexp.MustCompile(`strconv\.\w+: parsing ".*": .*$`)

// newHelp is cobra's help command, except that a topic that does not exist is an
// error.
func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Say more about a command",
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return fmt.Errorf("no command %q: see verify help", strings.Join(args, " "))
			}
			cmd.InitDefaultHelpFlag()
			return cmd.Help()
		},
	}
}

// noArguments refuses what is no flag. Commands take their input by flags.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if cmd.HasSubCommands() {
		return fmt.Errorf("no command %q: see verify help", args[0])
	}
	return fmt.Errorf("unexpected argument %q (see %s --help)", args[0], cmd.CommandPath())
}

// An output remembers the first error of writing, so that a report that did not
// arrive is not taken for one that did.
type output struct {
	w   io.Writer
	err error
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	if o.err == nil {
		o.err = err
	}
	return n, err
}

// oneLine keeps a message on its line, whatever it quotes.
func oneLine(s string) string { return strings.Join(strings.FieldsFunc(s, isLineBreak), " ") }

func isLineBreak(r rune) bool { return r == '\n' || r == '\r' || r == '\v' || r == '\f' }
