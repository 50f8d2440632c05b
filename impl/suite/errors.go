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

// violation returns the claim that did not hold, nil if the error is something else.
func violation(err error) *claims.Violation {
	var v *claims.Violation
	errors.As(err, &v)
	return v
}
