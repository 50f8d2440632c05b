package check

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func addressSpace(t *testing.T) (pages int) {
	text, err := os.ReadFile("/proc/self/statm")
	require.NoError(t, err)
	_, err = fmt.Sscan(string(text), &pages)
	require.NoError(t, err)
	return pages
}

// All that is mapped for alignment is given back, whether or not the system's
// choice of an address was aligned already.
func TestMappedWordsAreGivenBack(t *testing.T) {
	before := addressSpace(t)
	for i := range 200 {
		words := mapWords[uint64]((1 + i%3) * hugePage / 8)
		require.NotNil(t, words)
		words[0], words[len(words)-1] = 1, 1
		unmapWords(words)
		odd := mapWords[uint32](mapFrom + i)
		odd[len(odd)-1] = 1
		unmapWords(odd)
	}
	require.Less(t, addressSpace(t)-before, 10*hugePage/4096)
}
