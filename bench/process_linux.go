package main

import (
	"os"
	"os/exec"
	"syscall"
)

// group makes cmd the leader of a process group, which a cancelled context
// interrupts as a whole: pan's workers are processes too, and only an
// interrupted pan gives its shared memory back.
func group(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
}

// killGroup ends what an interrupt has not ended.
func killGroup(cmd *exec.Cmd) {
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // there may be nobody left
	}
}

// peakBytes is the greatest resident set of the process and of those children
// that it waited for: anonymous memory, files, and shared memory as far as this
// one process touched it. It is never less than that of the parent at the fork.
func peakBytes(s *os.ProcessState) int64 {
	if usage, ok := s.SysUsage().(*syscall.Rusage); ok {
		return usage.Maxrss << 10
	}
	return 0
}
