package suite

import (
	"errors"

	"github.com/reconverge/reconverge/impl/claims"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// isStatus says that the API server has refused something.
func isStatus(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status)
}

// isViolation says that a claim did not hold.
func isViolation(err error) bool {
	var v *claims.Violation
	return errors.As(err, &v)
}
